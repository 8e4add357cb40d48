"""The console's own scripts, styles and the vendored ones, under addresses that change with their content."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse

FOLDER = Path(__file__).parent / "static"

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


@functools.cache
def digest() -> str:
    """Name the whole set by its content; scripts import one another by relative address, so they share one name."""
    total = hashlib.sha256()
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in _TYPES:
            total.update(path.relative_to(FOLDER).as_posix().encode())
            total.update(path.read_bytes())
    return total.hexdigest()[:12]


def address(name: str) -> str:
    """Give the path of a file below `/console`."""
    return f"/static/{digest()}/{name}"


async def serve(request: Request) -> FileResponse:
    """Answer with a file; only names that exist in the folder are looked at, so no path leads out of it."""
    name = request.path_params["name"]
    path = next((path for path in FOLDER.rglob("*") if path.relative_to(FOLDER).as_posix() == name), None)
    if path is None or path.suffix not in _TYPES:
        raise HTTPException(404)
    current = request.path_params["digest"] == digest()
    headers = {"Cache-Control": _FOREVER if current else "no-cache"}
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=headers)
