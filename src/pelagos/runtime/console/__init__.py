"""The console: the pages of `pelagos run`, for people who train and predict in their browser.

`routes(service)` gives the routes under `/console/`; `home(request, service)` answers `/` for a browser.
"""

from pelagos.runtime.console.mounting import home, routes

__all__ = ["home", "routes"]
