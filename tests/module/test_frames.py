"""Frames survive any cutting of the stream."""

import math
import select
import socket
import types
from collections.abc import Callable

import pytest
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

    def test_looks_out_awake_only_where_the_last_frames_came_soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        server, worker = socket.socketpair()
        channel = frames.Channel(worker)
        poll = Poll(channel._arrived, monkeypatch)
        monkeypatch.setattr(channel, "_arrived", poll)
        message = frames.pack(frames.PREDICT, 1, {}, b"file")

        def waits(seconds: float) -> list[int | None]:
            poll.comes(seconds, lambda: server.sendall(message))
            assert [bytes(frame.body) for frame in channel.receive(awake=True)] == [b"file"]
            return poll.asked()

        soon, late = 0.5 * frames.AWAKE_S, 100 * frames.AWAKE_S
        assert waits(soon)[0] is None  # Nothing is known yet: it sleeps at once.
        assert set(waits(soon)[:-2]) == {0}
        assert 0 in (asked := waits(late))
        assert asked.count(0) * Poll.STEP_S <= frames.AWAKE_S + Poll.STEP_S
        assert 0 not in waits(late)
        server.close()
        assert channel.receive(awake=True) == []
        worker.close()


class Poll:
    """A poll with a clock of its own: asking takes a moment, sleeping takes until something comes."""

    STEP_S = frames.AWAKE_S / 10

    def __init__(self, real: select.poll, monkeypatch: pytest.MonkeyPatch) -> None:
        self._real = real
        self._now = 0.0
        self._due = math.inf
        self._asked: list[int | None] = []
        monkeypatch.setattr(frames, "time", types.SimpleNamespace(perf_counter=lambda: self._now))

    def comes(self, seconds: float, come: Callable[[], None]) -> None:
        """Let something come after some seconds."""
        self._due, self._come = self._now + seconds, come

    def asked(self) -> list[int | None]:
        """Give the time limits that were asked for since the last call."""
        asked, self._asked = self._asked, []
        return asked

    def poll(self, timeout: int | None = None) -> list[tuple[int, int]]:
        self._asked.append(timeout)
        if timeout == 0:
            self._now += self.STEP_S
        elif self._due < math.inf:
            self._now = max(self._now, self._due)
        if self._now >= self._due:
            self._due = math.inf
            self._come()
        return self._real.poll(0)
