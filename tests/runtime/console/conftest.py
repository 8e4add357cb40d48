"""A server for the pages of this room: one for the whole run, in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from journeys import stage


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stage.Served]:
    """All modules of the stage."""
    with stage.running(tmp_path_factory.mktemp("stage") / "state", list(stage.ENTRIES)) as found:
        yield found


@pytest.fixture
def client(served: stage.Served) -> Iterator[httpx.Client]:
    """Reads pages as a browser without scripts would."""
    with httpx.Client(base_url=served.url, headers={"accept": "text/html"}, timeout=30) as made:
        yield made


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A folder with something in it."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "one.png").write_bytes(PICTURE)
    return folder


@pytest.fixture
def train(client: httpx.Client, dataset: Path) -> Callable[..., str]:
    """Start a training of the picture module through its form; gives its id, when it has ended unless told not to."""

    def start(*, wait: bool = True, **said: str) -> str:
        form = {"_sent": "1", "dataset": str(dataset), "epochs": "2", **said}
        answer = client.post("/console/modules/pictures/train", data=form)
        assert answer.status_code == 303, answer.text
        number = answer.headers["location"].rpartition("/")[2]
        while wait:
            state = client.get(f"/v2/models/pictures/train/{number}").json()["status"]
            if state != "running":
                break
            time.sleep(0.05)
        return number

    return start


PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
