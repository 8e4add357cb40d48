"""Scripts and styles, our own and the vendored ones, under addresses that change with their content."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse

FOLDER = Path(__file__).parent / "static"

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


class Assets:
    """The files of some folders as one set; scripts import one another by relative address, so they share one name."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders

    @functools.cached_property
    def digest(self) -> str:
        """Name the whole set by its content."""
        total = hashlib.sha256()
        for name, path in sorted(self._files().items()):
            total.update(name.encode())
            total.update(path.read_bytes())
        return total.hexdigest()[:12]

    def address(self, name: str) -> str:
        """Give the path of a file below the place where the set is served."""
        return f"/static/{self.digest}/{name}"

    async def serve(self, request: Request) -> FileResponse:
        """Answer with a file; only names that exist in the folders are looked at, so no path leads out of them."""
        path = self._files().get(request.path_params["name"])
        if path is None:
            raise HTTPException(404)
        current = request.path_params["digest"] == self.digest
        headers = {"Cache-Control": _FOREVER if current else "no-cache"}
        return FileResponse(path, media_type=_TYPES[path.suffix], headers=headers)

    def _files(self) -> Mapping[str, Path]:
        found = ((folder, path) for folder in self._folders for path in folder.rglob("*") if path.suffix in _TYPES)
        return {path.relative_to(folder).as_posix(): path for folder, path in found}


OWN = Assets(FOLDER)
"""The console's own."""


def digest() -> str:
    """Name the console's set by its content."""
    return OWN.digest


def address(name: str) -> str:
    """Give the path of one of the console's files below `/console`."""
    return OWN.address(name)


async def serve(request: Request) -> FileResponse:
    """Answer with one of the console's files."""
    return await OWN.serve(request)
