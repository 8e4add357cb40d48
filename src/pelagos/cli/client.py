"""The hub from Python: `pelagos.Client()` finds the hub of this machine by itself. Standard library only.

Every method raises the errors of `pelagos.domain.errors` and returns plain values: what the API gives, as attributes.
"""

from __future__ import annotations

import contextlib
import json
import re
import tarfile
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pelagos.cli import things, transport
from pelagos.domain import errors

ANSWERS_AFTER_IDLE_S = 600.0
"""A deployment that `predict` starts by itself stops after so long without a request."""


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
        self.acts = Acts(self)
        self.sessions = Sessions(self)

    def ask(self, method: str, path: str, **sent: Any) -> Any:
        """Send a request to the API, `path` below `/api/v1`, and give its JSON answer."""
        return self.transport.ask(method, things.API + path, **sent)

    def me(self) -> things.Record:
        """Tell who we are at the hub."""
        return things.Record(**self.ask("GET", "/me"))

    def search(self, text: str) -> list[things.Record]:
        """Look for words in everything there is."""
        return things.records(self.ask("GET", "/search", query={"q": text}))

    def sites(self) -> list[things.Record]:
        """List the sites with what each offers now."""
        return things.records(self.ask("GET", "/sites"))

    def plan(
        self, resources: Mapping[str, Any] | None = None, site: str | None = None, *, ability: str = "batch"
    ) -> things.Record:
        """Tell which site would be chosen for a run, or a `service`, and why; nothing is started."""
        need = {"resources": resources or {}, "site": site, "ability": ability}
        return things.Record(**self.ask("POST", "/plan", body=need))

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
    ) -> things.Run:
        """Start a training; `arguments` are the module's, a Path among them is a file.

        `dataset` is the name of one of the hub's; a Path is uploaded under a new name first. The same `key` is the same
        training, however often it is sent. Returns at once.
        """
        if isinstance(dataset, Path):
            dataset = self.datasets.upload(_new_name(dataset), dataset).name
        asked = {"dataset": dataset, "argument": argument, "resources": resources, "site": site, "resume": resume}
        return self.runs.begin("training", module, arguments, key=key, **asked)

    def predict_batch(self, module: str, dataset: str, *, key: str | None = None, **arguments: Any) -> things.Run:
        """Predict for every file of a data set. Returns at once; the answers are among the files of the run."""
        return self.runs.begin("batch_prediction", module, arguments, key=key, dataset=dataset)

    def predict(self, module: str, **arguments: Any) -> Any:
        """Predict once; a Path is a file. Uses a deployment of the module, or starts one that stops when it is idle."""
        running = [each for each in self.deployments.list(module=module) if each.what == "module" and each.serving]
        found = running[0] if running else self.deploy(module, idle_stop_s=ANSWERS_AFTER_IDLE_S)
        return found.wait().predict(**arguments)

    def deploy(self, module: str, *, key: str | None = None, **wish: Any) -> things.Deployment:
        """Deploy a module; `wish`: `what, model, title, resources, replicas, idle_stop_s, site`. Returns at once."""
        made = self.ask("POST", "/deployments", body={"module": module, **wish}, headers=_key(key))
        return things.Deployment(self, made)


class Modules:
    """The catalog."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._ask = client.ask

    def search(self, text: str = "", **query: Any) -> list[things.Record]:
        """Find modules: words, and facets such as `task="classification"`."""
        return things.records(self._ask("GET", "/modules", query={"q": text, **query}))

    def get(self, name: str, *, version: str = "") -> things.Record:
        """Give a module's card, the newest or that of a version."""
        return things.Record(**self._ask("GET", f"/modules/{name}", query={"version": version} if version else {}))

    def versions(self, name: str) -> list[things.Record]:
        """List the versions of a module's card, the newest first."""
        return things.records(self._ask("GET", f"/modules/{name}/versions"))

    def describe(self, name: str) -> dict[str, Any]:
        """Describe an installed module: its arguments and answers."""
        described: dict[str, Any] = self._ask("GET", f"/modules/{name}/description")
        return described

    def install(self, source: str, *, key: str | None = None) -> things.Record:
        """Install a module on the hub and wait for it; `acts.install` does not wait."""
        return things.Record(**self._client.acts.install(source, key=key).wait().outcome())

    def propose(self, path: Path | str, *, key: str | None = None) -> things.Record:
        """Check the module of a folder of the hub's machine, propose it and wait for that; gives the proposal."""
        made = self._client.acts.propose(path, key=key).wait().outcome()
        return things.Record(**self._ask("GET", f"/proposals/{made['id']}"))


