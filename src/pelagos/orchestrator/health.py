"""Ask a replica whether it is well, where it listens."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping

from pelagos.orchestrator import attempts, deployment

TIMEOUT_S = 2.0
STARTING_TIMEOUT_S = 0.5
"""One that starts may listen long before it answers, and is asked at every step: nobody else shall wait for it."""
_PATHS: Mapping[deployment.What, str] = {deployment.What.MODULE: "/healthz", deployment.What.JUPYTER: "/api"}


def answers(deployment_id: str, replica: deployment.Replica) -> bool:
    """Whether a replica answers: its health route with 200, or a custom command by accepting."""
    path = _PATHS.get(replica.what)
    starting = replica.state is deployment.Health.STARTING
    connection = _Connection(deployment.Address.of(replica), STARTING_TIMEOUT_S if starting else TIMEOUT_S)
    try:
        connection.connect()
        if path is None:
            return True
        connection.request("GET", attempts.base_path(deployment_id) + path, headers={"Host": "localhost"})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    """HTTP to an address of ours."""

    def __init__(self, address: deployment.Address, timeout_s: float) -> None:
        super().__init__(address.host, address.port, timeout=timeout_s)
        self._address = address

    def connect(self) -> None:
        """Connect to the socket or port."""
        if self._address.socket is None:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._address.socket))
