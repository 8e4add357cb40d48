"""A folder that holds `pelagos.module` and nothing else, to be put on the path of a module's interpreter.

The server's own site-packages never get there, so nothing of the server leaks into a module's environment. It is a
copy, named by its content: a job that is running keeps its code when Pelagos is upgraded under it.
"""

from __future__ import annotations

import compileall
import functools
import hashlib
import shutil
import tempfile
from pathlib import Path

import pelagos


def make(root: Path) -> Path:
    """Give the folder below `root`, made on the first call. Safe with many callers at once."""
    files, digest = _ours()
    target = root / digest
    if not target.is_dir():
        _copy(files, target)
    return target


@functools.cache
def _ours() -> tuple[dict[str, Path], str]:
    # Once in a process: reading all files again would take as long as every command's own work.
    files = _files()
    return files, _digest(files)


def _files() -> dict[str, Path]:
    # Not imported: it is read only, and would bring all that authors need.
    room = Path(pelagos.__file__).with_name("module")
    below = {path.relative_to(room): path for path in room.rglob("*") if path.is_file()}
    found = {f"{room.name}/{name}": path for name, path in below.items() if _travels(name)}
    return {"__init__.py": Path(pelagos.__file__), **dict(sorted(found.items()))}


def _travels(name: Path) -> bool:
    return name.name != "ruff.toml" and not any(part == "__pycache__" or part[0] == "." for part in name.parts)


def _digest(files: dict[str, Path]) -> str:
    total = hashlib.sha256()
    for name, path in files.items():
        total.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()[:16]


def _copy(files: dict[str, Path], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=".new-"))
    for name, path in files.items():
        copy = temporary / "pelagos" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    # Else every worker would compile it again where nothing may be written: in containers, or as a setting says.
    compileall.compile_dir(temporary, quiet=2)
    temporary.chmod(0o755)
    try:
        temporary.rename(target)
    except OSError:
        # Somebody else made the same folder in the meantime.
        shutil.rmtree(temporary)
        if not target.is_dir():
            raise
