"""Make the folder of a new module, with a small real model in it: put your own in its place."""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from pelagos.cli import options, output
from pelagos.domain import clock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("name", metavar="NAME", help="what the module is called, such as plankton-counter")
    parser.add_argument("--folder", metavar="DIR", type=Path, help="where to make it; by default ./NAME")
    parser.add_argument("--author", metavar="NAME", help="who makes it; by default git's user.name")
    options.add_json(parser)


def run(given: argparse.Namespace) -> int:
    """Write the files."""
    from pelagos.catalog import scaffold

    folder = (given.folder or Path(given.name)).expanduser()
    author = _git_user() if given.author is None else given.author
    made = scaffold.create(folder, given.name, author=author, today=clock.SystemClock().now().date())
    if given.json:
        output.as_json({"folder": folder.absolute(), "files": made})
        return 0
    output.table(("FILE", "SIZE"), [(path.relative_to(folder), output.size(path.stat().st_size)) for path in made])
    print(f"\nPredict:  pelagos predict {_word(folder)} {folder}/examples/three.csv")
    print(f"Train:    pelagos train {_word(folder)} --dataset {folder}/data")
    print(f"Check:    pelagos publish {_word(folder)} --check")
    return 0


def _word(folder: Path) -> str:
    return str(folder) if "/" in str(folder) else f"./{folder}"


def _git_user() -> str:
    try:
        asked = ["git", "config", "user.name"]
        return subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False).stdout.strip()
    except FileNotFoundError:
        return ""
