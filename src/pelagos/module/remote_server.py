"""Talk to a V2 server elsewhere: one connection a request, bodies streamed both ways, a dead server noticed.

Standard library only, and quiet about secrets: only what the caller hands over is sent, never a client's own cookies.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import sys
import urllib.parse
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from pelagos.module.files import File

CONNECT_S = 10.0
ANSWER_S = 20.0
"""Longest wait for an answer that needs no computing."""
PIECE = 1 << 18
_KEEPALIVE = (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 4))
"""A machine that vanished is noticed after 40 s, however long its answer may take."""

Pairs = Sequence[Tuple[str, Union[str, File]]]


class Gone(Exception):
    """The server does not answer."""


class Body(NamedTuple):
    """The body of a request: pieces, their size, and what they are."""

    pieces: Union[bytes, Iterator[bytes]]
    size: int
    media_type: str


class Reply:
    """An answer whose body is still to be read."""

    def __init__(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse, root: str) -> None:
        self._connection, self._response, self._root = connection, response, root
        self.status = response.status
        self.media_type = response.headers.get("content-type", "application/octet-stream")
        self.headers = response.headers

    @property
    def size(self) -> Optional[int]:
        """The size of the body; None when it is streamed."""
        return self._response.length

    def read(self) -> bytes:
        """Read the whole body. Raises Gone."""
        return b"".join(self.pieces())

    def json(self) -> Any:
        """Read the body as JSON; Gone when it is none: then this is no V2 server."""
        try:
            return json.loads(self.read())
        except ValueError:
            raise Gone(f"what answers at {self._root} is no DEEPaaS V2 server") from None

    def pieces(self) -> Iterator[bytes]:
        """Read the body piece by piece, as it comes. Raises Gone."""
        with contextlib.closing(self._connection), _told(self._root):
            while True:
                piece = self._response.read1(PIECE)
                if not piece:
                    break
                yield piece
            if self._response.length:
                raise http.client.IncompleteRead(b"", self._response.length)


class Server:
    """A server by its address, such as `http://host:5000/base`."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/")
        self._parts = urllib.parse.urlsplit(self.root)

    def models(self) -> List[str]:
        """List the names of its modules. Raises Gone."""
        try:
            return [_name(model) for model in self.ask("GET", "/v2/models/").json()["models"]]
        except (TypeError, LookupError, AttributeError):
            raise Gone(f"what answers at {self.root} is no DEEPaaS V2 server") from None

    def open(self) -> http.client.HTTPConnection:
        """Connect. Raises Gone."""
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=CONNECT_S)
        with _told(self.root):
            connection.connect()
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _KEEPALIVE:
                connection.sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        return connection

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Optional[Body] = None,
        headers: Optional[Mapping[str, str]] = None,
        timeout_s: Optional[float] = ANSWER_S,
        connection: Optional[http.client.HTTPConnection] = None,
    ) -> Reply:
        """Send a request and wait for the head of its answer; `timeout_s` None is as long as it takes. Raises Gone."""
        connection = connection or self.open()
        connection.sock.settimeout(timeout_s)
        sent = {"Accept": "application/json", **(headers or {}), "Connection": "close"}
        if body is not None:
            sent.update({"Content-Type": body.media_type, "Content-Length": str(body.size)})
        try:
            with _told(self.root):
                # A server may answer before it has read the whole body: too large, say.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.request(method, self._parts.path + path, None if body is None else body.pieces, sent)
                return Reply(connection, connection.getresponse(), self.root)
        except BaseException:
            connection.close()
            raise


@contextlib.contextmanager
def _told(root: str) -> Iterator[None]:
    """Say in one line what is wrong with a server."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Gone(f"the server at {root} does not answer: {reason}") from error


def _name(model: Mapping[str, Any]) -> str:
    """Read the name of a module that a server lists: its metadata may have brought an `id` or `links` of its own."""
    links = model["links"]
    if not isinstance(links, list):
        return str(model["id"])
    return urllib.parse.unquote(str(links[0]["href"]).rstrip("/").rpartition("/")[2])


def query(pairs: Sequence[Tuple[str, str]]) -> str:
    """Write a query, with its question mark."""
    return f"?{urllib.parse.urlencode(pairs)}" if pairs else ""


def form(pairs: Pairs) -> Body:
    """Write a form: urlencoded, or multipart as soon as a file is in it; files are read while they are sent."""
    if not any(isinstance(value, File) for _, value in pairs):
        text = urllib.parse.urlencode(pairs).encode()
        return Body(text, len(text), "application/x-www-form-urlencoded")
    boundary = os.urandom(16).hex()
    parts: List[Tuple[bytes, Union[bytes, File]]] = [
        (_part(boundary, name, value), _content(value)) for name, value in pairs
    ]
    end = f"--{boundary}--\r\n".encode()
    sizes = [len(head) + (part.size if isinstance(part, File) else len(part)) + 2 for head, part in parts]
    return Body(_pieces(parts, end), sum(sizes) + len(end), f"multipart/form-data; boundary={boundary}")


def document(value: Any) -> Body:
    """Write a JSON body."""
    text = json.dumps(value).encode()
    return Body(text, len(text), "application/json")


def _part(boundary: str, name: str, value: Union[str, File]) -> bytes:
    lines = [f"--{boundary}", f'Content-Disposition: form-data; name="{_quoted(name)}"']
    if isinstance(value, File):
        lines[1] += f'; filename="{_quoted(value.name)}"'
        lines.append(f"Content-Type: {_quoted(value.content_type)}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "replace")


def _quoted(text: str) -> str:
    # As browsers do, see https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
    codes: Dict[str, str] = {'"': "%22", "\r": "%0D", "\n": "%0A"}
    return "".join(codes.get(letter, letter) for letter in text)


def _content(value: Union[str, File]) -> Union[bytes, File]:
    return value if isinstance(value, File) else value.encode("utf-8", "replace")


def _pieces(parts: Sequence[Tuple[bytes, Union[bytes, File]]], end: bytes) -> Iterator[bytes]:
    for head, content in parts:
        yield head
        if isinstance(content, File):
            with content.open() as source:
                yield from iter(lambda: source.read(PIECE), b"")
        else:
            yield content
        yield b"\r\n"
    yield end


if __name__ == "__main__":
    print(json.dumps(Server(sys.argv[1]).models()))
