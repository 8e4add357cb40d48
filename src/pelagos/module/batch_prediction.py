"""Predict for every file of a folder, in a job: one answer per file below `outputs/`, one bad file stops nothing.

The argument that takes the files is `{"$each": folder}`, the model `{"$folder": path}`. What an earlier run of the
same batch has answered (`resume`, its `outputs`) is taken over, so a run that was ended goes on where it was.
"""

from __future__ import annotations

import json
import mimetypes
import os
import pathlib
import sys
import time
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Tuple

from pelagos.module import adapter, answers, arguments, durable, files, loading, training

ERRORS_FILE = "errors.jsonl"
TOLD_EVERY_S = 0.5
_MESSAGE_CHARACTERS = 2000
_ENVELOPE = b'{"status": "OK", "predictions": '

Received = Callable[[Any], Any]


def run(spec: Mapping[str, Any], folder: pathlib.Path, received: Received) -> None:
    """Predict for all files and write how many to `result.json`. Raises RuntimeError when not one could be answered."""
    current = training.Training(folder, id=spec["id"], cache=spec["cache"])
    module = spec["module"]
    predictor = loading.load(module["name"], kind=module["kind"], entry=module["entry"])
    batch = _Batch(spec, current, predictor, received)
    result = batch.run()
    durable.write(folder / "result.json", answers.encode(result))
    if result["failed"] and not result["done"] + result["skipped"]:
        raise RuntimeError(f"Not one of {result['failed']} files could be answered. The first: {batch.first_fault}")


class _Batch:
    """One run over a folder."""

    def __init__(
        self, spec: Mapping[str, Any], current: training.Training, predictor: adapter.Adapter, received: Received
    ) -> None:
        self._run = current
        self._predictor = predictor
        self._native = spec["module"]["kind"] == "native"
        given = dict(spec["arguments"])
        self._input = next(name for name, value in given.items() if isinstance(value, dict) and "$each" in value)
        self._folder = pathlib.Path(given.pop(self._input)["$each"])
        self._model: Optional[files.Folder] = received(given.pop("model", None)) if self._native else None
        self._given = received(given)
        self._answered = {} if spec.get("resume") is None else _answered(pathlib.Path(spec["resume"]))
        self._counts = {"done": 0, "skipped": 0, "failed": 0}
        self._told = 0.0
        self.first_fault = ""

    def run(self) -> Dict[str, Any]:
        """Answer every file; gives the counts and the pace."""
        began = time.monotonic()
        paths = list(inputs(self._folder))
        if self._model is None:
            self._predictor.warm()
        for number, path in enumerate(paths):
            if not self._is_done(path.relative_to(self._folder)):
                self._answer(path)
            self._tell(number + 1, len(paths))
        took_s = time.monotonic() - began
        predicted = self._counts["done"] + self._counts["failed"]
        return {**self._counts, "took_s": round(took_s, 3), "files_per_s": round(predicted / max(took_s, 1e-6), 2)}

    def _answer(self, path: pathlib.Path) -> None:
        name = path.relative_to(self._folder)
        file: Optional[files.File] = None
        try:
            file = self._file(path)
            body, media_type = _whole(self._predictor.predict(self._request(file)))
        except Exception as error:  # The isolation point of one file: the others are answered all the same.
            self._note_fault(name, error)
        else:
            self._write(self._run.outputs / f"{name}{_suffix(media_type)}", body)
            self._counts["done"] += 1
        finally:
            if file is not None:
                file.discard()

    def _file(self, path: pathlib.Path) -> files.File:
        # A DEEPaaS module may remove the file that it was given: it must not be the person's own.
        return files.File(path.name, path=path) if self._native else files.File(path.name, data=path.read_bytes())

    def _request(self, file: files.File) -> adapter.Request:
        if self._native:
            return adapter.Request({**self._given, self._input: file}, self._model)
        # Where the module looks for an argument is its own matter, so each stands in every place.
        pairs = [[name, item] for name, value in self._given.items() for item in _items(value)]
        raw = {
            "query": pairs,
            "form": [*pairs, [self._input, file]],
            "json": dict(self._given),
            "headers": {name.lower(): str(value) for name, value in self._given.items()},
            "cookies": {},
        }
        return adapter.Request({}, None, raw)

    def _is_done(self, name: pathlib.Path) -> bool:
        """Whether an earlier run has answered a file; its answer is taken over."""
        found = self._answered.get(str(name))
        if found is None:
            return False
        target = self._run.outputs / name.parent / found.name
        if not target.exists():
            self._write(target, found.read_bytes())
        self._counts["skipped"] += 1
        return True

    def _write(self, path: pathlib.Path, body: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.write(path, body, sync=False)

    def _note_fault(self, name: pathlib.Path, error: Exception) -> None:
        message = f"{type(error).__name__}: {error}"[:_MESSAGE_CHARACTERS]
        if isinstance(error, (arguments.BadInput, adapter.Refused)):
            message = str(error)[:_MESSAGE_CHARACTERS]
        self.first_fault = self.first_fault or f"{name}: {message}"
        self._counts["failed"] += 1
        print(f"{name}: {message}", file=sys.stderr)
        with (self._run.outputs / ERRORS_FILE).open("a", encoding="utf-8") as faults:
            faults.write(json.dumps({"input": str(name), "message": message}, ensure_ascii=False) + "\n")

    def _tell(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done == total or now - self._told > TOLD_EVERY_S:
            self._told = now
            self._run.progress(done / total, f"{done} of {total} files, {self._counts['failed']} failed")


def inputs(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Give every file below `folder`, in order, without hidden ones. FileNotFoundError when there is no such folder."""
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder}.")
    for place, folders, names in os.walk(str(folder)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield pathlib.Path(place) / name


def _whole(answer: adapter.Answer) -> Tuple[bytes, str]:
    """Give the body without the envelope of the REST contract; the values of an event stream become one list."""
    if isinstance(answer.body, bytes):
        body = answer.body
        bare = body.startswith(_ENVELOPE) and body.endswith(b"}")
        return (body[len(_ENVELOPE) : -1] if bare else body), answer.media_type
    body = b"".join(answer.body)
    if not answer.media_type.startswith("text/event-stream"):
        return body, answer.media_type
    values = [line[5:].strip() for line in body.split(b"\n") if line.startswith(b"data:")]
    return b"[" + b",".join(values) + b"]", "application/json"


def _suffix(media_type: str) -> str:
    kind = media_type.partition(";")[0].strip()
    return ".json" if kind == "application/json" else mimetypes.guess_extension(kind) or ".bin"


def _answered(outputs: pathlib.Path) -> Dict[str, pathlib.Path]:
    """Give the answers in a folder by their inputs: that of `a.jpg` is called `a.jpg.json`."""
    return {str(path.relative_to(outputs).with_suffix("")): path for path in inputs(outputs) if path.suffix != ".tmp"}


def _items(value: Any) -> Any:
    return value if isinstance(value, list) else [value]
