"""A site on this machine that sends the first half of a file and the rest when it is told to."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import threading
from collections.abc import Iterator
from typing import Any

PATIENCE_S = 60
CONTENT = b"a,b\n" * 1000


@dataclasses.dataclass(frozen=True)
class SlowSite:
    """Where it is."""

    url: str
    """Of a file of 4,000 bytes."""
    go_on: threading.Event
    """Set it, and the rest is sent."""
    asked: list[str]
    """The requests there were."""


@contextlib.contextmanager
def slow_site() -> Iterator[SlowSite]:
    """Run one for as long as the block lasts."""
    go_on, asked = threading.Event(), list[str]()

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT[: len(CONTENT) // 2])
            self.wfile.flush()
            go_on.wait(PATIENCE_S)
            with contextlib.suppress(OSError):
                self.wfile.write(CONTENT[len(CONTENT) // 2 :])

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    serving = threading.Thread(target=server.serve_forever, args=(0.05,))
    serving.start()
    try:
        yield SlowSite(f"http://127.0.0.1:{server.server_port}/data.csv", go_on, asked)
    finally:
        go_on.set()
        server.shutdown()
        serving.join()
        server.server_close()
