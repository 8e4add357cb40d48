"""The database: connection and migrations. Each room's tables are written in its own `store.py`."""
