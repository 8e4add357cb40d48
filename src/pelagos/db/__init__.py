"""The database: connection and migrations. Each room's tables are written in its own `store.py`."""

from pelagos.db.columns import Utc
from pelagos.db.connection import Database
from pelagos.db.schema import METADATA, NotMigrated, connect

__all__ = ["METADATA", "Database", "NotMigrated", "Utc", "connect"]
