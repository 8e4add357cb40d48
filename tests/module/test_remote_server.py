"""How requests are written; real servers are talked to in `tests/deepaas/test_remote.py`."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pelagos.module import remote_server
from pelagos.module.files import File
from pelagos.module.remote_server import Gone, Server


def written(body: remote_server.Body) -> bytes:
    return body.pieces if isinstance(body.pieces, bytes) else b"".join(body.pieces)


@contextlib.contextmanager
def answering(document: Any) -> Iterator[str]:
    """Answer every GET with the same document; gives the address."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *words: Any) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class TestForm:
    def test_is_urlencoded_without_files(self) -> None:
        body = remote_server.form([("a", "1 2"), ("a", "\u00fc")])

        assert (written(body), body.media_type) == (b"a=1+2&a=%C3%BC", "application/x-www-form-urlencoded")

    def test_is_multipart_with_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(b"leaf")
        file = File('my "leaf".png', path=tmp_path / "x")

        body = remote_server.form([("top-k", "3"), ("data", file)])
        content = written(body)

        boundary = body.media_type.partition("boundary=")[2].encode()
        assert len(content) == body.size
        assert content.split(b"--" + boundary)[2] == (
            b'\r\nContent-Disposition: form-data; name="data"; filename="my %22leaf%22.png"\r\n'
            b"Content-Type: image/png\r\n\r\nleaf\r\n"
        )

    def test_lets_nobody_add_a_header(self) -> None:
        body = remote_server.form([("a", File("x\r\nEvil: 1", data=b"", content_type="a\r\nEvil: 2"))])

        assert b"\r\nEvil" not in written(body)


class TestServer:
    @pytest.mark.parametrize("root", ["http://127.0.0.1:1", "http://127.0.0.1:1/base/"])
    def test_says_that_nobody_answers(self, root: str) -> None:
        with pytest.raises(Gone, match="does not answer: Connection refused"):
            Server(root).models()

    def test_lists_modules_whatever_their_metadata_bring(self) -> None:
        told = [
            {"id": "mine", "links": [{"rel": "self", "href": "/base/v2/models/a%20b"}]},
            {"id": "native", "links": {"source": "https://example.org/native"}},
        ]

        with answering({"models": told}) as root:
            assert Server(root).models() == ["a b", "native"]
