"""The hub from Python: `pelagos.Client()` finds the hub of this machine by itself. Standard library only.

Every method raises the errors of `pelagos.domain.errors` and returns plain values: what the API gives, as attributes.
"""

from __future__ import annotations

import contextlib
import json
import re
import tarfile
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pelagos.cli import transport
from pelagos.domain import errors, states

API = "/api/v1"
LOOK_S = 0.3
ANSWERS_AFTER_IDLE_S = 600.0
"""A deployment that `predict` starts by itself stops after so long without a request."""


class Record(SimpleNamespace):
    """What the hub says of one thing, by attribute."""


class Client:
    """One hub. Safe to share among threads: every request has a connection of its own."""

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        state_dir: Path | None = None,
        timeout_s: float = 600.0,
    ) -> None:
        """Find the hub: `url` and `token`, else PELAGOS_HUB and PELAGOS_TOKEN, else the one of the state folder."""
        self.transport = transport.Transport(url, token, state_dir=state_dir, timeout_s=timeout_s)
        self.url = self.transport.url
        self.modules = Modules(self)
        self.datasets = Datasets(self)
        self.runs = Runs(self)
        self.models = Models(self)
        self.deployments = Deployments(self)
        self.sessions = Sessions(self)

    def ask(self, method: str, path: str, **sent: Any) -> Any:
        """Send a request to the API, `path` below `/api/v1`, and give its JSON answer."""
        return self.transport.ask(method, API + path, **sent)

    def me(self) -> Record:
        """Tell who we are at the hub."""
        return Record(**self.ask("GET", "/me"))

    def search(self, text: str) -> list[Record]:
        """Look for words in everything there is."""
        return _records(self.ask("GET", "/search", query={"q": text}))

    def sites(self) -> list[Record]:
        """List the sites with what each offers now."""
        return _records(self.ask("GET", "/sites"))

    def plan(
        self, resources: Mapping[str, Any] | None = None, site: str | None = None, *, ability: str = "batch"
    ) -> Record:
        """Tell which site would be chosen for a run, or a `service`, and why; nothing is started."""
        need = {"resources": resources or {}, "site": site, "ability": ability}
        return Record(**self.ask("POST", "/plan", body=need))

    def train(
        self,
        module: str,
        *,
        dataset: str | Path | None = None,
        argument: str | None = None,
        resources: Mapping[str, Any] | None = None,
        site: str | None = None,
        resume: str | None = None,
        key: str | None = None,
        **arguments: Any,
    ) -> Run:
        """Start a training; `arguments` are the module's, a Path among them is a file.

        `dataset` is the name of one of the hub's; a Path is uploaded under a new name first. The same `key` is the same
        training, however often it is sent. Returns at once.
        """
        if isinstance(dataset, Path):
            dataset = self.datasets.upload(_new_name(dataset), dataset).name
        asked = {"dataset": dataset, "argument": argument, "resources": resources, "site": site, "resume": resume}
        return self.runs.begin("training", module, arguments, key=key, **asked)

    def predict_batch(self, module: str, dataset: str, *, key: str | None = None, **arguments: Any) -> Run:
        """Predict for every file of a data set. Returns at once; the answers are among the files of the run."""
        return self.runs.begin("batch_prediction", module, arguments, key=key, dataset=dataset)

    def predict(self, module: str, **arguments: Any) -> Any:
        """Predict once; a Path is a file. Uses a deployment of the module, or starts one that stops when it is idle."""
        running = [each for each in self.deployments.list(module=module) if each.what == "module" and each.serving]
        found = running[0] if running else self.deploy(module, idle_stop_s=ANSWERS_AFTER_IDLE_S)
        return found.wait().predict(**arguments)

    def deploy(self, module: str, *, key: str | None = None, **wish: Any) -> Deployment:
        """Deploy a module; `wish`: `what, model, title, resources, replicas, idle_stop_s, site`. Returns at once."""
        made = self.ask("POST", "/deployments", body={"module": module, **wish}, headers=_key(key))
        return Deployment(self, made)


