from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx

import waiting
from journeys import stage
from pelagos.runtime.console import following


class Event(NamedTuple):
    name: str
    number: str
    data: str

    def json(self) -> Any:
        return json.loads(self.data)


def events(lines: Iterator[str]) -> Iterator[Event]:
    said: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            said.setdefault(name, []).append(value)
        elif said:
            yield Event(said["event"][0], said.get("id", [""])[0], "\n".join(said.get("data", [])))
            said = {}


@contextlib.contextmanager
def following_(client: httpx.Client, number: str, query: str = "", last: str = "") -> Iterator[Iterator[Event]]:
    headers = {"last-event-id": last} if last else {}
    with client.stream("GET", f"/console/trainings/{number}/stream{query}", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events(answer.iter_lines())


def text_of(found: list[Event]) -> str:
    return "".join(event.json()["text"] for event in found if event.name == "log")


def steps_of(found: list[Event]) -> list[int]:
    return [row["step"] for event in found if event.name == "metrics" for row in event.json()["rows"]]


def threads(served: stage.Served) -> int:
    return len(list(Path(f"/proc/{served.process.pid}/task").iterdir()))


class TestStream:
    def test_tells_a_whole_training_and_ends_with_it(self, client: httpx.Client, train: Callable[..., str]) -> None:
        number = train(wait=False, epochs="4", pause_s="0.2")

        with following_(client, number) as stream:
            found = list(stream)

        assert found[-1][::2] == ("end", "done")
        assert steps_of(found) == [1, 2, 3, 4]
        assert text_of(found).splitlines()[-1].startswith("epoch 4/4")
        drawn = [event.data for event in found if event.name == "status"]
        assert "badge done" in drawn[-1]

    def test_comes_live_and_not_at_the_end(self, client: httpx.Client, train: Callable[..., str]) -> None:
        number = train(wait=False, epochs="400", pause_s="0.1")

        with following_(client, number) as stream:
            first = next(event for event in stream if event.name == "metrics")

        assert steps_of([first])[-1] < 400
        client.delete(f"/v2/models/pictures/train/{number}")

    def test_goes_on_where_the_reader_left_off(self, client: httpx.Client, train: Callable[..., str]) -> None:
        number = train(epochs="6")
        with following_(client, number) as stream:
            whole = list(stream)
        line = len(text_of(whole).splitlines(keepends=True)[0].encode())

        with following_(client, number, last=f"{line}.{whole[-1].number.partition('.')[2]}") as stream:
            rest = list(stream)

        assert text_of(rest) == "".join(text_of(whole).splitlines(keepends=True)[1:])
        assert steps_of(rest) == []

    def test_of_a_reader_that_is_far_behind_gives_the_tail(
        self, client: httpx.Client, served: stage.Served, train: Callable[..., str]
    ) -> None:
        number = train()
        log = served.state / "jobs" / number / "log"
        log.write_bytes(b"".join(b"line %07d\n" % place for place in range(100_000)))

        with following_(client, number) as stream:
            found = list(stream)

        lines = text_of(found).splitlines()
        assert lines[-1] == "line 0099999"
        assert len(lines) < 5000
        assert all(len(line) == 12 for line in lines)
        first = next(event.json() for event in found if event.name == "log")
        assert first["start"] > 0

    def test_thins_a_long_past(self, client: httpx.Client, served: stage.Served, train: Callable[..., str]) -> None:
        number = train()
        rows = "".join(json.dumps({"step": step, "time": 0.0, "loss": 1 / step}) + "\n" for step in range(1, 50_001))
        (served.state / "jobs" / number / "metrics.jsonl").write_text(rows)

        with following_(client, number) as stream:
            steps = steps_of(list(stream))

        assert len(steps) <= 2000
        assert (steps[0], steps[-1]) == (1, 50_000)

    def test_costs_no_thread_a_reader_and_frees_everything(
        self, client: httpx.Client, served: stage.Served, train: Callable[..., str]
    ) -> None:
        number = train(wait=False, epochs="300", pause_s="0.1")
        with following_(client, number) as one:
            next(one)
            before = threads(served)
            descriptors = Path(f"/proc/{served.process.pid}/fd")
            with contextlib.ExitStack() as stack:
                limits = httpx.Limits(max_connections=None)
                many = stack.enter_context(httpx.Client(base_url=served.url, limits=limits, timeout=30))
                readers = [stack.enter_context(following_(many, number)) for _ in range(40)]
                for reader in readers:
                    next(reader)
                opened = len(list(descriptors.iterdir()))

                # The server's pool for blocking calls grows to the cores + 4 and no further, however many read.
                assert threads(served) - before <= (os.cpu_count() or 1) + 4

            assert waiting.until(lambda: len(list(descriptors.iterdir())) <= opened - 40)
        client.delete(f"/v2/models/pictures/train/{number}")

    def test_ends_when_the_server_is_told_to_stop(self, tmp_path: Path) -> None:
        folder = tmp_path / "pictures"
        folder.mkdir()
        (folder / "one").write_bytes(b"1")
        with stage.running(tmp_path / "state") as own, httpx.Client(base_url=own.url, timeout=30) as client:
            form = {"_sent": "1", "dataset": str(folder), "epochs": "300", "pause_s": "0.1"}
            number = client.post("/console/modules/pictures/train", data=form).headers["location"].rpartition("/")[2]
            with following_(client, number) as stream:
                next(stream)
                own.process.terminate()
                began = time.monotonic()

                rest = list(stream)

            assert "end" not in {event.name for event in rest}
            assert own.process.wait(10) == 0
            assert time.monotonic() - began < 8
            stage.jobs_in(own.state).cancel(number)


class TestPlace:
    def test_is_written_as_it_is_read(self) -> None:
        assert str(following.Place(12, 34)) == "12.34"
