"""Which databases a test is run on: `pytestmark = databases.BOTH` for what takes the fixture `database_url`."""

from __future__ import annotations

import pytest

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
