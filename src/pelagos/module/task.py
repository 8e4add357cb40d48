"""The module's side of a job: the child of the supervisor, where the module's code is imported and run."""

from __future__ import annotations

import atexit
import errno
import faulthandler
import json
import os
import pathlib
import signal
import sys
import traceback
from typing import Any, Callable, Dict, Mapping, Optional

from pelagos.module import (
    adapter,
    answers,
    arguments,
    batch_prediction,
    deepaas_surroundings,
    durable,
    files,
    loading,
    training,
)

_TOLD_BYTES = 8192
"""Of a message or traceback; the log has all of it."""
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class _Cancelled(BaseException):
    """Unwinds the module's code after a SIGTERM, so that its `finally` blocks run."""


def run(spec: Mapping[str, Any], folder: pathlib.Path, report: int) -> bool:
    """Run the module's code as `spec` says and write how it went to the descriptor `report`; whether it went well."""
    faulthandler.enable()
    account = _account(lambda: _act(spec, folder))
    durable.write_all(report, json.dumps(account).encode())
    sys.stdout.flush()
    sys.stderr.flush()
    # The interpreter's own way out would wait for threads that the module left behind.
    atexit._run_exitfuncs()
    return bool(account["reason"] == "finished")


def _make_home(spec: Mapping[str, Any], folder: pathlib.Path) -> None:
    """Give the module's code the surroundings it expects: folder, PATH, import path, a port of its own."""
    if sys.path and sys.path[0] in ("", str(pathlib.Path.cwd())):
        del sys.path[0]  # `python -m` put the folder it was started in before everything else.
    os.chdir(spec["module"].get("cwd") or folder)
    own = str(pathlib.Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([own, os.environ.get("PATH", os.defpath)])
    if spec["module"]["kind"] == "deepaas":
        deepaas_surroundings.make(folder)


def _account(act: Callable[[], None]) -> Dict[str, Any]:
    """Run `act` and tell how it went, as the first half of an outcome."""
    try:
        act()
    except arguments.BadInput as error:
        return _failure("bad_input", str(error), faults=error.faults)
    except adapter.Refused as error:
        return _failure("bad_input" if error.status < 500 else "module_error", str(error))
    except _Cancelled as error:
        print(f"cancelled{_ending(error.__cause__)}", file=sys.stderr)
        return {"reason": "cancelled_by_user", "message": "Cancelled.", "faults": {}, "traceback": ""}
    except BaseException as error:  # The isolation point: the module's code may raise anything.
        return _failure(_reason(error), _sentence(error))
    return {"reason": "finished", "message": ""}


def _ending(cause: Optional[BaseException]) -> str:
    return "" if cause is None else f": {_sentence(cause)}"


def _failure(reason: str, message: str, faults: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
    text = traceback.format_exc()
    try:
        sys.stderr.write(text)
    except OSError:
        pass  # The disk that holds the log may be what is full.
    return {
        "reason": reason,
        "message": message[:_TOLD_BYTES],
        "faults": dict(faults or {}),
        "traceback": text[-_TOLD_BYTES:],
    }


def _reason(error: BaseException) -> str:
    if _disk_full(error):
        return "disk_full"
    return "out_of_memory" if isinstance(error, MemoryError) else "module_error"


def _sentence(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"The module ended its own process: sys.exit({error.code!r})."
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _disk_full(error: Optional[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in _DISK_FULL:
            return True
        error = error.__cause__ or error.__context__
    return False


def _act(spec: Mapping[str, Any], folder: pathlib.Path) -> None:
    if spec["kind"] not in _KINDS:
        raise ValueError(f"this pelagos.module runs {', '.join(_KINDS)}, not '{spec['kind']}'")
    if "module" in spec:
        _make_home(spec, folder)
    _KINDS[spec["kind"]](spec, folder)


def _train(spec: Mapping[str, Any], folder: pathlib.Path) -> None:
    resume = spec.get("resume")
    current = training.Training(
        folder, id=spec["id"], cache=spec["cache"], resume=None if resume is None else files.Folder(resume)
    )
    _hear_cancel(current)
    module = spec["module"]
    trainer = loading.load(module["name"], kind=module["kind"], entry=module["entry"])
    try:
        result = trainer.train(current, {name: _received(value) for name, value in spec["arguments"].items()})
    except Exception as error:  # The module's code: what it raises after the wish to stop is its way to stop.
        if current.stopping:
            raise _Cancelled from error
        raise
    durable.write(folder / "result.json", answers.encode(result))
    if current.stopping:
        raise _Cancelled  # It came back early because it saw the wish, perhaps before the supervisor did.


def _predict_batch(spec: Mapping[str, Any], folder: pathlib.Path) -> None:
    def leave(_signum: int, _frame: object) -> None:
        raise _Cancelled

    signal.signal(signal.SIGTERM, leave)
    batch_prediction.run(spec, folder, _received)


def _become_command(spec: Mapping[str, Any], folder: pathlib.Path) -> None:
    """Replace this process by a command; its exit code is what the supervisor goes by."""
    os.chdir(spec.get("cwd") or folder)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and the command would inherit that.
        signal.signal(number, signal.SIG_DFL)
    os.execvp(spec["command"][0], spec["command"])  # noqa: S606 - there is no shell, and none is wanted


def _hear_cancel(current: training.Training) -> None:
    """Leave the module's code at SIGTERM, unless it looks at `run.cancelled` itself and so ends in its own way."""

    def leave(_signum: int, _frame: object) -> None:
        if not current.watched:
            raise _Cancelled

    signal.signal(signal.SIGTERM, leave)


def _received(value: Any) -> Any:
    """Give a value of the spec as the module takes it: files and folders as such."""
    if isinstance(value, dict):
        if set(value) == {"$file"}:
            file = value["$file"]
            return files.File(file["name"], content_type=file.get("content_type", ""), path=file["path"])
        if set(value) == {"$folder"}:
            return files.Folder(value["$folder"])
        return {key: _received(item) for key, item in value.items()}
    return [_received(item) for item in value] if isinstance(value, list) else value


_KINDS: Mapping[str, Callable[[Mapping[str, Any], pathlib.Path], None]] = {
    "training": _train,
    "batch_prediction": _predict_batch,
    "command": _become_command,
}