class Modules:
    """The catalog."""

    def __init__(self, client: Client) -> None:
        self._ask = client.ask

    def search(self, text: str = "", **query: Any) -> list[Record]:
        """Find modules: words, and facets such as `task="classification"`."""
        return _records(self._ask("GET", "/modules", query={"q": text, **query}))

    def get(self, name: str, *, version: str = "") -> Record:
        """Give a module's card, the newest or that of a version."""
        return Record(**self._ask("GET", f"/modules/{name}", query={"version": version} if version else {}))

    def versions(self, name: str) -> list[Record]:
        """List the versions of a module's card, the newest first."""
        return _records(self._ask("GET", f"/modules/{name}/versions"))

    def describe(self, name: str) -> dict[str, Any]:
        """Describe an installed module: its arguments and answers."""
        described: dict[str, Any] = self._ask("GET", f"/modules/{name}/description")
        return described

    def install(self, source: str) -> Record:
        """Install a module on the hub; takes as long as pip does."""
        return Record(**self._ask("POST", "/installed", body={"source": source}))


class Datasets:
    """The data sets of the hub."""

    def __init__(self, client: Client) -> None:
        self._ask = client.ask

    def list(self) -> list[Record]:
        """List them."""
        return _records(self._ask("GET", "/datasets"))

    def get(self, name: str) -> Record:
        """Give one."""
        return Record(**self._ask("GET", f"/datasets/{name}"))

    def upload(self, name: str, source: Path | str) -> Record:
        """Upload a folder or an archive, or have an address fetched, as a data set."""
        if isinstance(source, str) and source.startswith(("http://", "https://")):
            return Record(**self._ask("POST", f"/datasets/{name}/url", body={"url": source}))
        with _archive(Path(source)) as archive:
            sent = self._ask("PUT", f"/datasets/{name}", query={"filename": archive.name}, file=archive)
        return Record(**sent)

    def delete(self, name: str) -> None:
        """Delete one."""
        self._ask("DELETE", f"/datasets/{name}")


class Runs:
    """Trainings and batch predictions."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, **query: Any) -> list[Run]:
        """List runs, newest first; `module`, `state`, `kind`, `text`, `limit` and `offset` narrow it."""
        return [Run(self._client, each) for each in self._client.ask("GET", "/runs", query=query)["items"]]

    def get(self, run_id: str) -> Run:
        """Find a run by its id."""
        return Run(self._client, self._client.ask("GET", f"/runs/{run_id}"))

    def compare(self, *runs: Run | str) -> Record:
        """Give runs beside each other, and in which arguments they differ."""
        return Record(**self._client.ask("GET", "/runs/compare", query={"run": [_id(each) for each in runs]}))

    def begin(
        self, kind: str, module: str, arguments: Mapping[str, Any], *, key: str | None = None, **asked: Any
    ) -> Run:
        """Start a run of a kind."""
        plain = {name: value for name, value in arguments.items() if not isinstance(value, Path)}
        files = [(name, value) for name, value in arguments.items() if isinstance(value, Path)]
        said = {name: value for name, value in asked.items() if value is not None}
        run = {"kind": kind, "module": module, "arguments": plain, **said}
        body: dict[str, Any] = {"form": [("run", json.dumps(run)), *files]} if files else {"body": run}
        return Run(self._client, self._client.ask("POST", "/runs", headers=_key(key), **body))


class Models:
    """Trained models."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, **query: Any) -> list[Record]:
        """List them, newest first; `module` and `text` narrow it."""
        return _records(self._client.ask("GET", "/models", query=query))

    def get(self, model_id: str) -> Record:
        """Find a model by its id."""
        return Record(**self._client.ask("GET", f"/models/{model_id}"))

    def describe(self, model_id: str, *, title: str | None = None, description: str | None = None) -> Record:
        """Name or describe a model."""
        said = {"title": title, "description": description}
        return Record(**self._client.ask("PATCH", f"/models/{model_id}", body=said))

    def alias(self, model_id: str, alias: str) -> Record:
        """Let a word such as `production` mean this model."""
        return Record(**self._client.ask("PUT", f"/models/{model_id}/aliases/{alias}"))

    def download(self, model_id: str, to: Path) -> Path:
        """Download a model as a zip file."""
        return self._client.transport.download(f"{API}/models/{model_id}/archive", to)

    def delete(self, model_id: str) -> None:
        """Delete a model."""
        self._client.ask("DELETE", f"/models/{model_id}")


