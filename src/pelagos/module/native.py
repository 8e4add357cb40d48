"""The adapter of native modules: instances by model, calls by keyword, answers as JSON."""

from __future__ import annotations

import collections
import inspect
import threading
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Type, Union

from pelagos.module import answers, describe, typed
from pelagos.module.adapter import Answer, Request
from pelagos.module.files import Folder
from pelagos.module.interface import Module
from pelagos.module.training import Training

MODELS_KEPT = 4
"""Loaded models one worker keeps; the one unused for longest goes first."""


class NativeAdapter:
    """Serves one class derived from `Module`; keeps one loaded instance for each model in use."""

    def __init__(
        self, module: Type[Module], *, name: str, metadata: Optional[Callable[[], Dict[str, Any]]] = None
    ) -> None:
        self._module = module
        self._name = name
        self._metadata = metadata or dict
        self._makers = typed.makers(module.predict) if module.predict is not None else {}
        self._loaded: collections.OrderedDict[Optional[str], Module] = collections.OrderedDict()
        self._lock = threading.Lock()

    def description(self) -> Dict[str, Any]:
        """Describe the class."""
        return describe.describe(self._module, name=self._name, metadata=self._metadata())

    def warm(self) -> None:
        """Load the pretrained weights, when the module predicts at all."""
        if self._module.predict is not None:
            self._instance(None)

    def predict(self, request: Request) -> Answer:
        """Call `predict` with keywords; a generator's values are streamed as server-sent events."""
        result = self._instance(request.model).predict(**typed.make(request.arguments, self._makers))
        if inspect.isgenerator(result):
            return Answer(_events(result), media_type="text/event-stream")
        return _answer(result)

    def predict_batch(self, requests: Sequence[Request]) -> List[Union[Answer, Exception]]:
        """Call `predict_batch`; all requests must want the same model."""
        instance: Any = self._instance(requests[0].model)
        results = instance.predict_batch([typed.make(request.arguments, self._makers) for request in requests])
        return [result if isinstance(result, Exception) else _answer(result) for result in results]

    def train(self, run: Training, arguments: Mapping[str, Any]) -> Any:
        """Call `train` on a fresh instance."""
        module = self._module()
        return answers.plain(module.train(run, **typed.make(dict(arguments), typed.makers(module.train))))

    def _instance(self, model: Optional[Folder]) -> Module:
        key = None if model is None else str(model.path)
        with self._lock:
            if key not in self._loaded:
                instance = self._module()
                instance.load(model)
                self._loaded[key] = instance
            self._loaded.move_to_end(key)
            while len(self._loaded) > MODELS_KEPT:
                self._loaded.popitem(last=False)
            return self._loaded[key]


def _answer(result: Any) -> Answer:
    return Answer(b'{"status": "OK", "predictions": ' + answers.encode(result) + b"}")


def _events(values: Iterator[Any]) -> Iterator[bytes]:
    for value in values:
        yield b"data: " + answers.encode(value) + b"\n\n"
