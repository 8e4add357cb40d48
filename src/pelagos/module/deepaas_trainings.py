"""The arguments of a DEEPaaS training on their way from the request to the job, which is another process.

A worker reads them (`checked`), so that a wrong one is refused before there is a job; the job gets them as JSON
(`ready`). A file of the request is `{"$upload": number of the field in the form}`; what has no JSON form of its own, a
date say, is `{"$load": as it was sent, "$shown": for people}` and is converted once more in the job.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping

from pelagos.module import answers, deepaas_parsing, deepaas_uploads
from pelagos.module.adapter import Refused
from pelagos.module.files import File

_OURS = frozenset({"$file", "$folder", "$upload", "$load"})


def checked(reader: deepaas_parsing.Reader, raw: Mapping[str, Any]) -> Dict[str, Any]:
    """Read and check the arguments of a request; gives `{"arguments": {...}}`. Raises Refused."""
    sent = reader.find(raw)
    loaded = reader.load(sent)
    forged = [reader.wire_name(name) for name, value in loaded.items() if _forged(value)]
    if forged:
        # Taken for ours in the job, it would name a file of the server.
        words = f"has one of the keys {', '.join(sorted(_OURS))}; expected none"
        raise Refused(422, json.dumps({name: [words] for name in forged}).encode())
    form = [value for _, value in raw.get("form", ())]
    travelling = {name: _travelling(value, sent.get(reader.wire_name(name)), form) for name, value in loaded.items()}
    return {"arguments": travelling}


def ready(reader: deepaas_parsing.Reader, arguments: Mapping[str, Any]) -> Dict[str, Any]:
    """Give the arguments as the module's `train` takes them."""
    return {name: _arrived(reader, name, value) for name, value in arguments.items()}


def shown(value: Any) -> Any:
    """Give a value as JSON has it; what JSON cannot hold as text, for a training must not be lost for its result."""
    try:
        return answers.plain(value)
    except (TypeError, ValueError):
        return str(value)


def _forged(value: Any) -> bool:
    if isinstance(value, dict):
        return not _OURS.isdisjoint(value) or any(_forged(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(_forged(item) for item in value)


def _travelling(value: Any, sent: Any, form: Any) -> Any:
    if isinstance(value, deepaas_uploads.Received):
        return {"$upload": next(index for index, item in enumerate(form) if item is value.content)}
    if isinstance(value, list) and any(isinstance(item, deepaas_uploads.Received) for item in value):
        return [_travelling(item, None, form) for item in value]
    plain = shown(value)
    return value if _same(plain, value) else {"$load": sent, "$shown": plain}


def _same(plain: Any, value: Any) -> bool:
    """Whether a value came through JSON unchanged; 1 and true are equal but not the same."""
    return bool(plain == value) and type(plain) is type(value)


def _arrived(reader: deepaas_parsing.Reader, name: str, value: Any) -> Any:
    if isinstance(value, File):
        return deepaas_uploads.uploaded(reader.wire_name(name), value)
    if isinstance(value, list) and any(isinstance(item, File) for item in value):
        return [_arrived(reader, name, item) for item in value]
    if isinstance(value, dict) and "$load" in value:
        return reader.load_one(name, value["$load"])
    return value
