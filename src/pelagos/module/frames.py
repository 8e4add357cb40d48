"""Frames between a server and its worker: a header of fixed size, a JSON object, then raw bytes.

Both ends of an inherited Unix socket pair use this file; it is never standard input or output, which belong to the
module's own code. The server's side is not blocking and uses `Splitter`; the worker's blocks and uses `Channel`.

| kind | from | JSON | bytes |
|---|---|---|---|
| LOAD | server | `{}`: load the pretrained weights | |
| PREDICT | server | `{"arguments", "model", "raw", "files"}`, see `worker` | small files, one after the other |
| REQUEST | server | of a request that the module parses itself: what its head says, see `worker` | its body |
| DESCRIBE | server | `{}`: describe the module again, a training may have added choices | |
| IMPORTED | worker | the module's description: after the import, and when it was asked for | |
| READY | worker | `{}` | |
| FAILED | worker | `{"message", "traceback"}`: the module cannot be imported or loaded | |
| ANSWER | worker | nothing for a plain JSON answer, else `{"status", "media_type", "headers"}` | the body |
| PIECE, END | worker | of the first piece: as for ANSWER | a piece of a streamed body |
| ERROR | worker | `{"code", "message", "faults", "id", "traceback"}` | |

`hint` of an answer tells how many requests the server may have on their way to this worker.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import time
from typing import Any, Dict, List, NamedTuple, Optional, Union

HEADER = struct.Struct("<BxHIIQ")
LOAD, PREDICT, IMPORTED, READY, FAILED, ANSWER, PIECE, END, ERROR, DESCRIBE, REQUEST = range(1, 12)

BLOCK = 1 << 16
"""Bytes asked from the socket at once. From 128 KiB on, glibc would map and unmap memory for every message."""

AWAKE_S = 0.0003
"""How long to look out for the next frame before sleeping; a bit more than being woken costs."""

Bytes = Union[bytes, bytearray, memoryview]


class Frame(NamedTuple):
    """One message."""

    kind: int
    id: int
    hint: int
    json: memoryview
    body: memoryview

    def head(self) -> Dict[str, Any]:
        """Read the JSON part; empty when there is none."""
        # Of bytes, `json` would find out the encoding first.
        found: Dict[str, Any] = json.loads(str(self.json, "utf-8")) if self.json else {}
        return found


def header(kind: int, id: int, json_size: int = 0, body_size: int = 0, hint: int = 0) -> bytes:  # noqa: A002
    """Write the header of a frame."""
    return HEADER.pack(kind, hint, id, json_size, body_size)


def pack(
    kind: int,
    id: int = 0,  # noqa: A002 - the record's word
    head: Optional[Dict[str, Any]] = None,
    body: Bytes = b"",
    hint: int = 0,
) -> bytes:
    """Write a whole frame."""
    text = b"" if head is None else json.dumps(head).encode()
    return b"".join((header(kind, id, len(text), len(body), hint), text, body))


class Splitter:
    """Cuts a stream of bytes into frames; what is not complete waits for more."""

    def __init__(self) -> None:
        self._chunks: List[Bytes] = []
        self._held = 0
        self._wanted = HEADER.size

    @property
    def missing(self) -> int:
        """How many bytes the frame that has begun still needs, as far as is known."""
        return self._wanted - self._held

    def feed(self, data: Bytes) -> List[Frame]:
        """Take bytes and give the frames they complete. The frames keep `data` alive."""
        self._chunks.append(data)
        self._held += len(data)
        if self._held < self._wanted:
            return []
        whole = memoryview(data if len(self._chunks) == 1 else b"".join(self._chunks))
        found: List[Frame] = []
        start = self._cut(whole, found)
        self._held = len(whole) - start
        self._chunks = [whole[start:]] if self._held else []
        return found

    def _cut(self, whole: memoryview, found: List[Frame]) -> int:
        start, size = 0, len(whole)
        while True:
            if size - start < HEADER.size:
                self._wanted = HEADER.size
                return start
            kind, hint, number, json_size, body_size = HEADER.unpack_from(whole, start)
            middle = start + HEADER.size + json_size
            if size < middle + body_size:
                self._wanted = middle + body_size - start
                return start
            end = middle + body_size
            found.append(Frame(kind, number, hint, whole[start + HEADER.size : middle], whole[middle:end]))
            start = end


class Channel:
    """The worker's end: blocking, read by one thread."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._splitter = Splitter()
        self._arrived = select.poll()
        self._arrived.register(connection, select.POLLIN)
        self._soon = False

    def receive(self, *, wait: bool = True, awake: bool = False) -> List[Frame]:
        """Wait for frames: at least one, or none at all when the server has closed; or take what has come.

        `awake`: do not fall asleep at once if the last frames came soon.
        """
        if awake:
            self._look_out()
        # Who sleeps in recv is woken for nothing too, whenever the other side has read (unix_write_space in Linux).
        while self._arrived.poll(None if wait else 0):
            data = self._connection.recv(max(BLOCK, self._splitter.missing))
            if not data:
                return []
            found = self._splitter.feed(data)
            if found:
                return found
        return []

    def _look_out(self) -> None:
        """Wait for bytes. A processor that sleeps is slow to wake and has lost its caches: three times the work."""
        end = time.perf_counter() + AWAKE_S
        while self._soon and not self._arrived.poll(0):
            os.sched_yield()  # Whoever else has work for this processor goes first.
            self._soon = time.perf_counter() < end
        self._arrived.poll()
        self._soon = time.perf_counter() < end

    def send(self, data: Bytes) -> None:
        """Send whole frames; waits while the server does not read."""
        self._connection.sendall(data)
