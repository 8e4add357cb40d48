"""A DEEPaaS module prints and logs as it likes; its author finds all of it where it belongs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import waiting
from journeys import stage

TRAINING = ("printed while it trains\n", "INFO:terns:logged while it trains\n", "said by a child\n")
IMPORT = ("terns: printed at import\n", "INFO:terns:logged at import\n")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the server's log is."""
    return tmp_path / "state.server-log"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    """Talks to a server with the module, whose log is new."""
    with stage.running(tmp_path / "state", ["terns"]) as served, httpx.Client(base_url=served.url, timeout=60) as made:
        yield made


class TestTheServersLog:
    def test_has_what_is_said_at_import(self, client: httpx.Client, log: Path) -> None:
        assert client.get("/v2/models/terns/").status_code == 200

        waiting.until(lambda: all(line in log.read_text() for line in IMPORT))

    def test_has_what_is_said_during_a_request(self, client: httpx.Client, log: Path) -> None:
        client.post("/v2/models/terns/predict/", data={"word": "arctic"})

        waiting.until(lambda: "printed for arctic\n" in log.read_text())
        waiting.until(lambda: "WARNING:terns:logged for arctic\n" in log.read_text())


class TestTheTrainingsLog:
    def test_has_what_is_said_there_and_the_servers_has_not(self, client: httpx.Client, log: Path) -> None:
        training = client.post("/v2/models/terns/train/").json()["uuid"]
        waiting.until(lambda: client.get(f"/v2/models/terns/train/{training}").json()["status"] == "done")

        said = client.get(f"/v2/models/terns/train/{training}/log").text

        assert [line for line in (*IMPORT, *TRAINING) if line not in said] == []
        assert [line for line in TRAINING if line in log.read_text()] == []
