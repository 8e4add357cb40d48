"""The parts of plain forms are those that the library's parser finds."""

from __future__ import annotations

from typing import Any

import multipart  # type: ignore[import-untyped]
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pelagos.runtime import parts

B = "b0-'x"
FILE = b'\r\nContent-Disposition: form-data; name="image"; filename="a b.png"\r\nContent-Type: image/png\r\n\r\n'
FIELD = b'\r\nContent-Disposition: form-data; name="n"\r\n\r\n'
HEADS = st.sampled_from(
    [
        FILE,
        FIELD,
        FIELD.replace(b'"n"', '"é/ö"'.encode()),
        FIELD.replace(b'"n"', b'"\xff"'),
        FIELD.replace(b'"n"', b'"%22"'),
        FIELD.replace(b'"n"', b'""'),
        FIELD.replace(b'"n"', b"n"),
        FIELD.replace(b'"n"', b'"' + b"n" * 300 + b'"'),
        FIELD.replace(b"form-data", b"attachment"),
        FIELD.replace(b"Content-Disposition", b"content-disposition"),
        FIELD[:-2] + b"Content-Type: text/plain; charset=latin-1\r\n\r\n",
        FIELD[:-2] + b"Content-Type: text/plain\r\n\r\n",
        FIELD[:-2] + b"X-More: 1\r\n\r\n",
        FILE.replace(b"a b.png", b""),
        FILE.replace(b"a b.png", b"."),
        FILE.replace(b"a b.png", b"C:\\a.png"),
        FILE.replace(b"a b.png", b"a%22.png"),
        FILE.replace(b"image/png", b"Image/PNG"),
        FILE.replace(b"\r\nContent-Type: image/png", b""),
        b"\r\n\r\n",
        b"",
    ]
)
DATA = st.lists(
    st.sampled_from([b"x", b"\r\n", b"--", b"\r\n--b0", b"--" + B.encode(), b"\r", b"\n", b"\xff"]), max_size=6
).map(b"".join)
TAILS = st.sampled_from([b"--\r\n", b"--", b"--\r\nmore", b"\r\n", b"", b"-", b"x"])
STARTS = st.sampled_from([b"", b"", b"", b"\r\n", b"before\r\n"])


def written(start: bytes, heads_and_data: list[tuple[bytes, bytes]], tail: bytes) -> bytes:
    delimiter = b"\r\n--" + B.encode()
    body = b"".join(delimiter + head + data for head, data in heads_and_data) + delimiter + tail
    return start + body[2:]


def by_library(data: bytes) -> list[parts.Part] | None:
    """Give the parts that the library finds, None when it refuses the body."""
    found: list[Any] = []
    try:
        parser = multipart.PushMultipartParser(B, max_segment_count=3, max_header_count=16)
        for event in parser.parse(data):
            if event is None:
                continue
            if isinstance(event, (bytes, bytearray)):
                found[-1][1].append(bytes(event))
            else:
                found.append((event, []))
        parser.close()
    except multipart.MultipartError:
        return None
    return [parts.Part(each.name, each.filename, each.content_type or "", b"".join(data)) for each, data in found]


class TestFound:
    @given(STARTS, st.lists(st.tuples(HEADS, DATA), max_size=5), TAILS)
    @example(b"", [(FILE, b"\r\n--b0-'"), (FIELD, b"")], b"--\r\n")
    def test_are_those_of_the_library_or_left_to_it(
        self, start: bytes, heads_and_data: list[tuple[bytes, bytes]], tail: bytes
    ) -> None:
        data = written(start, heads_and_data, tail)

        found = parts.found(data, B, 3)

        assert found is None or found == by_library(data)

    @pytest.mark.parametrize("head", [FILE, FIELD, FILE.replace(b"\r\nContent-Type: image/png", b"")])
    def test_are_found_where_clients_write_as_usual(self, head: bytes) -> None:
        data = written(b"", [(head, b"\x00\r\n"), (FIELD, "ä".encode())], b"--\r\n")

        found = parts.found(data, B, 2)

        assert found is not None
        assert [part.data for part in found] == [b"\x00\r\n", "ä".encode()]

    def test_are_left_to_the_library_when_there_are_too_many(self) -> None:
        data = written(b"", [(FIELD, b"x")] * 3, b"--\r\n")

        assert parts.found(data, B, 3) is not None
        assert parts.found(data, B, 2) is None
