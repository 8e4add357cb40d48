"""The server as a process of its own: start, stop, clients that go away, death."""

import contextlib
import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import waiting
from pelagos.domain import errors
from pelagos.runtime import server

SERVE = """
import sys
from pathlib import Path
from pelagos import environments
from pelagos.runtime import server, service
name, author, settings = sys.argv[1], Path(sys.argv[2]), eval(sys.argv[3])
code = environments.ModuleCode(name.lower(), "native", f"odd:{name}", Path(sys.executable), author)
chosen = service.RuntimeSettings(**{"listen_port": 0, "workers": 1, **settings})
sys.exit(server.serve(chosen, [server.Offered(code)], None, on_listening=lambda at: print(at, flush=True)))
"""


class Served:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str], port: int, temporary: Path) -> None:
        self.process = process
        self.port = port
        self.temporary = temporary

    def ask(self, method: str, path: str, body: str = "", timeout_s: float = 20) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        with contextlib.closing(connection):
            connection.request(method, path, body, {"Content-Type": "application/x-www-form-urlencoded"})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def send(self, text: bytes) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.sendall(text)
        return connection

    def metric(self, name: str) -> float:
        lines = self.ask("GET", "/metrics")[1].decode().splitlines()
        return float(next((line.split()[-1] for line in lines if line.startswith(name)), "0"))

    def files(self) -> list[Path]:
        return [path for path in self.temporary.rglob("*") if path.is_file() and path.name != ".lock"]


@contextlib.contextmanager
def started(author: Path, name: str = "Odd", **settings: Any) -> Iterator[Served]:
    with tempfile.TemporaryDirectory() as temporary:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, name, str(author), repr(settings)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "TMPDIR": temporary},
        )
        assert process.stdout is not None
        with process, process.stdout:
            try:
                port = int(process.stdout.readline().rsplit(":", 1)[1].strip("/\n"))
                yield Served(process, port, Path(temporary))
            finally:
                process.kill()


@pytest.fixture
def served(author_path: Path) -> Iterator[Served]:
    with started(author_path, workers=2) as running:
        yield running


def predict(body: bytes, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    head = f"POST /v2/models/odd/predict/ HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n"
    return head.encode() + b"Content-Type: multipart/form-data; boundary=b\r\n\r\n" + body


def field(name: str, value: str) -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


class TestServer:
    def test_answers_at_a_port_that_it_chose(self, served: Served) -> None:
        assert served.ask("POST", "/v2/models/odd/predict/", "act=big&size=1")[0] == 200

    def test_says_that_a_port_is_taken(self, served: Served, author_path: Path) -> None:
        settings = repr({"listen_port": served.port})

        ended = subprocess.run(
            [sys.executable, "-c", SERVE, "Odd", str(author_path), settings],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

        assert ended.returncode != 0
        assert f"cannot listen on 127.0.0.1 port {served.port}" in ended.stderr

    def test_listens_on_a_socket_that_only_this_user_reaches(self, tmp_path: Path) -> None:
        place = tmp_path / "socket"

        with server.listening_at(str(place)) as listener:
            shown = server.address(listener)
            with pytest.raises(errors.Conflict, match="cannot listen on"):
                server.listening_at(str(place))

        assert shown == f"unix:{place}"
        assert stat.S_IMODE(place.stat().st_mode) == 0o600

    def test_does_not_start_when_the_module_cannot_be_loaded(self, author_path: Path) -> None:
        ended = subprocess.run(
            [sys.executable, "-c", SERVE, "NeverReady", str(author_path), "{}"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

        assert ended.returncode != 0
        assert "the weights are missing" in ended.stderr
        assert ended.stdout == ""

    def test_finishes_what_it_has_begun_and_exits_with_0(self, served: Served) -> None:
        with contextlib.closing(
            served.send(predict(field("act", "sleep") + field("seconds", "1") + b"--b--\r\n"))
        ) as slow:
            waiting.until(lambda: served.metric("pelagos_predictions_running"))

            served.process.send_signal(signal.SIGTERM)

            assert slow.recv(1000).startswith(b"HTTP/1.1 200")
            assert served.process.wait(30) == 0
        assert served.files() == []

    def test_honours_expect_100_continue(self, served: Served) -> None:
        text = predict(b"", len(b"--b--\r\n")).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
        with contextlib.closing(served.send(text)) as connection:
            assert connection.recv(1000).startswith(b"HTTP/1.1 100")
            connection.sendall(b"--b--\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")


class TestClientThatGoes:
    def test_frees_the_worker(self, served: Served) -> None:
        connection = served.send(predict(field("act", "sleep") + field("seconds", "100") + b"--b--\r\n"))
        waiting.until(lambda: served.metric("pelagos_predictions_running"))

        connection.close()

        waiting.until(lambda: not served.metric("pelagos_predictions_running"))
        assert served.metric("pelagos_worker_restarts_total") == 0

    def test_in_the_middle_of_an_upload_leaves_no_file(self, served: Served) -> None:
        part = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.bin"\r\n\r\n'
        connection = served.send(predict(part + b"\0" * 4_000_000, 100_000_000))
        waiting.until(served.files)

        connection.close()

        waiting.until(lambda: not served.files())
        waiting.until(lambda: not served.metric("pelagos_requests_in_flight"))

    def test_in_the_middle_of_a_stream_ends_it(self, author_path: Path) -> None:
        with started(author_path, "Talker") as served:
            text = b"POST /v2/models/talker/predict/?pieces=100000&pause_s=0.01 HTTP/1.1\r\nHost: x\r\n\r\n"
            connection = served.send(text)
            assert b"piece" in connection.recv(2000) + connection.recv(2000)

            connection.close()

            waiting.until(lambda: not served.metric("pelagos_predictions_running"))

    def test_slowly_keeps_nobody_waiting(self, served: Served) -> None:
        slow = [served.send(predict(b"--b\r\n", 1000)) for _ in range(50)]

        assert served.ask("POST", "/v2/models/odd/predict/")[0] == 200

        for connection in slow:
            connection.close()


class TestLargeUpload:
    def test_does_not_fill_the_memory(self, served: Served) -> None:
        def memory_mb() -> float:
            text = Path(f"/proc/{served.process.pid}/status").read_text()
            return int(text.split("VmRSS:")[1].split()[0]) / 1024

        part = field("act", "file") + b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.bin"\r\n\r\n'
        end = b"\r\n--b--\r\n"
        size = 100 << 20
        served.ask("POST", "/v2/models/odd/predict/")
        before = memory_mb()

        with contextlib.closing(served.send(predict(part, len(part) + size + len(end)))) as connection:
            for _ in range(100):
                connection.sendall(b"\0" * (1 << 20))
            grown = memory_mb() - before
            connection.sendall(end)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert b'"size": 104857600' in answer.read()

        assert grown < 20
        waiting.until(lambda: not served.files())


class TestKilledServer:
    def test_leaves_no_worker(self, author_path: Path) -> None:
        with started(author_path) as served:
            children = f"/proc/{served.process.pid}/task/{served.process.pid}/children"
            workers = [int(pid) for pid in Path(children).read_text().split()]
            connection = served.send(predict(field("act", "deaf") + field("seconds", "100") + b"--b--\r\n"))
            waiting.until(lambda: served.metric("pelagos_predictions_running"))

            served.process.kill()
            served.process.wait()

            waiting.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
            connection.close()
