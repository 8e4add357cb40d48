"""People, trained models, deployments, and the sources and proposals of the catalog."""

import sqlalchemy as sa
from alembic import op

from pelagos.db import Utc

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables of the hub, room by room."""
    _make_identity()
    _make_trained_models()
    _make_deployments()
    _make_sources()
    _make_proposals()
    _make_acts()


def _make_identity() -> None:
    """Sessions and login keys."""
    op.create_table(
        "login_keys",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("expires", Utc, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("created", Utc, nullable=False),
        sa.Column("used", Utc, nullable=False),
        sa.Column("agent", sa.String(100), nullable=False),
    )
    op.create_index("sessions_used", "sessions", ["used"])


def _make_trained_models() -> None:
    """Names and aliases of trained models."""
    op.create_table(
        "trained_models",
        sa.Column("id", sa.String(32), sa.ForeignKey("jobs.id"), primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
    )
    op.create_table(
        "model_aliases",
        sa.Column("module", sa.String(200), primary_key=True),
        sa.Column("alias", sa.String(100), primary_key=True),
        sa.Column("model_id", sa.String(32), sa.ForeignKey("jobs.id"), nullable=False),
        sa.Column("moved", Utc, nullable=False),
    )
    op.create_index("model_aliases_model", "model_aliases", ["model_id"])


def _make_deployments() -> None:
    """Deployments and their history, and who asked for a job."""
    op.add_column("jobs", sa.Column("person", sa.String(200), nullable=False, server_default=""))
    op.create_index("jobs_created", "jobs", ["created", "id"])
    op.create_table(
        "deployments",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("module", sa.String(200), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("wish", sa.JSON, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("site", sa.String(100)),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("replicas", sa.JSON, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("previous", sa.JSON),
        sa.Column("idle", sa.Boolean, nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("key", sa.String(200)),
        sa.Column("created", Utc, nullable=False),
        sa.Column("changed", Utc, nullable=False),
        sa.Column("last_used", Utc, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("key", name="deployments_key"),
    )
    op.create_index("deployments_state", "deployments", ["state", "created"])
    op.create_index("deployments_module", "deployments", ["module", "created"])
    op.create_table(
        "deployment_history",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("deployment_id", sa.String(32), sa.ForeignKey("deployments.id"), nullable=False),
        sa.Column("time", Utc, nullable=False),
        sa.Column("old", sa.String(32)),
        sa.Column("new", sa.String(32), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
    )
    op.create_index("deployment_history_deployment", "deployment_history", ["deployment_id", "id"])


def _make_sources() -> None:
    """Sources of cards, the versions of these, and what their texts mean."""
    op.create_table(
        "catalog_sources",
        sa.Column("id", sa.String(100), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("location", sa.String(2000), nullable=False),
        sa.Column("commit", sa.String(64), nullable=False),
        sa.Column("added", Utc, nullable=False),
        sa.Column("tried", Utc),
        sa.Column("refreshed", Utc),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("faults", sa.JSON, nullable=False),
        sa.UniqueConstraint("location", name="catalog_sources_location"),
    )
    op.create_table(
        "card_versions",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("version", sa.String(100), primary_key=True),
        sa.Column("source", sa.String(500), nullable=False),
        sa.Column("commit", sa.String(64), nullable=False),
        sa.Column("seen", Utc, nullable=False),
        sa.Column("imported", Utc, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
    )
    op.create_table(
        "card_vectors",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )


def _make_proposals() -> None:
    """Proposals with what was said about them, and how examples went."""
    op.create_table(
        "catalog_proposals",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("created", Utc, nullable=False),
        sa.Column("changed", Utc, nullable=False),
        sa.Column("report", sa.JSON, nullable=False),
    )
    op.create_index("catalog_proposals_state", "catalog_proposals", ["state", "changed"])
    op.create_index("catalog_proposals_name", "catalog_proposals", ["name"])
    op.create_table(
        "catalog_proposal_history",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("proposal_id", sa.String(32), sa.ForeignKey("catalog_proposals.id"), nullable=False),
        sa.Column("time", Utc, nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
    )
    op.create_index("catalog_proposal_history_proposal", "catalog_proposal_history", ["proposal_id", "id"])
    op.create_table(
        "catalog_example_runs",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("module", sa.String(200), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("time", Utc, nullable=False),
        sa.Column("version", sa.String(100), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
    )
    op.create_index("catalog_example_runs_module", "catalog_example_runs", ["module", "id"])


def _make_acts() -> None:
    """Long acts of the hub itself."""
    op.create_table(
        "acts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("asked", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cancelling", sa.Boolean, nullable=False),
        sa.Column("result", sa.JSON),
        sa.Column("error", sa.JSON),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("key", sa.String(200)),
        sa.Column("created", Utc, nullable=False),
        sa.Column("changed", Utc, nullable=False),
        sa.UniqueConstraint("kind", "key", name="acts_key"),
    )
    op.create_index("acts_state", "acts", ["state", "created"])
