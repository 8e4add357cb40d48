"""A module's own Python environment: build it, find it, describe the module in it, remove it."""
