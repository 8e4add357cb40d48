"""What a client of the hub gets: records, and things that change: runs, deployments, long acts.

Standard library only.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

from pelagos.cli import transport
from pelagos.domain import errors, states

API = "/api/v1"
LOOK_S = 0.3


class Hub(Protocol):
    """Who asks the hub."""

    url: str
    transport: transport.Transport

    def ask(self, method: str, path: str, **sent: Any) -> Any:
        """Send a request to the API, `path` below `/api/v1`, and give its JSON answer."""


class Record(SimpleNamespace):
    """What the hub says of one thing, by attribute."""


class Thing(Record):
    """Something at the hub that changes; its facts are those of the last look."""

    _where = ""

    def __init__(self, hub: Hub, facts: Mapping[str, Any]) -> None:
        super().__init__(**facts)
        self._hub = hub

    def refresh(self) -> None:
        """Look again."""
        self._act("GET")

    def _act(self, method: str, path: str = "", **sent: Any) -> None:
        self.__dict__.update(self._hub.ask(method, f"{self._where}/{self.id}{path}", **sent))


class Run(Thing):
    """A training or a batch prediction: `id`, `state`, `message`, `result`, `arguments` and the rest of its facts."""

    _where = "/runs"
    id: str
    state: str
    message: str
    result: Any

    @property
    def final(self) -> bool:
        """Whether it has ended."""
        return states.State(self.state).final

    def wait(self, timeout_s: float | None = None) -> Run:
        """Wait until it has ended; raises Timeout. How it ended is its `state`."""
        _wait(self, lambda: self.final, timeout_s)
        return self

    def follow(self) -> Iterator[tuple[str, Any]]:
        """Give what happens until it ends: `("log", text)`, `("metrics", rows)`, `("status", facts)`."""
        with self._hub.transport.open("GET", f"{API}/runs/{self.id}/events") as answer:
            for name, data in _events(answer):
                if name == "log":
                    yield name, data["text"]
                elif name == "metrics":
                    yield name, data["rows"]
                elif name == "status":
                    yield name, data
        self.refresh()

    def log(self, start: int = 0) -> str:
        """Give the log from byte `start` on, at most 1 MiB at once."""
        with self._hub.transport.open("GET", f"{API}/runs/{self.id}/log", query={"start": start}) as answer:
            return answer.read().decode("utf-8", "replace")

    def metrics(self) -> list[dict[str, Any]]:
        """Give all that it logged, a row for each step."""
        rows: list[dict[str, Any]] = self._hub.ask("GET", f"/runs/{self.id}/metrics")["rows"]
        return rows

    def files(self) -> list[Record]:
        """List what it left."""
        return records(self._hub.ask("GET", f"/runs/{self.id}/files"))

    def download(self, name: str, to: Path) -> Path:
        """Download a file that it left."""
        return self._hub.transport.download(f"{API}/runs/{self.id}/files/{name}", to)

    def cancel(self) -> None:
        """Stop it and everything it started."""
        self._act("POST", "/cancel")

    def delete(self) -> None:
        """Delete its files; the record stays."""
        self._act("DELETE")


class Act(Thing):
    """A long act of the hub: `id`, `kind`, `about`, `state`, `step`, `done` of `total` bytes, `result`, `error`."""

    _where = "/acts"
    id: str
    state: str
    result: Any
    error: Any

    @property
    def final(self) -> bool:
        """Whether it has ended."""
        return self.state != "running"

    def wait(self, timeout_s: float | None = None, *, tell: Callable[[Act], object] = lambda _: None) -> Act:
        """Wait until it has ended; `tell` is called with every look. How it ended is its `state`; raises Timeout."""

        def ended() -> bool:
            tell(self)
            return self.final

        _wait(self, ended, timeout_s)
        return self

    def outcome(self) -> dict[str, Any]:
        """Give the result of one that is done; raises the error of one that failed, Conflict for what was ended."""
        if self.error:
            raise errors.of_plain(self.error)
        if self.state != "done":
            raise errors.Conflict(f"It is {self.state}.")
        found: dict[str, Any] = self.result
        return found

    def cancel(self) -> None:
        """Ask it to end; one that is nearly done may come to its end."""
        self._act("POST", "/cancel")


class Deployment(Thing):
    """A deployment: `id`, `state`, `message`, `module`, `path` and the rest of its facts."""

    _where = "/deployments"
    id: str
    state: str
    message: str
    module: str
    path: str

    @property
    def serving(self) -> bool:
        """Whether it runs or comes up."""
        return self.state.startswith(("CREATE_", "UPDATE_")) and not self.state.endswith("FAILED")

    @property
    def url(self) -> str:
        """Its address at the hub."""
        return self._hub.url + self.path

    def wait(self, timeout_s: float | None = 600.0) -> Deployment:
        """Wait until it runs; raises Unavailable with the reason when it fails, and Timeout."""
        _wait(self, lambda: not self.state.endswith("_IN_PROGRESS"), timeout_s)
        if not self.serving:
            raise errors.Unavailable(f"The deployment is {self.state}. {self.message}")
        return self

    def predict(self, **arguments: Any) -> Any:
        """Predict once; a Path is a file. Gives JSON, or bytes where the module answers with something else."""
        form = [(name, each) for name, value in arguments.items() for each in _texts(value)]
        return self._hub.transport.ask("POST", f"{self.path}v2/models/{self.module}/predict/", form=form)

    def log(self, start: int = 0, replica: int = 0) -> str:
        """Give the log of a replica from byte `start` on, at most 1 MiB at once."""
        return self.log_bytes(start, replica).decode("utf-8", "replace")

    def log_bytes(self, start: int = 0, replica: int = 0) -> bytes:
        """Give the same as it was written: the next piece begins behind it."""
        query = {"start": start, "replica": replica}
        with self._hub.transport.open("GET", f"{API}/deployments/{self.id}/log", query=query) as answer:
            return answer.read()

    def update(self, **changes: Any) -> None:
        """Deploy it again with changes of its wish."""
        self._act("PUT", body={**self.wish, **changes})

    def stop(self) -> None:
        """End its processes; it can be started again."""
        self._act("POST", "/stop")

    def start(self) -> None:
        """Start it again."""
        self._act("POST", "/start")

    def delete(self) -> None:
        """End and remove it."""
        self._act("DELETE")


def _wait(thing: Thing, holds: Any, timeout_s: float | None) -> None:
    end = None if timeout_s is None else time.monotonic() + timeout_s
    while not holds():
        if end is not None and time.monotonic() > end:
            raise errors.Timeout(f"{thing.id} is still {thing.state}.")
        threading.Event().wait(LOOK_S)
        thing.refresh()


def _texts(value: Any) -> Sequence[str | Path]:
    """Write an argument as the parts of a form; a list has a part for each element."""
    if isinstance(value, list | tuple):
        return [text for each in value for text in _texts(each)]
    return [value if isinstance(value, str | Path) else json.dumps(value)]


def _events(lines: Any) -> Iterator[tuple[str, Any]]:
    """Read server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""
    name, data = "", ""
    for raw in lines:
        line = raw.decode("utf-8").rstrip("\n")
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            data += value
        elif not line and name:
            yield name, json.loads(data) if name != "end" else data
            name, data = "", ""


def records(answer: Mapping[str, Any]) -> list[Record]:
    """Read the items of a list."""
    return [Record(**each) for each in answer["items"]]
