"""Write what the pages of runs, models, deployments and data sets do as a command, a curl line and Python."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from pelagos.runtime.console import recipes

_BEARER = "Authorization: Bearer $PELAGOS_TOKEN"


def runs(origin: str) -> recipes.Recipe:
    """Write the list of runs."""
    return _read(["jobs", "list"], f"{origin}/api/v1/runs", "for run in hub.runs.list():\n    print(run)")


def run(origin: str, run_id: str) -> recipes.Recipe:
    """Write a look at one run."""
    return _read(["jobs", "show", run_id], f"{origin}/api/v1/runs/{run_id}", f'print(hub.runs.get("{run_id}"))')


def compare(origin: str, run_ids: Sequence[str]) -> recipes.Recipe:
    """Write the comparison of runs."""
    query = "&".join(f"run={each}" for each in run_ids)
    lines = f"for run in {list(run_ids)}:\n    print(hub.runs.get(run))"
    return _read(["jobs", "compare", *run_ids], f"{origin}/runs/compare.csv?{query}", lines)


def ending(origin: str, run_id: str, *, verb: str) -> recipes.Recipe:
    """Write a cancel or a delete."""
    address = f"{origin}/api/v1/runs/{run_id}"
    curl = (
        ["-X", "DELETE", "-H", _BEARER, address] if verb == "delete" else ["-X", "POST", "-H", _BEARER, f"{address}/{verb}"]
    )
    return _written(["jobs", verb, run_id], curl, f'hub.runs.get("{run_id}").{verb}()')


def _read(command: Sequence[str], address: str, python: str) -> recipes.Recipe:
    return _written(command, ["-H", _BEARER, address], python)


def _written(command: Sequence[str], curl: Sequence[str], python: str) -> recipes.Recipe:
    shell = shlex.join(["curl", *curl]).replace(f"'{_BEARER}'", f'"{_BEARER}"')
    return recipes.Recipe(
        shlex.join(["pelagos", *command]), shell, f"import pelagos\n\nhub = pelagos.Client()\n{python}"
    )
