"""${message}."""

import sqlalchemy
from alembic import op

import pelagos.db

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Apply."""
    ${upgrades if upgrades else "pass"}
