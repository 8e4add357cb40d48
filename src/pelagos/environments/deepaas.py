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
_LOWER = re.compile(r">=?\s*(\d+)")


def missing(distribution: importlib.metadata.Distribution, site: Path) -> list[str]:
    """List the requirements to add to the environment whose packages are in `site`."""
    there = {normalised(each.name) for each in importlib.metadata.distributions(path=[str(site)])}
    pinned = {normalised(_name(text)) for text in distribution.requires or () if _decides(text)}
    # DEEPaaS itself pins the libraries of fields as it needs them.
    if "deepaas" in there:
        pinned |= {"webargs", "marshmallow"}
    wanted = [name for name in NEEDED if name not in there or (name not in pinned and "<" in NEEDED[name])]
    return [NEEDED[name] for name in wanted]


def write_scripts(bin_folder: Path, modules: Sequence[str], *, state: Path, python: Path) -> None:
    """Put `deepaas-run` and `deepaas-cli` beside the module's interpreter, for batch scripts that call them there.

    They use the Pelagos of `python`, and the state folder in which the module is installed. Scripts of an installed
    DEEPaaS stay.
    """
    variables = {"PELAGOS_STATE_DIR": str(state)}
    if len(modules) == 1:
        variables["DEEPAAS_V2_MODEL"] = modules[0]
    lines = [f'[ -n "${name}" ] || {name}={shlex.quote(value)}; export {name}\n' for name, value in variables.items()]
    for name in SCRIPTS:
        script = bin_folder / name
        if not script.exists():
            command = f'exec {shlex.quote(str(python))} -m pelagos.cli.{name.replace("-", "_")} "$@"'
            script.write_text(f"#!/bin/sh\n{''.join(lines)}{command}\n", encoding="utf-8")
            script.chmod(0o755)


def _decides(requirement: str) -> bool:
    """Whether a module's own requirement leaves no room for ours: it has an upper bound, or a newer lower one."""
    text = requirement.partition(";")[0]
    if re.search(r"[<~@]|==", text):
        return True
    lower, ours = _LOWER.search(text), NEEDED.get(normalised(_name(text)), "")
    return lower is not None and "<" in ours and int(lower[1]) >= int(ours.rpartition("<")[2])


def _name(requirement: str) -> str:
    return re.split(r"[\s\[(<>=!~;@]", requirement.strip(), maxsplit=1)[0]