class Datasets:
    """The data sets of the hub."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._ask = client.ask

    def list(self) -> list[things.Record]:
        """List them."""
        return things.records(self._ask("GET", "/datasets"))

    def get(self, name: str) -> things.Record:
        """Give one."""
        return things.Record(**self._ask("GET", f"/datasets/{name}"))

    def upload(self, name: str, source: Path | str) -> things.Record:
        """Upload a folder or an archive, or have an address fetched and wait for it; `acts.fetch` does not wait."""
        if isinstance(source, str) and source.startswith(("http://", "https://")):
            return things.Record(**self._client.acts.fetch(name, source).wait().outcome())
        with _archive(Path(source)) as archive:
            sent = self._ask("PUT", f"/datasets/{name}", query={"filename": archive.name}, file=archive)
        return things.Record(**sent)

    def delete(self, name: str) -> None:
        """Delete one."""
        self._ask("DELETE", f"/datasets/{name}")


class Runs:
    """Trainings and batch predictions."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, **query: Any) -> list[things.Run]:
        """List runs, newest first; `module`, `state`, `kind`, `text`, `limit` and `offset` narrow it."""
        return [things.Run(self._client, each) for each in self._client.ask("GET", "/runs", query=query)["items"]]

    def get(self, run_id: str) -> things.Run:
        """Find a run by its id."""
        return things.Run(self._client, self._client.ask("GET", f"/runs/{run_id}"))

    def compare(self, *runs: things.Run | str) -> things.Record:
        """Give runs beside each other, and in which arguments they differ."""
        return things.Record(**self._client.ask("GET", "/runs/compare", query={"run": [_id(each) for each in runs]}))

    def begin(
        self, kind: str, module: str, arguments: Mapping[str, Any], *, key: str | None = None, **asked: Any
    ) -> things.Run:
        """Start a run of a kind."""
        plain = {name: value for name, value in arguments.items() if not isinstance(value, Path)}
        files = [(name, value) for name, value in arguments.items() if isinstance(value, Path)]
        said = {name: value for name, value in asked.items() if value is not None}
        run = {"kind": kind, "module": module, "arguments": plain, **said}
        body: dict[str, Any] = {"form": [("run", json.dumps(run)), *files]} if files else {"body": run}
        return things.Run(self._client, self._client.ask("POST", "/runs", headers=_key(key), **body))


class Models:
    """Trained models."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, **query: Any) -> list[things.Record]:
        """List them, newest first; `module` and `text` narrow it."""
        return things.records(self._client.ask("GET", "/models", query=query))

    def get(self, model_id: str) -> things.Record:
        """Find a model by its id."""
        return things.Record(**self._client.ask("GET", f"/models/{model_id}"))

    def describe(self, model_id: str, *, title: str | None = None, description: str | None = None) -> things.Record:
        """Name or describe a model."""
        said = {"title": title, "description": description}
        return things.Record(**self._client.ask("PATCH", f"/models/{model_id}", body=said))

    def alias(self, model_id: str, alias: str) -> things.Record:
        """Let a word such as `production` mean this model."""
        return things.Record(**self._client.ask("PUT", f"/models/{model_id}/aliases/{alias}"))

    def download(self, model_id: str, to: Path) -> Path:
        """Download a model as a zip file."""
        return self._client.transport.download(f"{things.API}/models/{model_id}/archive", to)

    def delete(self, model_id: str) -> None:
        """Delete a model."""
        self._client.ask("DELETE", f"/models/{model_id}")


class Deployments:
    """What is kept running."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, **query: Any) -> list[things.Deployment]:
        """List deployments, newest first; `module`, `state` and `text` narrow it."""
        found = self._client.ask("GET", "/deployments", query=query)["items"]
        return [things.Deployment(self._client, each) for each in found]

    def get(self, deployment_id: str) -> things.Deployment:
        """Find a deployment by its id."""
        return things.Deployment(self._client, self._client.ask("GET", f"/deployments/{deployment_id}"))


class Acts:
    """What the hub itself does for long: each is accepted at once. The same `key` is the same act."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, **query: Any) -> list[things.Act]:
        """List those of the last month, newest first; `kind`, `state` and `limit` narrow it."""
        return [things.Act(self._client, each) for each in self._client.ask("GET", "/acts", query=query)["items"]]

    def get(self, act_id: str) -> things.Act:
        """Find an act by its id."""
        return things.Act(self._client, self._client.ask("GET", f"/acts/{act_id}"))

    def fetch(self, name: str, url: str, *, key: str | None = None) -> things.Act:
        """Have an address fetched as a data set."""
        return self._begun(f"/datasets/{name}/url", {"url": url}, key)

    def install(self, source: str, *, key: str | None = None) -> things.Act:
        """Install a module on the hub."""
        return self._begun("/installed", {"source": source}, key)

    def propose(self, path: Path | str, *, key: str | None = None) -> things.Act:
        """Check the module of a folder of the hub's machine, and propose it."""
        return self._begun("/proposals", {"path": str(path)}, key)

    def _begun(self, path: str, body: Mapping[str, Any], key: str | None) -> things.Act:
        return things.Act(self._client, self._client.ask("POST", path, body=body, headers=_key(key)))


class Sessions:
    """The browsers that are logged in."""

    def __init__(self, client: Client) -> None:
        self._ask = client.ask

    def list(self) -> list[things.Record]:
        """List them, the last begun first."""
        return things.records(self._ask("GET", "/sessions"))

    def end(self, session_id: str | None = None) -> None:
        """Log one out; all without an id."""
        self._ask("DELETE", f"/sessions/{session_id}" if session_id else "/sessions")


def _id(thing: things.Run | str) -> str:
    return thing if isinstance(thing, str) else thing.id


def _new_name(source: Path) -> str:
    stem = re.sub(r"[^A-Za-z0-9]+", "-", source.resolve().name.partition(".")[0]).strip("-") or "data"
    return f"{stem[:60]}-{uuid.uuid4().hex[:8]}"


def _key(key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": key} if key else {}


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
