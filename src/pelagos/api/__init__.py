"""The hub's REST API at `/api`, and the proxy to what is deployed at `/deployments/<id>/`.

`routes(hub, stopping)` gives the routes of both; `errors` holds the one map from an error to a status.
"""

from pelagos.api.mounting import routes
from pelagos.api.proxy import Proxy

__all__ = ["Proxy", "routes"]
