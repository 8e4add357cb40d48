"""Say what a module's function was called with, so that two servers can be compared by type and value."""

import datetime
import os


def shown(value):
    """Write a value with its type; of an upload, what a module can see of it."""
    if hasattr(value, "original_filename"):
        return _upload(value)
    if isinstance(value, dict):
        return {str(key): shown(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    if isinstance(value, (datetime.date, datetime.datetime)):
        return [type(value).__name__, value.isoformat()]
    return [type(value).__name__, value if isinstance(value, (str, int, float, type(None))) else repr(value)]


def _upload(value):
    with open(value.filename, "rb") as opened:
        content = opened.read()
    return {
        "class": type(value).__name__,
        "module": type(value).__module__,
        "fields": list(value._fields),
        "name": value.name,
        "content_type": value.content_type,
        "original_filename": value.original_filename,
        "absolute": os.path.isabs(value.filename),
        "size": len(content),
        "start": content[:20].decode("latin-1"),
    }
