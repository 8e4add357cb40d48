"""How requests are written; real servers are talked to in `tests/deepaas/test_remote.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from pelagos.module import remote_server
from pelagos.module.files import File
from pelagos.module.remote_server import Gone, Server


def written(body: remote_server.Body) -> bytes:
    return body.pieces if isinstance(body.pieces, bytes) else b"".join(body.pieces)


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
