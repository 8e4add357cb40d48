"""Make the folder of a new module: a small real model that can at once be checked, tested, trained and served."""

from __future__ import annotations

import datetime
import importlib.resources
import json
import keyword
import re
import string
import sys
from collections.abc import Mapping
from pathlib import Path

from pelagos.domain import errors

_FILES: Mapping[str, str] = {
    "module.toml": "module.toml",
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "LICENSE": "LICENSE",
    "Dockerfile": "Dockerfile",
    "gitignore": ".gitignore",
    "check.yml": ".github/workflows/check.yml",
    "init.py": "src/$package/__init__.py",
    "module.py": "src/$package/module.py",
    "weights.json": "src/$package/weights.json",
    "test_module.py": "tests/test_module.py",
    "penguins.csv": "data/penguins.csv",
    "three.csv": "examples/three.csv",
}
"""From the template to its place in the module's folder."""
_CARD_IN_PACKAGE = "src/$package/module.toml"
"""A link to the card, so that a wheel carries it too."""
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def create(path: Path, name: str, *, author: str = "", today: datetime.date) -> tuple[Path, ...]:
    """Write the files of a module called `name` into the new or empty folder `path`, and give them.

    Raises InvalidInput for a name that no package can have, Conflict when the folder holds something.
    """
    _check_name(name)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise errors.Conflict(f"'{path}' is there already", hint="Choose another folder: --folder DIR")
    words = _words(name, author or f"the authors of {name}", today)
    made = []
    for template, place in _FILES.items():
        target = path / string.Template(place).substitute(words)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(string.Template(_template(template)).substitute(words), encoding="utf-8")
        made.append(target)
    link = path / string.Template(_CARD_IN_PACKAGE).substitute(words)
    link.symlink_to(Path("../../module.toml"))
    return (*made, link)


def _check_name(name: str) -> None:
    package = name.replace("-", "_")
    if not _NAME.fullmatch(name) or len(name) > 100:
        said = f"'{name}' cannot be used; expected small letters, digits and single dashes, such as plankton-counter"
    elif keyword.iskeyword(package) or package in sys.stdlib_module_names or package in {"pelagos", "test", "tests"}:
        said = f"'{name}' is a word of Python; expected another name, such as {name}-module"
    else:
        return
    raise errors.InvalidInput({"name": [said]})


def _words(name: str, author: str, today: datetime.date) -> Mapping[str, str]:
    return {
        "name": name,
        "title": name.replace("-", " ").capitalize(),
        "package": name.replace("-", "_"),
        "class_name": "".join(part.capitalize() for part in name.split("-")),
        "author": " ".join(author.split()),
        "quoted_author": json.dumps(" ".join(author.split()), ensure_ascii=False),
        "year": str(today.year),
    }


def _template(name: str) -> str:
    return (importlib.resources.files("pelagos.catalog") / "templates" / f"{name}.txt").read_text(encoding="utf-8")
