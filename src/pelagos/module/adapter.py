"""What the worker and the supervisor need of a module, whoever wrote it: the native and the DEEPaaS adapter give it."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Union

try:
    from typing import Protocol
except ImportError:  # pragma: no cover - Python 3.7 and older
    Protocol = object  # type: ignore[assignment]

from pelagos.module.files import File, Folder
from pelagos.module.training import Training


@dataclasses.dataclass
class Request:
    """One prediction to make.

    `arguments` are ready to be passed (`"parse": "server"`). `raw` is the request as it came, for a module that parses
    with its own library: `{"query": [[name, value]], "form": [[name, value or File]], "json": any, "headers": {},
    "cookies": {}}`.
    """

    arguments: Dict[str, Any]
    model: Optional[Folder] = None
    raw: Optional[Mapping[str, Any]] = None
    files: Sequence[File] = ()
    """Those in the arguments or in the form, to be discarded after the call."""


@dataclasses.dataclass
class Answer:
    """What goes back to the client: the whole body, or an iterator of pieces that are sent as they come."""

    body: Union[bytes, Iterator[bytes]]
    media_type: str = "application/json"
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    status: int = 200


class Interrupted(BaseException):
    """Raised in the module's code when its client has gone or its time is over."""


class Refused(Exception):
    """The request is answered with an error that the module (or its parsing library) chose."""

    def __init__(self, status: int, body: bytes, media_type: str = "application/json") -> None:
        super().__init__(body.decode("utf-8", "replace"))
        self.status = status
        self.body = body
        self.media_type = media_type


class Adapter(Protocol):
    """A module's code behind one interface. All calls come from the main thread, but `predict` when `threads` > 1.

    One with threads may have `interrupt()` too, called in the main thread, to break off its oldest prediction.
    """

    def description(self) -> Dict[str, Any]:
        """Describe the module; see `describe`. Called again after a training."""

    def warm(self) -> None:
        """Do what makes the first prediction fast; an exception stops the start."""

    def predict(self, request: Request) -> Answer:
        """Answer one request. Raises BadInput or Refused for the client's faults; anything else is the module's."""

    def predict_batch(self, requests: Sequence[Request]) -> List[Union[Answer, Exception]]:
        """Answer several requests at once, in order; an exception in the list is that request's."""

    def train(self, run: Training, arguments: Mapping[str, Any]) -> Any:
        """Run a training to its end and give its result (plain JSON)."""
