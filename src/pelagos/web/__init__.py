"""The dashboard: the hub's pages for people.

`routes(hub)` gives all of its routes, to be mounted after everything else; `refused` writes the page for somebody whom
the hub's guard does not let in.
"""

from pelagos.web.mounting import refused, routes

__all__ = ["refused", "routes"]
