"""Describe one module in its own interpreter: `python -m pelagos.module.describing NAME KIND ENTRY OUTPUT`.

OUTPUT receives `{"description": ..., "files": [...]}`: the files are those that the description was made from, so that
the asker knows when it is out of date. Standard output and error belong to the module's code.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys
from typing import List, Sequence

from pelagos.module import loading


def main(arguments: Sequence[str]) -> None:
    """Write the description; whatever the module's import raises ends the process with its traceback."""
    name, kind, entry, output = arguments
    description = loading.load(name, kind=kind, entry=entry).description()
    made = {"description": description, "files": [] if kind == "remote" else own_files(entry)}
    pathlib.Path(output).write_text(json.dumps(made), encoding="utf-8")


def own_files(entry: str) -> List[str]:
    """List the source files in use that are no installed package's, and the places where a card may be."""
    installed = tuple({sys.prefix + os.sep, sys.base_prefix + os.sep})
    ours = str(pathlib.Path(__file__).resolve().parent)
    loaded = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    own = {path for path in loaded if path.endswith(".py") and not path.startswith((*installed, ours))}
    package = pathlib.Path(getattr(sys.modules[entry.partition(":")[0]], "__file__", None) or ".").resolve().parent
    cards = [str(folder / "module.toml") for folder in [package, *list(package.parents)[:3]]]
    return sorted(own) + cards


if __name__ == "__main__":
    main(sys.argv[1:])
