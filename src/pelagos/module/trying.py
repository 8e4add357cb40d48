"""Run examples of a module in its own interpreter: `python -m pelagos.module.trying NAME KIND ENTRY ASKED ANSWERED`.

ASKED holds `{"folder", "inputs": [{argument: value}]}`; a file is a path in the folder. ANSWERED receives a line of
JSON for each input, as soon as it is known: `{"answer", "seconds"}` or `{"error"}`. Standard output and error belong to
the module's code.
"""

from __future__ import annotations

import json
import pathlib
import sys
import time
from typing import Any, Dict, Mapping, Sequence

from pelagos.module import loading
from pelagos.module.adapter import Adapter, Answer, Request
from pelagos.module.files import File, Folder

_STREAM = "text/event-stream"


def main(arguments: Sequence[str]) -> None:
    """Answer all inputs; whatever the module's import raises ends the process with its traceback."""
    name, kind, entry, asked, answered = arguments
    plan = json.loads(pathlib.Path(asked).read_text(encoding="utf-8"))
    module = loading.load(name, kind=kind, entry=entry)
    method = module.description()["predict"]
    if method is None:
        raise SystemExit("the module has no predict")
    module.warm()
    with pathlib.Path(answered).open("ab") as target:
        for given in plan["inputs"]:
            target.write(json.dumps(_attempt(module, method, given, pathlib.Path(plan["folder"]))).encode() + b"\n")
            target.flush()


def _attempt(module: Adapter, method: Mapping[str, Any], given: Mapping[str, Any], folder: pathlib.Path) -> Any:
    try:
        request = _request(method, given, folder)
        began = time.perf_counter()
        answer = _plain(module.predict(request))
        return {"answer": answer, "seconds": time.perf_counter() - began}
    except Exception as error:  # The isolation point: the module's code may raise anything.
        return {"error": f"{type(error).__name__}: {error}"}


def _request(method: Mapping[str, Any], given: Mapping[str, Any], folder: pathlib.Path) -> Request:
    schemas = {each["name"]: each["schema"] for each in method["parameters"]}
    values = {name: _value(schemas.get(name, {}), value, folder) for name, value in given.items()}
    if method["parse"] == "server":
        keywords = {each["name"]: each["keyword"] for each in method["parameters"]}
        return Request(arguments={keywords.get(name, name): value for name, value in values.items()})
    raw: Dict[str, Any] = {"query": [], "form": [], "json": {}, "headers": {}, "cookies": {}}
    for name, value in values.items():
        if isinstance(value, File):
            raw["form"].append([name, value])
        elif isinstance(value, list) and any(isinstance(each, File) for each in value):
            raw["form"] += [[name, each] for each in value]
        else:
            raw["json"][name] = value
    return Request(arguments={}, raw=raw)


def _value(schema: Mapping[str, Any], value: Any, folder: pathlib.Path) -> Any:
    if schema.get("type") == "array" and isinstance(value, list):
        return [_value(schema.get("items", {}), each, folder) for each in value]
    made = {"binary": _file, "folder": _folder}.get(schema.get("format", ""))
    return value if made is None or not isinstance(value, str) else made(_inside(folder, value))


def _file(path: pathlib.Path) -> File:
    return File(path.name, data=path.read_bytes())


def _folder(path: pathlib.Path) -> Folder:
    return Folder(path)


def _inside(folder: pathlib.Path, name: str) -> pathlib.Path:
    path = (folder / name).resolve()
    if folder.resolve() not in path.parents:
        raise ValueError(f"'{name}' is not in the module's folder")
    return path


def _plain(answer: Answer) -> Any:
    """Give what the module answered, without the envelope of the REST contract; of other types only the size."""
    body = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
    if answer.status >= 400:
        raise RuntimeError(body.decode("utf-8", "replace"))
    kind = answer.media_type.partition(";")[0].strip()
    if kind == _STREAM:
        return [json.loads(line[5:]) for line in body.split(b"\n") if line.startswith(b"data:")]
    if kind != "application/json":
        return {"media_type": kind, "size": len(body)}
    found = json.loads(body)
    return found["predictions"] if isinstance(found, dict) and set(found) == {"status", "predictions"} else found


if __name__ == "__main__":
    main(sys.argv[1:])
