from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from journeys import stage
from pelagos import db, jobs
from pelagos.domain import records, resources, states

PAGE = "/console/trainings/"


class TestList:
    def test_shows_what_was_set_and_what_came_of_it(self, client: httpx.Client, train: Callable[..., str]) -> None:
        number = train(epochs="4", token="hunter2")

        text = client.get(PAGE, params={"text": number}).text

        assert "82.1 %" in text
        assert "epochs 4" in text
        assert "mode" not in text.split("<tbody>")[1].split("</tbody>")[0]
        assert "hunter2" not in text

    def test_is_narrowed_by_the_address(self, client: httpx.Client, train: Callable[..., str]) -> None:
        number = train()

        assert number in client.get(PAGE, params={"state": "done", "text": number}).text
        narrowed = client.get(PAGE, params={"state": "failed", "text": number}).text
        assert f"trainings/{number}" not in narrowed
        assert '<option value="failed" selected>' in narrowed

    def test_ignores_nonsense_in_the_address(self, client: httpx.Client) -> None:
        for query in ("page=x", "page=99999999999", "page=-1", "state=<b>", "module=%00", "deleted=maybe"):
            assert client.get(f"{PAGE}?{query}").status_code == 200, query

    def test_has_pages_and_each_stays_small(self, tmp_path: Path) -> None:
        state = tmp_path / "state"
        state.mkdir()
        store = jobs.Store(db.connect(f"sqlite:///{state / 'pelagos.sqlite3'}"))
        for number in range(60):
            store.add(finished(number, {"text": "<script>" * 500, "epochs": 1}))
        with stage.running(state, ["hostile"]) as served, httpx.Client(base_url=served.url) as client:
            first, second = (client.get(f"{PAGE}?page={number}&state=done") for number in (1, 2))

            assert "60 trainings" in first.text
            assert f"{PAGE}?state=done&amp;page=2" in first.text
            assert second.text.count("badge done") == 10
            assert len(first.content) < 80_000


class TestStream:
    def test_tells_when_the_list_looks_different(self, client: httpx.Client, train: Callable[..., str]) -> None:
        with client.stream("GET", f"{PAGE}stream") as stream:
            lines = stream.iter_lines()
            assert next(lines) == ": here"

            train()

            assert next(line for line in lines if line.startswith("event")) == "event: changed"


def finished(number: int, arguments: dict[str, Any]) -> records.Job:
    """Make the record of a training that has ended."""
    return records.Job(
        id=f"{number:032x}",
        kind=records.Kind.TRAINING,
        module="hostile",
        arguments=arguments,
        resources=resources.Resources(),
        site="local",
        created=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(minutes=number),
        state=states.State.DONE,
    )
