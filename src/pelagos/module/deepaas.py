"""The adapter of DEEPaaS modules (entry point group `deepaas.v2.model`): their functions behind our interface.

Arguments are parsed here, in the module's own environment, with the module's own marshmallow, so that its fields,
validators and messages are exactly its own. The arguments of a training are read by a worker before the job exists
(`raw["method"]` is `train`); what cannot travel as JSON is read once more in the job (`$load`).
"""

from __future__ import annotations

import pathlib
import sys
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

from pelagos.module import (
    answers,
    deepaas_accept,
    deepaas_answers,
    deepaas_fields,
    deepaas_functions,
    deepaas_library,
    deepaas_parsing,
    deepaas_swagger,
    deepaas_trainings,
    deepaas_uploads,
    describe,
    tensorboard,
)
from pelagos.module.adapter import Answer, Refused, Request
from pelagos.module.training import Training

LOOK_SHARE = 0.05
"""A module is asked again which values it takes for at most this share of the time."""


def prepare() -> None:
    """Make the surroundings that the code of DEEPaaS modules expects. Call before it is imported."""
    deepaas_uploads.offer_shim()


class DeepaasAdapter:
    """Serves the functions of one DEEPaaS module."""

    def __init__(self, module: Any, *, name: str, metadata: Optional[Callable[[], Dict[str, Any]]] = None) -> None:
        self._functions = deepaas_functions.Functions(module, name)
        self._name = name
        self._metadata = metadata or dict
        self._fields: Dict[str, Dict[str, Any]] = {}
        self._readers: Dict[str, deepaas_parsing.Reader] = {}
        self._look_after: Dict[str, float] = {}
        said = self._functions.schema
        self._schema = None if said is None else deepaas_library.schema_of(said, "ModelPredictionResponse")

    def description(self) -> Dict[str, Any]:
        """Describe the module; its fields are asked for again, as choices (trained models, say) may have changed."""
        # All at once: if the module fails here, what it said before still counts.
        self._fields = {method: self._functions.fields(method) for method in deepaas_functions.METHODS}
        self._readers = {}
        metadata = self._functions.metadata()
        facts = self._metadata()
        return {
            "format": describe.FORMAT,
            "kind": "deepaas",
            "name": self._name,
            "summary": _summary(metadata),
            "version": str(metadata.get("version") or facts.get("version", "")),
            "metadata": metadata,
            "card": None,
            "threads": 1,
            "batch": False,
            "predict": self._method("predict"),
            "train": self._method("train"),
        }

    def warm(self) -> None:
        """Call the module's `warm`, and import what the first request with a file would wait for."""
        self._functions.warm()
        if any(deepaas_library.is_file(field) for field in self._fields_of("predict").values()):
            deepaas_uploads.wrapper()

    def predict(self, request: Request) -> Answer:
        """Read the arguments and call the module's `predict`; of a training, only read and check its arguments."""
        raw = request.raw or {}
        if raw.get("method") == "train":
            return Answer(answers.encode(self._up_to_date("train", lambda: self._checked(raw))))
        arguments = self._up_to_date("predict", lambda: self._read(request))
        try:
            result = self._function("predict")(**arguments)
        except Exception as error:
            raise deepaas_answers.refusal(error, raw) or error from None
        return deepaas_answers.answer(result, arguments.get(deepaas_accept.NAME), self._schema)

    def predict_batch(self, requests: Sequence[Request]) -> List[Union[Answer, Exception]]:
        """Answer one after the other: DEEPaaS knows no batches."""
        found: List[Union[Answer, Exception]] = []
        for request in requests:
            try:
                found.append(self.predict(request))
            except Exception as error:  # noqa: PERF203 - one bad request must not fail its neighbours
                found.append(error)
        return found

    def train(self, run: Training, arguments: Mapping[str, Any]) -> Any:
        """Warm the module, as each training has a process of its own, and call its `train`."""
        began = time.time()
        self._functions.warm()
        ready = deepaas_trainings.ready(self._reader("train"), arguments)
        try:
            result = self._function("train")(**ready)
        except Exception as error:
            raise deepaas_answers.refusal(error, {}) or error from None
        finally:
            self._keep_events(run.folder, began)
        return deepaas_trainings.shown(result)

    def _keep_events(self, folder: pathlib.Path, since: float) -> None:
        """Save the module's events into the run folder unless they stay where they are: a container's files do not."""
        home = self._functions.home
        if home == pathlib.Path.cwd():
            return
        try:
            tensorboard.keep(home / "models", folder / "tensorboard", since)
        except OSError as error:
            print(f"The events of this training were not kept: {error}", file=sys.stderr)

    def _up_to_date(self, method: str, read: Callable[[], Dict[str, Any]]) -> Dict[str, Any]:
        try:
            return read()
        except Refused:
            # A choice that is refused may be a model that was trained a moment ago.
            if not self._look_again(method):
                raise
            return read()

    def _checked(self, raw: Mapping[str, Any]) -> Dict[str, Any]:
        return deepaas_trainings.checked(self._reader("train"), raw)

    def _read(self, request: Request) -> Dict[str, Any]:
        reader = self._reader("predict")
        return reader.by_keyword(request.arguments) if request.raw is None else reader.read(request.raw)

    def _look_again(self, method: str) -> bool:
        """Ask the module for its fields again, if that was not done a moment ago; whether it was asked."""
        began = time.monotonic()
        if began < self._look_after.get(method, 0.0):
            return False
        fields = self._functions.fields(method)
        self._readers[method] = deepaas_parsing.Reader(fields)
        self._fields[method] = fields
        took_s = time.monotonic() - began
        self._look_after[method] = began + took_s / LOOK_SHARE
        return True

    def _function(self, name: str) -> Callable[..., Any]:
        found = self._functions.function(name)
        if found is None:
            raise deepaas_answers.not_implemented(self._name)
        return found

    def _reader(self, method: str) -> deepaas_parsing.Reader:
        if method not in self._readers:
            self._readers[method] = deepaas_parsing.Reader(self._fields_of(method))
        return self._readers[method]

    def _fields_of(self, method: str) -> Dict[str, Any]:
        if method not in self._fields:
            self._fields[method] = self._functions.fields(method)
        return self._fields[method]

    def _method(self, name: str) -> Optional[Dict[str, Any]]:
        if self._functions.function(name) is None:
            return None
        fields = self._fields_of(name)
        accept = fields.get(deepaas_accept.NAME)
        offered = [] if accept is None else deepaas_accept.media_types(accept)
        schema = deepaas_library.schema_of(deepaas_accept.prepare(fields))
        return {
            "parameters": deepaas_fields.parameters(schema.fields),
            "stream": False,
            "media_types": offered or [deepaas_accept.JSON],
            "parse": "worker",
            "swagger": self._swagger(name, schema.fields),
        }

    def _swagger(self, name: str, fields: Mapping[str, Any]) -> Dict[str, Any]:
        swagger = deepaas_swagger.Swagger()
        told = swagger.method(fields)
        told["response"] = swagger.response(self._schema) if name == "predict" and self._schema is not None else None
        return {**told, "definitions": swagger.definitions}


def _summary(metadata: Mapping[str, Any]) -> str:
    said = next((metadata[key] for key in ("summary", "description") if metadata.get(key)), "")
    text = " ".join(str(part) for part in said) if isinstance(said, (list, tuple)) else str(said)
    return text.strip().split("\n\n")[0].replace("\n", " ")
