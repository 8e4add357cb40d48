"""A replica is well when it answers where it listens."""

from __future__ import annotations

import datetime
import http.server
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pelagos import orchestrator
from pelagos.orchestrator import health

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
ID = "d" * 32


class Handler(http.server.BaseHTTPRequestHandler):
    """Is well below the base path of the deployment, and nowhere else."""

    def do_GET(self) -> None:
        well = self.path in (f"/deployments/{ID}/healthz", f"/deployments/{ID}/api")
        self.send_response(200 if well else 404)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """HTTP on a Unix socket."""

    daemon_threads = True

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, _ = super().get_request()
        return connection, ("local", 0)


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Path]:
    """The socket of a server that is well."""
    with Server(str(tmp_path / "s"), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield tmp_path / "s"
        server.shutdown()
        thread.join()


def replica(place: Path, what: orchestrator.What) -> orchestrator.Replica:
    return orchestrator.Replica(0, "t", 1, "local", NOW, what=what, address={"socket": str(place)})


class TestAnswers:
    @pytest.mark.parametrize("what", orchestrator.What)
    def test_asks_each_kind_as_it_wants_to_be_asked(self, listening: Path, what: orchestrator.What) -> None:
        assert health.answers(ID, replica(listening, what))

    def test_is_false_for_any_other_answer(self, listening: Path) -> None:
        assert not health.answers("e" * 32, replica(listening, orchestrator.What.MODULE))

    def test_is_false_where_nobody_listens(self, tmp_path: Path) -> None:
        assert not health.answers(ID, replica(tmp_path / "nothing", orchestrator.What.COMMAND))

    def test_knows_ports_too(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            here = replica(Path(), orchestrator.What.COMMAND).evolve(address={"host": "127.0.0.1", "port": port})

            assert health.answers(ID, here)

        assert not health.answers(ID, here)
