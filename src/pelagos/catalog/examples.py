"""Run the examples of a card in the module's own environment, and compare what it answers with what is expected."""

from __future__ import annotations

import dataclasses
import datetime
import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pelagos import environments
from pelagos.catalog import card
from pelagos.domain import clock, errors
from pelagos.environments import building
from pelagos.module import processes

_LONGEST_MESSAGE = 1000
_MOST_DIFFERENCES = 5
_TAIL_BYTES = 4096


@dataclasses.dataclass(frozen=True)
class ExampleRun:
    """How one example went."""

    name: str
    passed: bool
    message: str
    """Why it did not pass; empty when it did."""
    seconds: float
    """How long the prediction took; the module was loaded before."""
    version: str
    """Of the module."""
    time: datetime.datetime


def run(
    module: environments.Installed,
    wanted: Sequence[card.Example],
    *,
    folder: Path,
    author_path: Path,
    clock: clock.Clock,
    timeout_s: float = 600.0,
) -> tuple[ExampleRun, ...]:
    """Run examples one after the other in one process; files are paths in `folder`.

    Never raises for what the module does: a module that cannot be loaded, or takes longer than `timeout_s`, fails all
    examples that had no answer yet.
    """
    now = clock.now()
    inputs = [dict(each.input) for each in wanted]
    told = _ask(module, inputs, folder, author_path, clock.new_id(), timeout_s)
    return tuple(
        _judged(each, f"example {number}", answer, module.version, now)
        for number, (each, answer) in enumerate(zip(wanted, told, strict=True), start=1)
    )


def differences(expected: Any, answered: Any, tolerance: float, place: str = "") -> Iterator[str]:
    """Tell where an answer is not what was expected. Of an object only the keys that are expected matter."""
    here = place or "the answer"
    if isinstance(expected, Mapping):
        for key, value in expected.items():
            if not isinstance(answered, Mapping) or key not in answered:
                yield f"{here} has no “{key}”"
            else:
                yield from differences(value, answered[key], tolerance, f"{place}.{key}".removeprefix("."))
    elif isinstance(expected, list | tuple):
        if not isinstance(answered, list) or len(answered) != len(expected):
            yield f"{here} is {_short(answered)}, not a list of {len(expected)}"
            return
        for number, (value, other) in enumerate(zip(expected, answered, strict=True)):
            yield from differences(value, other, tolerance, f"{place}[{number}]")
    elif not _same(expected, answered, tolerance):
        within = f" within {tolerance:g}" if tolerance and _is_number(expected) else ""
        yield f"{here} is {_short(answered)}, expected {_short(expected)}{within}"


def _same(expected: Any, answered: Any, tolerance: float) -> bool:
    if _is_number(expected) and _is_number(answered):
        return bool(abs(expected - answered) <= tolerance + 1e-12)
    return type(expected) is type(answered) and bool(expected == answered)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _judged(
    example: card.Example, name: str, told: Mapping[str, Any], version: str, now: datetime.datetime
) -> ExampleRun:
    message = told.get("error", "")
    if not message and example.expected is not None:
        found = list(differences(example.expected, told["answer"], example.tolerance))
        message = "; ".join(found[:_MOST_DIFFERENCES])
    seconds = round(float(told.get("seconds", 0.0)), 4)
    return ExampleRun(example.name or name, not message, message[:_LONGEST_MESSAGE], seconds, version, now)


def _ask(
    module: environments.Installed,
    inputs: Sequence[Mapping[str, Any]],
    folder: Path,
    author_path: Path,
    token: str,
    timeout_s: float,
) -> list[Mapping[str, Any]]:
    """Give what came of each input: `{"answer", "seconds"}` or `{"error"}`."""
    with tempfile.TemporaryDirectory(prefix="pelagos-examples-") as scratch:
        asked, answered = Path(scratch) / "asked.json", Path(scratch) / "answered.jsonl"
        asked.write_text(json.dumps({"folder": str(folder), "inputs": inputs}), encoding="utf-8")
        entry = [module.name, module.kind, module.entry]
        command = [str(module.python), "-m", "pelagos.module.trying", *entry, str(asked), str(answered)]
        log = Path(scratch) / "log"
        reason = _run(command, module.folder or scratch, log, author_path, token, timeout_s)
        lines = answered.read_text(encoding="utf-8").splitlines() if answered.exists() else []
    told: list[Mapping[str, Any]] = [json.loads(line) for line in lines]
    return told + [{"error": reason or "the module gave no answer"}] * (len(inputs) - len(told))


def _run(command: Sequence[str], cwd: Path | str, log: Path, author_path: Path, token: str, timeout_s: float) -> str:
    """Run a process with all that it starts to its end, and say why it ended when it did not end well."""
    variables = {**building.clean_environment(), "PYTHONPATH": str(author_path), processes.TOKEN_VARIABLE: token}
    try:
        with log.open("wb") as kept:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=kept,
                stderr=kept,
                cwd=cwd,
                env=variables,
                timeout=timeout_s,
                check=False,
            )
    except subprocess.TimeoutExpired:
        return f"it took longer than {timeout_s:g} s"
    except OSError as error:
        raise errors.EnvironmentFailed(f"the module's Python cannot be started: {error}") from error
    finally:
        processes.end(processes.of_run(token))
    return "" if done.returncode == 0 else f"the module ended with code {done.returncode}: {_last_line(log)}"


def _last_line(log: Path) -> str:
    with log.open("rb") as kept:
        kept.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        lines = kept.read().decode("utf-8", "replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "it printed nothing")
