"""Cards of the catalog and their facets."""

import sqlalchemy as sa
from alembic import op

from pelagos.db import Utc

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of the catalog room. The index of words is made by the room itself: it can be derived."""
    op.create_table(
        "cards",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("category", sa.String(200), nullable=False),
        sa.Column("licence", sa.String(500)),
        sa.Column("created", sa.Date),
        sa.Column("updated", sa.Date),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("tasks", sa.JSON, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("source", sa.String(500), nullable=False),
        sa.Column("commit", sa.String(64), nullable=False),
        sa.Column("imported", Utc, nullable=False),
        sa.UniqueConstraint("name", name="cards_name"),
    )
    op.create_index("cards_title", "cards", ["title"])
    op.create_index("cards_updated", "cards", ["updated"])
    op.create_table(
        "card_facets",
        sa.Column("card_id", sa.Integer, sa.ForeignKey("cards.id"), primary_key=True),
        sa.Column("facet", sa.String(16), primary_key=True),
        sa.Column("value", sa.String(500), primary_key=True),
    )
    op.create_index("card_facets_value", "card_facets", ["facet", "value", "card_id"])
    op.create_table(
        "catalog_revision",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
