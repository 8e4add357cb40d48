"""Read a run folder: its log, metrics, progress, outcome. Every look is cheap enough to be made several times a second.

The files are described in `docs/how-it-works/run-folder.md`. Whatever is not there yet reads as empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pelagos.domain import errors
from pelagos.module import durable

PIECE_BYTES = 1 << 20
_TAIL_BYTES_PER_LINE = 400
_UNFIT = re.compile(rb"\\u(0000|[dD][89a-fA-F])")
"""How signs are written that are no text by themselves."""


class Piece(NamedTuple):
    """A part of a log."""

    data: bytes
    end: int
    """Where it ends, and where to go on."""
    size: int
    """The size of the whole log."""


class RunFolder:
    """The folder of one job."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.model = path / "model"
        self.outputs = path / "outputs"
        self.inputs = path / "inputs"
        self.tensorboard = path / "tensorboard"

    def log(self, start: int = 0, limit: int = PIECE_BYTES) -> Piece:
        """Read the log from byte `start` on, `limit` bytes at most."""
        data, size = _read_part(self.path / "log", start, limit)
        return Piece(data, start + len(data), size)

    def log_tail(self, lines: int) -> Piece:
        """Read the last lines of the log; of very long lines perhaps fewer."""
        start = max(0, _size(self.path / "log") - lines * _TAIL_BYTES_PER_LINE)
        data, size = _read_part(self.path / "log", start, -1)
        whole = data.partition(b"\n")[2] if start else data
        kept = (whole or data).splitlines(keepends=True)[-lines:] if lines > 0 else []
        return Piece(b"".join(kept), start + len(data), size)

    def metrics(self, start: int = 0) -> tuple[Sequence[dict[str, Any]], int]:
        """Read the metrics from byte `start` on: whole lines only, and where to go on."""
        data, _ = _read_part(self.path / "metrics.jsonl", start, -1)
        whole = data[: data.rfind(b"\n") + 1]
        return [row for row in map(_row, whole.splitlines()) if row is not None], start + len(whole)

    def progress(self) -> dict[str, Any] | None:
        """Read how far the run is: `fraction`, `message`, `time`."""
        return self._object("progress.json")

    def heartbeat(self) -> dict[str, Any] | None:
        """Read the supervisor's last sign of life: `time`, `rss_mb`, `cpu_s`, `processes`."""
        return self._object("heartbeat")

    def outcome(self) -> dict[str, Any] | None:
        """Read how the run ended; None while it has not."""
        return self._object("outcome.json")

    def result(self) -> Any:
        """Read what the module returned; None while there is nothing."""
        return self._json("result.json")

    def spec(self) -> dict[str, Any] | None:
        """Read what was to be run."""
        return self._object("spec.json")

    @property
    def begun(self) -> bool:
        """Whether a supervisor has ever started here."""
        return (self.path / "started").exists()

    @property
    def ended(self) -> bool:
        """Whether the run has left its outcome."""
        return (self.path / "outcome.json").exists()

    @property
    def cancel_asked(self) -> bool:
        """Whether somebody wants the run to stop."""
        return (self.path / "cancel").exists()

    @property
    def has_model(self) -> bool:
        """Whether the run has left anything in its model folder; what a link leads to is no model of it."""
        try:
            return not self.model.is_symlink() and any(True for _ in self.model.iterdir())
        except FileNotFoundError:
            return False

    def ask_cancel(self) -> None:
        """Leave the wish that the run stops; it survives whoever had it. May be called twice.

        Its date, from which the run's patience is counted, is that of the first time. Raises NotFound when the folder
        is gone.
        """
        if self.cancel_asked:
            return
        try:
            (self.path / "cancel").touch(mode=0o600)
            durable.sync_folder(self.path)
        except FileNotFoundError:
            raise errors.NotFound("The files of this job are gone.") from None

    def signature(self) -> tuple[int, ...]:
        """Give numbers that differ when anything in here has changed since: cheap to compare, meaningless otherwise."""
        names = ("log", "metrics.jsonl", "progress.json", "outcome.json", "started")
        return tuple(_mark(self.path / name) for name in names)

    def _object(self, name: str) -> dict[str, Any] | None:
        found = self._json(name)
        return found if isinstance(found, dict) else None

    def _json(self, name: str) -> Any:
        try:
            return _read((self.path / name).read_bytes())
        except (FileNotFoundError, ValueError, RecursionError):
            return None  # A module can write what it likes in here.


def _read_part(path: Path, start: int, limit: int) -> tuple[bytes, int]:
    try:
        with path.open("rb") as source:
            source.seek(start)
            data = source.read(limit)
            # The file may have grown since: the size never falls short of what was read.
            return data, max(_size(path), start + len(data) if data else 0)
    except FileNotFoundError:
        return b"", 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _mark(path: Path) -> int:
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0
    return hash((found.st_size, found.st_mtime_ns, found.st_ino))


def _row(line: bytes) -> dict[str, Any] | None:
    try:
        row = _read(line)
    except (ValueError, RecursionError):
        return None  # A full disk can leave half a line in the middle; the lines around it are good.
    return row if isinstance(row, dict) else None


def _read(data: bytes) -> Any:
    """Read JSON; signs that no database and no client takes (NUL, half of a pair) are replaced."""
    value = json.loads(data)
    if _UNFIT.search(data) is None:
        return value
    text = json.dumps(value, ensure_ascii=False).replace("\\u0000", "\\ufffd")
    return json.loads(text.encode("utf-8", "replace"))