class Deployments:
    """What is kept running."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, **query: Any) -> list[Deployment]:
        """List deployments, newest first; `module`, `state` and `text` narrow it."""
        return [
            Deployment(self._client, each) for each in self._client.ask("GET", "/deployments", query=query)["items"]
        ]

    def get(self, deployment_id: str) -> Deployment:
        """Find a deployment by its id."""
        return Deployment(self._client, self._client.ask("GET", f"/deployments/{deployment_id}"))


class Sessions:
    """The browsers that are logged in."""

    def __init__(self, client: Client) -> None:
        self._ask = client.ask

    def list(self) -> list[Record]:
        """List them, the last begun first."""
        return _records(self._ask("GET", "/sessions"))

    def end(self, session_id: str | None = None) -> None:
        """Log one out; all without an id."""
        self._ask("DELETE", f"/sessions/{session_id}" if session_id else "/sessions")


class _Thing(Record):
    """Something at the hub that changes; its facts are those of the last look."""

    _where = ""

    def __init__(self, client: Client, facts: Mapping[str, Any]) -> None:
        super().__init__(**facts)
        self._client = client

    def refresh(self) -> None:
        """Look again."""
        self._act("GET")

    def _act(self, method: str, path: str = "", **sent: Any) -> None:
        self.__dict__.update(self._client.ask(method, f"{self._where}/{self.id}{path}", **sent))


class Run(_Thing):
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
        with self._client.transport.open("GET", f"{API}/runs/{self.id}/events") as answer:
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
        with self._client.transport.open("GET", f"{API}/runs/{self.id}/log", query={"start": start}) as answer:
            return answer.read().decode("utf-8", "replace")

    def metrics(self) -> list[dict[str, Any]]:
        """Give all that it logged, a row for each step."""
        rows: list[dict[str, Any]] = self._client.ask("GET", f"/runs/{self.id}/metrics")["rows"]
        return rows

    def files(self) -> list[Record]:
        """List what it left."""
        return _records(self._client.ask("GET", f"/runs/{self.id}/files"))

    def download(self, name: str, to: Path) -> Path:
        """Download a file that it left."""
        return self._client.transport.download(f"{API}/runs/{self.id}/files/{name}", to)

    def cancel(self) -> None:
        """Stop it and everything it started."""
        self._act("POST", "/cancel")

    def delete(self) -> None:
        """Delete its files; the record stays."""
        self._act("DELETE")


class Deployment(_Thing):
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
        return self._client.url + self.path

    def wait(self, timeout_s: float | None = 600.0) -> Deployment:
        """Wait until it runs; raises Unavailable with the reason when it fails, and Timeout."""
        _wait(self, lambda: not self.state.endswith("_IN_PROGRESS"), timeout_s)
        if not self.serving:
            raise errors.Unavailable(f"The deployment is {self.state}. {self.message}")
        return self

    def predict(self, **arguments: Any) -> Any:
        """Predict once; a Path is a file. Gives JSON, or bytes where the module answers with something else."""
        form = [(name, each) for name, value in arguments.items() for each in _texts(value)]
        return self._client.transport.ask("POST", f"{self.path}v2/models/{self.module}/predict/", form=form)

    def log(self, start: int = 0, replica: int = 0) -> str:
        """Give the log of a replica from byte `start` on, at most 1 MiB at once."""
        return self.log_bytes(start, replica).decode("utf-8", "replace")

    def log_bytes(self, start: int = 0, replica: int = 0) -> bytes:
        """Give the same as it was written: the next piece begins behind it."""
        query = {"start": start, "replica": replica}
        with self._client.transport.open("GET", f"{API}/deployments/{self.id}/log", query=query) as answer:
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


def _records(answer: Mapping[str, Any]) -> list[Record]:
    return [Record(**each) for each in answer["items"]]


def _id(thing: Run | str) -> str:
    return thing if isinstance(thing, str) else thing.id


def _new_name(source: Path) -> str:
    stem = re.sub(r"[^A-Za-z0-9]+", "-", source.resolve().name.partition(".")[0]).strip("-") or "data"
    return f"{stem[:60]}-{uuid.uuid4().hex[:8]}"


def _key(key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": key} if key else {}


def _wait(thing: _Thing, holds: Any, timeout_s: float | None) -> None:
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


@contextlib.contextmanager
def _archive(source: Path) -> Iterator[Path]:
    """Give a file to upload: an archive as it is, a folder packed for the way."""
    if source.is_file():
        yield source
        return
    if not source.is_dir():
        raise errors.InvalidInput({"source": [f"there is no folder or file '{source}'"]})
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / f"{source.resolve().name}.tar.gz"
        with tarfile.open(packed, "w:gz", compresslevel=1) as archive:
            archive.add(source, arcname=".")
        yield packed


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
