"""Files on their way into a DEEPaaS module: as its fields see them, and as its functions do."""

from __future__ import annotations

import importlib
import pathlib
import sys
import traceback
from typing import Any, BinaryIO, Dict

from pelagos.module.files import File

_SHIM = pathlib.Path(__file__).parent / "shim"
_WRAPPER = "deepaas.model.v2.wrapper"


class Received:
    """A file as fields and their validators see it: the attributes of aiohttp's `FileField`."""

    def __init__(self, name: str, file: File) -> None:
        self.name = name
        """Of the argument."""
        self.filename = file.name
        """At the client."""
        self.content_type = file.content_type
        self.headers: Dict[str, str] = {"Content-Type": file.content_type}
        self.content = file

    @property
    def file(self) -> BinaryIO:
        """The content, opened for reading."""
        return self.content.open()


def offer_shim() -> None:
    """Let `import deepaas` work where DEEPaaS is not installed; one that is installed comes first."""
    if str(_SHIM) not in sys.path:
        sys.path.append(str(_SHIM))


def wrapper() -> Any:
    """Import the module of DEEPaaS that has `UploadedFile`: the installed one, which takes a second, or the shim's."""
    try:
        return importlib.import_module(_WRAPPER)
    except Exception:  # Another package's code: it may be too old, or broken.
        traceback.print_exc()
        print("The DEEPaaS of this environment cannot be imported (see above): a stand-in is used.", file=sys.stderr)
    for name in [name for name in sys.modules if name.partition(".")[0] == "deepaas"]:
        del sys.modules[name]
    sys.path.insert(0, str(_SHIM))
    return importlib.import_module(_WRAPPER)


def handed(value: Any) -> Any:
    """Give a value as the module's function takes it: files, also in lists, as DEEPaaS's `UploadedFile`."""
    if isinstance(value, Received):
        return uploaded(value.name, value.content)
    if isinstance(value, list) and any(isinstance(item, Received) for item in value):
        return [handed(item) for item in value]
    return value


def uploaded(name: str, file: File) -> Any:
    """Make the `UploadedFile` that the module knows."""
    return wrapper().UploadedFile(
        name=name,
        filename=str(file.path),
        content_type=file.content_type,
        original_filename=file.name,
    )
