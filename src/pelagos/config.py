"""One frozen tree of settings."""
