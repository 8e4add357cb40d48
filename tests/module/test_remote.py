"""Trainings that another server refuses; all that works is shown in `tests/deepaas/test_remote.py`."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pelagos.module.arguments import BadInput
from pelagos.module.remote import RemoteAdapter
from pelagos.module.training import Training

MODEL = "/v2/models/m/"
TOLD = {MODEL: {"id": "m", "name": "m"}, "/swagger.json": {"paths": {f"{MODEL}train/": {"post": {}}}}}


@contextlib.contextmanager
def refusing(faults: Any) -> Iterator[str]:
    """Serve a model that refuses every training; gives its address."""

    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, TOLD[self.path])

        def do_POST(self) -> None:
            self._send(422, faults)

        def log_message(self, *words: Any) -> None:
            """Say nothing."""

        def _send(self, status: int, document: Any) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

    with http.server.HTTPServer(("127.0.0.1", 0), Refuses) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{MODEL}"
        finally:
            server.shutdown()
            thread.join()


class TestTrain:
    def test_tells_each_fault_of_each_field(self, tmp_path: Path) -> None:
        faults = {"epochs": ["Too many.", "Not even."], "items": {"0": ["No number."]}, "nest": {"_schema": ["Odd."]}}

        with refusing(faults) as address, pytest.raises(BadInput) as caught:
            RemoteAdapter(address, name="m").train(Training(tmp_path, id="1", cache=tmp_path), {"epochs": 7})

        wanted = {"epochs": ["Too many.", "Not even."], "items": ["0: No number."], "nest": ["_schema: Odd."]}
        assert caught.value.faults == wanted
        assert str(caught.value).startswith("epochs: Too many.\nNot even.; items: 0: No number.")
