"""The worker, spoken to in frames as a server would."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import waiting
from pelagos.module import frames, worker

SOURCE = '''
import time
from pelagos.module import BadInput, Module

class Echo(Module):
    """Says it again."""

    def predict(self, text="", seconds=0.0, image=None, refuse=False):
        if refuse:
            raise BadInput("no", field="refuse")
        time.sleep(seconds)
        return {"text": text, "image": None if image is None else image.read().decode()}
'''

BATCHING = '''
import pathlib, time
from pelagos.module import Module

class Counting(Module):
    """Says with how many others a request was answered; the first one waits for a file."""

    def predict(self, wait=""):
        if wait:
            pathlib.Path(wait, "begun").touch()
        while wait and not pathlib.Path(wait, "go").exists():
            time.sleep(0.005)
        return 1

    def predict_batch(self, requests):
        return [len(requests)] * len(requests)
'''


class Server:
    """The server's end of a worker's socket."""

    def __init__(self, folder: Path, entry: str) -> None:
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(20)
        self._waiting: list[frames.Frame] = []
        self._splitter = frames.Splitter()
        options = ["--socket-fd", str(theirs.fileno()), "--name", "echo", "--entry", entry]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pelagos.module.worker", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(folder)},
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()

    def next(self) -> frames.Frame:
        while not self._waiting:
            self._waiting = self._splitter.feed(self.socket.recv(100_000))
        return self._waiting.pop(0)

    def send(self, *messages: bytes) -> None:
        self.socket.sendall(b"".join(messages))

    def interrupt(self) -> None:
        # As a server does: again and again, because it may come between two predictions.
        while not select.select([self.socket], [], [], 0.1)[0]:
            self.process.send_signal(signal.SIGUSR1)

    def close(self) -> None:
        self.socket.close()
        self.process.wait(20)


def ask(number: int, **head: Any) -> bytes:
    body = head.pop("body", b"")
    return frames.pack(frames.PREDICT, number, {"arguments": {}, **head}, body)


def said(frame: frames.Frame) -> Any:
    assert frame.kind == frames.ANSWER
    return json.loads(bytes(frame.body))["predictions"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "echo_of_tests.py").write_text(SOURCE)
    running = Server(tmp_path, "echo_of_tests:Echo")
    yield running
    running.close()


class TestWorker:
    def test_describes_the_module_and_loads_it_when_it_is_told_to(self, server: Server) -> None:
        assert server.next().head()["summary"] == "Says it again."

        server.send(frames.pack(frames.LOAD))

        assert server.next().kind == frames.READY

    def test_answers_many_requests_in_their_order(self, server: Server) -> None:
        server.next()

        server.send(*(ask(number, arguments={"text": str(number)}) for number in range(200)))

        found = [server.next() for _ in range(200)]
        assert [frame.id for frame in found] == list(range(200))
        assert [said(frame)["text"] for frame in found] == [str(number) for number in range(200)]

    def test_asks_for_more_at_once_when_predictions_are_fast(self, server: Server) -> None:
        server.next()
        server.send(*(ask(number) for number in range(300)))

        hints = [server.next().hint for _ in range(300)]

        assert hints[0] == 1
        assert worker.DEEPEST in hints

    def test_answers_together_what_came_in_the_meantime(self, tmp_path: Path) -> None:
        (tmp_path / "counting_of_tests.py").write_text(BATCHING)
        server = Server(tmp_path, "counting_of_tests:Counting")
        server.next()

        server.send(ask(0, arguments={"wait": str(tmp_path)}), ask(1))
        waiting.until((tmp_path / "begun").exists)
        server.send(*(ask(number) for number in range(2, 5)))
        (tmp_path / "go").touch()

        assert [said(server.next()) for _ in range(5)] == [1, 2, 2, 1, 1]
        server.close()

    def test_keeps_the_files_of_a_request_apart(self, server: Server) -> None:
        server.next()
        files = [["image", "a.txt", "text/plain", 3]]

        server.send(ask(1, files=files, body=b"one"), ask(2, files=files, body=b"two"))

        assert [said(server.next())["image"] for _ in range(2)] == ["one", "two"]

    def test_tells_the_faults_that_the_module_found(self, server: Server) -> None:
        server.next()

        server.send(ask(1, arguments={"refuse": True}))

        frame = server.next()
        assert frame.kind == frames.ERROR
        assert frame.head() == {"code": "invalid_input", "faults": {"refuse": ["no"]}}

    def test_breaks_off_the_prediction_that_runs_and_only_that(self, server: Server) -> None:
        server.next()
        server.send(ask(1), ask(2, arguments={"seconds": 50}), ask(3))
        assert server.next().id == 1

        server.interrupt()

        frame = server.next()
        assert (frame.id, frame.head()["code"]) == (2, "interrupted")
        assert said(server.next())["text"] == ""

    def test_does_not_mind_a_signal_while_it_waits(self, server: Server) -> None:
        server.next()

        server.process.send_signal(signal.SIGUSR1)
        server.send(ask(1))

        assert said(server.next())["text"] == ""

    def test_ends_by_itself_when_the_server_closes(self, server: Server) -> None:
        server.next()

        server.socket.close()

        assert server.process.wait(20) == 0

    def test_ends_although_it_is_busy_when_the_server_dies(self, server: Server) -> None:
        server.next()
        server.send(ask(1, arguments={"seconds": 100}))

        server.socket.close()

        assert server.process.wait(20) == -signal.SIGKILL

    def test_tells_why_a_module_cannot_be_imported(self, tmp_path: Path) -> None:
        (tmp_path / "broken_in_tests.py").write_text("import no_such_library")
        broken = Server(tmp_path, "broken_in_tests:X")

        head = broken.next().head()

        assert head["message"] == "ModuleNotFoundError: No module named 'no_such_library'"
        assert "broken_in_tests.py" in head["traceback"]
        broken.close()


class TestReadRequest:
    def test_puts_files_where_they_belong(self, tmp_path: Path) -> None:
        (tmp_path / "c").write_bytes(b"three")
        files = [
            ["one", "a", "", 3],
            [["many"], "b", "", 3],
            [["many"], "c", "", str(tmp_path / "c")],
            [1, "d", "", 4],
        ]
        raw = {"form": [["text", "x"], ["file", None]]}
        data = frames.pack(frames.PREDICT, 1, {"arguments": {"n": 1}, "files": files, "raw": raw}, b"onetwofour")

        request = worker.read_request(frames.Splitter().feed(data)[0])

        assert request.arguments["one"].read() == b"one"
        assert [file.read() for file in request.arguments["many"]] == [b"two", b"three"]
        assert request.raw is not None
        assert request.raw["form"][1][1].read() == b"four"
        assert len(request.files) == 4

    @pytest.mark.parametrize(
        ("kind", "body", "read"),
        [
            ("form", b"a=1&b=%26", {"form": [("a", "1"), ("b", "&")]}),
            ("json", b'{"a": 1}', {"json": {"a": 1}}),
            ("json", b"", {}),
            ("json", b"{", {"invalid_json": True}),
            ("json", b"[" * 100_000, {"invalid_json": True}),
            ("", b"", {}),
        ],
    )
    def test_reads_a_body_that_came_as_it_is(self, kind: str, body: bytes, read: dict[str, Any]) -> None:
        said = {"query": [["q", "1"]], "form": [], "json": None, "invalid_json": False, "headers": {}, "cookies": {}}
        data = frames.pack(frames.REQUEST, 1, {**said, "kind": kind}, body)

        first, second = (worker.read_request(frames.Splitter().feed(data)[0]) for _ in range(2))

        assert first.raw == second.raw == {**said, "kind": kind, **read}
