"""What keeps the trainings of DEEPaaS modules out of each other's way."""

from __future__ import annotations

import os
import pathlib
import socket

PORT = "monitorPORT"
"""The variable in which modules look for the port of their own TensorBoard."""


def make(folder: pathlib.Path, *, port: str = "") -> None:
    """Give this process a port for the module's monitor, and a harmless `fuser` in `bin` of a folder."""
    os.environ[PORT] = port or str(_free_port())
    os.environ["PATH"] = os.pathsep.join([_harmless_fuser(folder), os.environ.get("PATH", os.defpath)])


def _harmless_fuser(folder: pathlib.Path) -> str:
    """Many DEEPaaS modules run `fuser -k 6006/tcp` before they start TensorBoard, which would end that of another."""
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    script = place / "fuser"
    script.write_text("#!/bin/sh\nexit 0\n", encoding="ascii")
    script.chmod(0o755)
    return str(place)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
