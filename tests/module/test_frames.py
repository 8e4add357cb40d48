"""Frames survive any cutting of the stream."""

import socket

from hypothesis import given
from hypothesis import strategies as st

from pelagos.module import frames

MESSAGES = st.lists(
    st.tuples(
        st.integers(1, 9),
        st.integers(0, 2**32 - 1),
        st.one_of(st.none(), st.dictionaries(st.text(), st.one_of(st.integers(), st.text()))),
        st.binary(max_size=300),
        st.integers(0, 2**16 - 1),
    ),
    max_size=8,
)


def read(frame: frames.Frame) -> tuple[int, int, dict[str, object], bytes, int]:
    return frame.kind, frame.id, frame.head(), bytes(frame.body), frame.hint


class TestSplitter:
    @given(MESSAGES, st.lists(st.integers(1, 200), min_size=1))
    def test_finds_every_frame_however_the_stream_is_cut(
        self, messages: list[tuple[int, int, dict[str, object] | None, bytes, int]], cuts: list[int]
    ) -> None:
        stream = b"".join(frames.pack(kind, id_, head, body, hint) for kind, id_, head, body, hint in messages)
        splitter = frames.Splitter()

        found, start = [], 0
        while start < len(stream):
            size = cuts[start % len(cuts)]
            found += splitter.feed(stream[start : start + size])
            start += size

        assert [read(frame) for frame in found] == [(k, i, h or {}, b, n) for k, i, h, b, n in messages]


class TestChannel:
    def test_gives_all_frames_that_have_arrived_and_nothing_at_the_end(self) -> None:
        server, worker = socket.socketpair()
        channel = frames.Channel(worker)
        server.sendall(frames.pack(frames.LOAD) + frames.pack(frames.PREDICT, 7, {"arguments": {}}, b"file"))

        received = [read(frame) for frame in channel.receive()]
        server.close()

        assert received == [(frames.LOAD, 0, {}, b"", 0), (frames.PREDICT, 7, {"arguments": {}}, b"file", 0)]
        assert channel.receive() == []
        worker.close()

    def test_need_not_wait(self) -> None:
        server, worker = socket.socketpair()
        channel = frames.Channel(worker)
        message = frames.pack(frames.PREDICT, 1, {}, b"file")

        before = channel.receive(wait=False)
        server.sendall(message[:-1])
        half = channel.receive(wait=False)
        server.sendall(message[-1:])

        assert (before, half) == ([], [])
        assert [bytes(frame.body) for frame in channel.receive(wait=False)] == [b"file"]
        server.close()
        worker.close()

    def test_waits_for_the_rest_of_a_large_frame(self) -> None:
        server, worker = socket.socketpair()
        message = frames.pack(frames.PREDICT, 1, {}, b"x" * 100_000)
        server.sendall(message[:50_000])
        server.sendall(message[50_000:])

        received = frames.Channel(worker).receive()

        assert [len(frame.body) for frame in received] == [100_000]
        server.close()
        worker.close()
