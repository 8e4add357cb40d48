"""Jobs and their history."""

import sqlalchemy as sa
from alembic import op

from pelagos.db import Utc

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of the jobs room."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("module", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("arguments", sa.JSON, nullable=False),
        sa.Column("resources", sa.JSON, nullable=False),
        sa.Column("site", sa.String(100), nullable=False),
        sa.Column("key", sa.String(200)),
        sa.Column("command", sa.JSON, nullable=False),
        sa.Column("handle", sa.JSON),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("created", Utc, nullable=False),
        sa.Column("started", Utc),
        sa.Column("finished", Utc),
        sa.Column("deleted", Utc),
        sa.Column("result", sa.JSON),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("module", "kind", "key", name="jobs_key"),
    )
    op.create_index("jobs_state", "jobs", ["state", "created"])
    op.create_index("jobs_module", "jobs", ["module", "created"])
    op.create_table(
        "job_history",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.String(32), sa.ForeignKey("jobs.id"), nullable=False),
        sa.Column("time", Utc, nullable=False),
        sa.Column("old", sa.String(16)),
        sa.Column("new", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("message", sa.Text, nullable=False),
    )
    op.create_index("job_history_job", "job_history", ["job_id", "id"])
