"""Turn what a DEEPaaS module returned or raised into an answer."""

from __future__ import annotations

import inspect
import io
import json
import os
import pathlib
import sys
import urllib.parse
from typing import Any, Dict, Iterator, Mapping, Optional

from pelagos.module import answers, deepaas_accept, deepaas_library
from pelagos.module.adapter import Answer, Refused
from pelagos.module.arguments import BadInput

PIECE = 1 << 18


def answer(result: Any, accept: Optional[str], schema: Any) -> Answer:
    """Give the answer of a `predict` that was asked for the media type `accept`.

    Raises TypeError or ValueError, saying what was expected, when the result is not of that kind.
    """
    if accept in (None, deepaas_accept.JSON, deepaas_accept.ANYTHING):
        return _json(result, schema)
    return _binary(result, str(accept))


def refusal(error: BaseException, raw: Mapping[str, Any]) -> Optional[Refused]:
    """Give the answer that an exception stands for: an HTTP error of aiohttp, a validation error. None for others."""
    http = _class("aiohttp.web_exceptions", "HTTPException")
    if http is not None and isinstance(error, http):
        return _http(error, raw)
    invalid = _class("marshmallow", "ValidationError")
    if invalid is not None and isinstance(error, invalid):
        messages = error.messages
        faults = messages if isinstance(messages, dict) else {"_schema": messages}
        return Refused(422, json.dumps(faults).encode())
    if isinstance(error, BadInput):
        return Refused(422, json.dumps(error.faults).encode())
    if isinstance(error, NotImplementedError):
        return _worded(501, str(error) or "Not Implemented", raw)
    return None


def not_implemented(name: str) -> Refused:
    """Give the answer for a function that the module lacks."""
    return Refused(501, f"501: Not implemented by underlying model (loaded '{name}')".encode(), "text/plain")


def _json(result: Any, schema: Any) -> Answer:
    if inspect.isgenerator(result):
        return Answer(_events(result), media_type="text/event-stream")
    if schema is None:
        return Answer(b'{"status": "OK", "predictions": ' + answers.encode(result) + b"}")
    library = deepaas_library.marshmallow()
    try:
        deepaas_library.load(schema, result)
    except library.ValidationError as error:
        raise ValueError(f"the answer does not fit the module's own schema: {json.dumps(error.messages)}") from None
    return Answer(answers.encode(result))


def _events(values: Iterator[Any]) -> Iterator[bytes]:
    for value in values:
        yield b"data: " + answers.encode(value) + b"\n\n"


def _binary(result: Any, media_type: str) -> Answer:
    if result is None or isinstance(result, (str, bytes, bytearray, memoryview)):
        return Answer(_bytes(result or b""), media_type)
    returned: Any = getattr(result, "filename", None)
    if isinstance(result, tuple) and returned is not None:
        return _file(pathlib.Path(returned).open("rb"), media_type)
    if isinstance(result, io.BufferedReader):
        return _file(result, media_type)
    if hasattr(result, "read"):
        return Answer(_whole(result), media_type)
    if inspect.isgenerator(result):
        return Answer((_bytes(piece) for piece in result), media_type)
    expected = "bytes, text, an open file or None"
    raise TypeError(f"the module returned a {type(result).__name__} for {media_type}; expected {expected}")


def _file(opened: io.BufferedReader, media_type: str) -> Answer:
    size = os.fstat(opened.fileno()).st_size - opened.tell()
    name = urllib.parse.quote(pathlib.PurePath(opened.name).name)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
    return Answer(_pieces(opened) if size > PIECE else _whole(opened), media_type, headers)


def _whole(opened: Any) -> bytes:
    with opened:
        # A buffer that the module has just written stands at its end; DEEPaaS sends all of it.
        return bytes(opened.getvalue()) if isinstance(opened, io.BytesIO) else _bytes(opened.read())


def _pieces(opened: io.BufferedReader) -> Iterator[bytes]:
    with opened:
        while True:
            piece = opened.read(PIECE)
            if not piece:
                return
            yield piece


def _bytes(piece: Any) -> bytes:
    return piece.encode() if isinstance(piece, str) else bytes(piece)


def _class(module: str, name: str) -> Any:
    # What was not imported cannot have been raised.
    return getattr(sys.modules.get(module), name, None)


def _http(error: Any, raw: Mapping[str, Any]) -> Refused:
    """An error of aiohttp carries status, reason, and perhaps a body that the author wrote."""
    status = int(error.status)
    text = error.text or f"{status}: {error.reason}"
    if text != f"{status}: {error.reason}":
        return Refused(status, text.encode(), error.content_type)
    return _worded(status, str(error.reason), raw)


def _worded(status: int, message: str, raw: Mapping[str, Any]) -> Refused:
    """Write an error as text, or as JSON for a client that names it."""
    if "json" in raw.get("headers", {}).get("accept", ""):
        told: Dict[str, Any] = {"code": "module_error", "message": message, "hint": ""}
        return Refused(status, json.dumps({"error": told}).encode())
    return Refused(status, f"{status}: {message}".encode(), "text/plain; charset=utf-8")
