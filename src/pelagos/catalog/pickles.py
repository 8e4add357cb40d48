"""Find the pickles in a module's folder, and what they would run when somebody loads them. Nothing is loaded here."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

from picklescan import scanner  # type: ignore[import-untyped]

from pelagos.catalog import faults

_SUFFIXES = {".pkl", ".pickle", ".joblib", ".dat", ".data", ".pt", ".pth", ".ckpt", ".bin", ".t7"}
"""Of files that are pickles, or archives of them: scikit-learn's, joblib's and torch's."""
_NOT_OURS = {"venv", "node_modules", "__pycache__", "site-packages"}
_MOST_FILES = 200
_LARGEST_BYTES = 2 * 10**9

logging.getLogger("picklescan").setLevel(logging.CRITICAL)


def scan(folder: Path) -> tuple[faults.Fault, ...]:
    """Report each file that would run code when loaded, as a warning. Links are not followed."""
    found: list[faults.Fault] = []
    for number, path in enumerate(_pickles(folder)):
        file = str(path.relative_to(folder))
        if number == _MOST_FILES:
            found.append(_warning(file, f"Only {_MOST_FILES} files were looked at.", "Look at the others yourself."))
            break
        found += _judge(path, file)
    return tuple(found)


def _pickles(folder: Path) -> Iterator[Path]:
    for place, below, files in os.walk(folder):
        below[:] = sorted(name for name in below if name not in _NOT_OURS and not name.startswith("."))
        paths = (Path(place) / name for name in sorted(files))
        yield from (path for path in paths if path.suffix.lower() in _SUFFIXES and not path.is_symlink())


def _judge(path: Path, file: str) -> list[faults.Fault]:
    if path.stat().st_size > _LARGEST_BYTES:
        return [_warning(file, "The file is too large to be looked at.", "Keep weights as safetensors or ONNX.")]
    try:
        with path.open("rb") as opened:
            told = scanner.scan_bytes(opened, file, path.suffix.lower())
    except Exception as error:  # an isolation point: the file may be made to break its reader
        return [_warning(file, f"The file cannot be read as a pickle: {type(error).__name__}.", "Do not load it.")]
    levels = {level: [f"{each.module}.{each.name}" for each in told.globals if each.safety is level] for level in _SAYS}
    return [
        _warning(file, says.format(", ".join(sorted(names)[:5])), advice)
        for level, (says, advice) in _SAYS.items()
        if (names := levels[level])
    ]


def _warning(file: str, message: str, suggestion: str) -> faults.Fault:
    return faults.Fault(file, message, suggestion, severity=faults.Severity.WARNING)


_SAYS = {
    scanner.SafetyLevel.Dangerous: ("Loading it runs {}, which may do anything.", "Do not load it."),
    scanner.SafetyLevel.Suspicious: ("Loading it runs {}.", "Check that these are harmless, or use safetensors."),
}
