"""The migrations of all rooms, run by Alembic."""
