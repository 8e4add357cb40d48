"""What a DEEPaaS module needs of its environment without saying so.

Published modules were written beside an installed DEEPaaS, which brought these packages, and for its field libraries of
the time. What a module asks for itself always counts.
"""

from __future__ import annotations

import importlib.metadata
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from pelagos.environments.sources import normalised

NEEDED: Mapping[str, str] = {
    # webargs 6 and marshmallow 4 know no `location` of a field.
    "webargs": "webargs<6",
    "marshmallow": "marshmallow>=3,<4",
    # The last that carries pkg_resources, and distutils for newer Pythons.
    "setuptools": "setuptools<81",
    "aiohttp": "aiohttp",
    "pyyaml": "PyYAML",
}
BUILD_CONSTRAINT = NEEDED["setuptools"]
"""For modules whose setup.py imports pkg_resources."""
SCRIPTS = ("deepaas-run", "deepaas-cli")
_PINNED = re.compile(r"^\s*[A-Za-z0-9._-]+\s*(\[[^]]*\])?\s*\(?\s*[<>=!~@]")


def missing(distribution: importlib.metadata.Distribution, site: Path) -> list[str]:
    """List the requirements to add to the environment whose packages are in `site`."""
    there = {normalised(each.name) for each in importlib.metadata.distributions(path=[str(site)])}
    pinned = {normalised(_name(text)) for text in distribution.requires or () if _PINNED.match(text)}
    # DEEPaaS itself pins the libraries of fields as it needs them.
    if "deepaas" in there:
        pinned |= {"webargs", "marshmallow"}
    unpinned = [name for name in NEEDED if name not in there or (name not in pinned and "<" in NEEDED[name])]
    return [NEEDED[name] for name in unpinned]


def write_scripts(bin_folder: Path, modules: Sequence[str], commands: Path) -> None:
    """Put `deepaas-run` and `deepaas-cli` beside the module's interpreter, for batch scripts that call them there.

    `commands` is the folder of our own commands of these names. Scripts of an installed DEEPaaS stay.
    """
    chosen = f"export DEEPAAS_V2_MODEL=${{DEEPAAS_V2_MODEL:-{modules[0]}}}\n" if len(modules) == 1 else ""
    for name in SCRIPTS:
        script = bin_folder / name
        if not script.exists():
            script.write_text(f'#!/bin/sh\n{chosen}exec {shlex.quote(str(commands / name))} "$@"\n', encoding="utf-8")
            script.chmod(0o755)


def _name(requirement: str) -> str:
    return re.split(r"[\s\[(<>=!~;@]", requirement.strip(), maxsplit=1)[0]
