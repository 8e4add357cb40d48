"""Who visits the pages of a hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import databases
import hub_world
from pelagos import environments
from web import visits

pytest_generate_tests = databases.on_both


@pytest.fixture
def visitor(
    tmp_path: Path, installed_modules: environments.Environments, database_url: str
) -> Iterator[visits.Visitor]:
    """Somebody at a hub of their own that has the modules `trivial` and `counting`, and their cards."""
    state = hub_world.link_modules(tmp_path / "state", installed_modules)
    with visits.visiting(state, database_url) as made:
        made.hub.sources.refresh("installed")
        yield made
