"""The first process of a container, run as a plain process: what it does needs no container."""

from __future__ import annotations

import array
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pelagos.module import contained, frames

SOURCE = '''
import time
from pelagos.module import Module

class Slow(Module):
    """Takes its time."""

    def predict(self, seconds=0.0):
        time.sleep(seconds)
        return seconds
'''
STARTER = """
import sys
from pelagos.module import contained
contained.MEETING = sys.argv.pop(1)
sys.exit(contained.main())
"""
WITHIN_S = 30


class Outside:
    """What stands outside: a server's end of the worker's socket, and the connection to the first process."""

    def __init__(self, folder: Path) -> None:
        (folder / "slow.py").write_text(SOURCE)
        self.server, theirs = socket.socketpair()
        self.server.settimeout(WITHIN_S)
        self._splitter = frames.Splitter()
        place = os.open(folder, os.O_RDONLY)
        meeting = f"/proc/{os.getpid()}/fd/{place}/s"
        with socket.socket(socket.AF_UNIX) as listener, theirs:
            listener.bind(meeting)
            listener.listen(1)
            listener.settimeout(WITHIN_S)
            options = ["--name", "slow", "--entry", "slow:Slow"]
            self.process = subprocess.Popen(
                [sys.executable, "-c", STARTER, meeting, *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(folder)},
            )
            self.inside, _ = listener.accept()
            self.hand_over(theirs.fileno())
        os.close(place)

    def hand_over(self, descriptor: int) -> None:
        rights = array.array("i", [descriptor])
        self.inside.sendmsg([b"s"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])

    def next(self) -> frames.Frame:
        while True:
            found = self._splitter.feed(self.server.recv(100_000))
            if found:
                return found[0]

    def predict(self, seconds: float) -> None:
        self.server.sendall(frames.pack(frames.PREDICT, 1, {"arguments": {"seconds": seconds}}))


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    made = Outside(tmp_path)
    yield made
    # The worker leaves by itself when its server has; in a container it would go with the first process.
    made.server.close()
    made.inside.close()
    made.process.kill()
    made.process.wait(WITHIN_S)


class TestMain:
    def test_hands_the_socket_to_a_worker(self, outside: Outside) -> None:
        greeting = outside.next()
        outside.predict(0.0)
        answer = outside.next()

        assert (greeting.kind, greeting.head()["name"]) == (frames.IMPORTED, "slow")
        assert json.loads(bytes(answer.body))["predictions"] == 0.0

    def test_passes_an_interruption_on(self, outside: Outside) -> None:
        outside.next()
        outside.predict(300.0)
        answer = None
        outside.server.settimeout(0.1)

        while answer is None:
            # Until the prediction has begun there is nothing to interrupt.
            outside.inside.send(contained.INTERRUPT)
            with contextlib.suppress(TimeoutError):
                answer = outside.next()

        assert answer.head()["code"] == "interrupted"

    def test_ends_with_the_worker(self, outside: Outside) -> None:
        outside.next()

        outside.server.close()

        assert outside.process.wait(WITHIN_S) == 0

    def test_ends_at_once_when_nobody_is_outside_any_more(self, outside: Outside) -> None:
        outside.next()
        outside.predict(300.0)

        outside.inside.close()

        assert outside.process.wait(WITHIN_S) == 128 + signal.SIGKILL

    def test_ends_when_it_is_told_to(self, outside: Outside) -> None:
        outside.next()

        outside.process.terminate()

        assert outside.process.wait(WITHIN_S) == 128 + signal.SIGTERM


class TestReceive:
    def test_says_when_descriptors_do_not_get_through(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.send(b"s")

            with pytest.raises(OSError, match="a kernel of their own"):
                contained._receive(ours)
