"""What one runtime serves: its settings, modules, trainings and counters, in one frozen value."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pelagos import jobs as jobs_room
from pelagos.runtime import arguments, counters, pool, tail, trained, worker


@dataclasses.dataclass(frozen=True)
class RuntimeSettings:
    """Settings of one runtime."""

    listen_ip: str = "127.0.0.1"
    listen_port: int = 5000
    """0 takes a free port."""
    listen_socket: str = ""
    """Path of a Unix socket to listen on instead."""
    base_path: str = ""
    """Everything is served under it, such as `/my/base`."""
    default_model: str = trained.PRETRAINED
    """Of predictions that choose none: a uuid or an alias."""
    workers: int = 0
    """Most worker processes of a module; 0 means one for each core."""
    workers_at_start: int = 1
    client_max_size: int = 1 << 30
    """Largest body of a request in bytes; 0 means no limit."""
    warm: bool = True
    """Load the model at the start, not at the first request."""
    predict_endpoint: bool = True
    train_endpoint: bool = True
    doc_endpoint: bool = True
    debug_endpoint: bool = False
    queue_size: int = 1024
    """Most predictions that wait; one more is answered with 429."""
    idle_after_s: float = 900.0
    """After so long without a prediction only a warm spare stays; 0 means never."""
    predict_timeout_s: float | None = None
    """Longest time to answer a prediction; None means no limit."""
    start_timeout_s: float = 600.0
    """Longest time to import the module and load its model."""
    drain_s: float = 25.0
    """How long requests in progress may go on after SIGTERM."""

    @property
    def base(self) -> str:
        """The base path in its normal form: empty, or with a slash in front and none behind."""
        inner = self.base_path.strip("/")
        return f"/{inner}" if inner else ""

    def pool(self) -> pool.PoolSettings:
        """Give the part that concerns the workers."""
        return pool.PoolSettings(
            workers=self.workers,
            at_start=self.workers_at_start,
            queue_size=self.queue_size,
            idle_after_s=self.idle_after_s,
            predict_timeout_s=self.predict_timeout_s,
            start_timeout_s=self.start_timeout_s,
            warm=self.warm,
        )


@dataclasses.dataclass(frozen=True)
class ServedModule:
    """One module that is served."""

    name: str
    code: worker.Code
    description: Mapping[str, Any]
    """As the module gives it, with the argument `model` that the runtime adds to native predictions."""
    pool: pool.Pool
    predict_arguments: arguments.Arguments | None
    """None when the module cannot predict."""
    train_arguments: arguments.Arguments | None
    """None when the module cannot be trained."""
    chooses_model: bool
    """Whether `model` is the runtime's argument; it is not passed on."""

    @property
    def parses_itself(self) -> bool:
        """Whether predict arguments are parsed in the worker, with the module's own library."""
        predict = self.description["predict"]
        return predict is not None and predict["parse"] == "worker"


@dataclasses.dataclass(frozen=True)
class Service:
    """Everything that the routes work with."""

    settings: RuntimeSettings
    modules: Mapping[str, ServedModule]
    jobs: jobs_room.Jobs | None
    """Where trainings go; None when nothing can be trained here."""
    models: trained.Models
    uploads: Path
    """Folder for the files of requests in progress."""
    counters: counters.Counters = dataclasses.field(default_factory=counters.Counters)
    log: tail.Tail = dataclasses.field(default_factory=tail.Tail)
    """What the workers printed last."""
    stopping: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    """Set when the server begins to stop: endless streams shall end."""


def served(
    code: worker.Code, description: Mapping[str, Any], workers: pool.Pool, default_model: str = trained.PRETRAINED
) -> ServedModule:
    """Get a module ready to be served."""
    full = with_model_argument(description, default_model)
    return ServedModule(
        name=code.name,
        code=code,
        description=full,
        pool=workers,
        predict_arguments=_arguments(full["predict"]),
        train_arguments=_arguments(full["train"]),
        chooses_model=full is not description,
    )


def with_model_argument(description: Mapping[str, Any], default_model: str = trained.PRETRAINED) -> Mapping[str, Any]:
    """Add the argument `model` to a native module's `predict`, unless it has one of its own."""
    predict = description["predict"]
    if description["kind"] != "native" or predict is None:
        return description
    if any(parameter["name"] == "model" for parameter in predict["parameters"]):
        return description
    chosen = {**MODEL_PARAMETER, "schema": {**MODEL_PARAMETER["schema"], "default": default_model}}
    return {**description, "predict": {**predict, "parameters": [*predict["parameters"], chosen]}}


MODEL_PARAMETER: Mapping[str, Any] = {
    "name": "model",
    "keyword": "model",
    "required": False,
    "in": None,
    "schema": {
        "type": "string",
        "default": trained.PRETRAINED,
        "description": "the uuid of a finished training, an alias such as 'production', or 'pretrained'",
    },
    "label": "",
    "unit": "",
    "advanced": False,
    "secret": False,
}


def _arguments(method: Mapping[str, Any] | None) -> arguments.Arguments | None:
    return None if method is None else arguments.Arguments(method["parameters"])
