"""Modules that another server has: a real DEEPaaS 2.6.0, or another Pelagos, behind `pelagos run http://...`."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

import waiting
from pelagos.domain import errors
from pelagos.environments import Environments
from side_by_side import questions, servers
from side_by_side.checks import Check, alike
from side_by_side.servers import Server

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("deepaas")]
PASSED_ON = [
    each
    for each in questions.CHECKS
    if each.verdict == "same" and each.topic in ("answers", "arguments", "accept", "files", "robustness")
]
WITHIN_S = 30.0
COUNTING = Path(__file__).parents[1] / "modules_for_tests" / "counting"
TRAIN = f"/v2/models/{servers.TRAININGS}/train/"


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory, deepaas: Server) -> Iterator[Server]:
    """A Pelagos that has nothing of its own: its modules are those of the DEEPaaS."""
    state = tmp_path_factory.mktemp("state")
    servers.install(state, deepaas.url)
    with servers.pelagos(tmp_path_factory.mktemp("through"), state) as server:
        yield server


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """A Pelagos with the module `counting`, and one that has it from there."""
    owner, user = tmp_path_factory.mktemp("owner"), tmp_path_factory.mktemp("user")
    servers.install(owner, COUNTING)
    with servers.pelagos(tmp_path_factory.mktemp("far"), owner, modules=["counting"]) as far:
        servers.install(user, far.url)
        with servers.pelagos(tmp_path_factory.mktemp("near"), user, modules=["counting"]) as near:
            yield far, near


class Odd(BaseHTTPRequestHandler):
    """A V2 server that answers in parts, slowly, or not at all, as its model's name says."""

    protocol_version = "HTTP/1.1"
    left: list[str] = []  # noqa: RUF012 - what the test looks at

    def do_GET(self) -> None:
        """List one module and describe it."""
        model = {"id": "odd", "links": [{"rel": "self", "href": "/v2/models/odd"}]}
        post = {"post": {"parameters": [{"in": "query", "name": "how", "type": "string"}]}}
        swagger = {"paths": {"/v2/models/odd/predict/": post}}
        answers = {"/v2/models/": {"models": [model]}, "/v2/models/odd/": model, "/swagger.json": swagger}
        self._send(json.dumps(answers[self.path]).encode())

    def do_POST(self) -> None:
        """Misbehave as the query says."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        if "headers" in self.path:
            self._send(json.dumps(dict(self.headers)).encode())
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            for number in range(3 if "stream" in self.path else 2000):
                self.wfile.write(b"data: %d\n\n" % number)
                time.sleep(0.01)
            return
        self.left.append(self.path)

    def log_message(self, *words: Any) -> None:
        """Say nothing."""

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Pelagos in front of the odd server."""
    state = tmp_path_factory.mktemp("odd")
    with ThreadingHTTPServer(("127.0.0.1", 0), Odd) as far:
        far.daemon_threads = True
        threading.Thread(target=far.serve_forever, daemon=True).start()
        servers.install(state, f"http://127.0.0.1:{far.server_port}")
        with servers.pelagos(tmp_path_factory.mktemp("front"), state, modules=["odd"]) as server:
            yield server
        far.shutdown()


def ended(server: Server, path: str) -> dict[str, Any]:
    def training() -> dict[str, Any] | None:
        found: dict[str, Any] = server.client.get(path).json()
        return None if found["status"] == "running" else found

    found: dict[str, Any] = waiting.until(training)
    return found


class TestDeepaas:
    @pytest.mark.parametrize("check", PASSED_ON, ids=lambda check: f"{check.topic}: {check.name}")
    def test_answers_through_us_as_it_does_itself(self, check: Check, deepaas: Server, through: Server) -> None:
        theirs, ours = check.ask(deepaas), check.ask(through)

        assert alike(ours, theirs), f"DEEPaaS: {theirs}\nthrough Pelagos: {ours}"

    def test_is_specified_as_it_specifies_itself(self, deepaas: Server, through: Server) -> None:
        path = "/v2/models/probe/predict/"
        theirs, ours = (each.client.get("/swagger.json").json() for each in (deepaas, through))

        assert ours["paths"][path]["post"]["parameters"] == theirs["paths"][path]["post"]["parameters"]

    def test_takes_a_large_file(self, through: Server) -> None:
        files = {"data": ("large.bin", b"x" * (3 << 20))}

        answer = through.client.post("/v2/models/probe/predict/?number=3", files=files)

        assert answer.status_code == 200
        assert through.files_left() == []

    def test_trains_and_the_list_is_ours(self, through: Server) -> None:
        started = through.client.post(f"{TRAIN}?epochs=2").json()

        training = ended(through, f"{TRAIN}{started['uuid']}")

        assert training["result"]["output"] == {"modelname": "2026-01-31_120000"}
        assert [each["uuid"] for each in through.client.get(TRAIN).json()] == [started["uuid"]]

    def test_refuses_a_training_before_it_starts(self, through: Server) -> None:
        answer = through.client.post(f"{TRAIN}?epochs=0")

        assert (answer.status_code, list(answer.json())) == (422, ["epochs"])

    def test_shows_its_pages(self, through: Server) -> None:
        page = through.client.get("/console/modules/probe/predict")

        assert page.status_code == 200
        assert "demo-str" in page.text


class TestPelagos:
    def test_predicts(self, counting: tuple[Server, Server]) -> None:
        answer = counting[1].client.post("/v2/models/counting/predict/", json={"values": [1, 2]})

        assert answer.json()["predictions"] == {"total": 3.0, "model": "pretrained"}

    def test_trains_there_and_shows_log_and_metrics_here(self, counting: tuple[Server, Server]) -> None:
        far, near = counting
        started = near.client.post("/v2/models/counting/train/?epochs=3&delay_s=0.3").json()
        path = f"/v2/models/counting/train/{started['uuid']}"

        training = ended(near, path)
        (there,) = far.client.get("/v2/models/counting/train/").json()

        assert training["result"]["output"]["epochs"] == 3
        assert there["status"] == "done"
        assert "epoch 1 of 3" in near.client.get(f"{path}/log").text
        assert near.client.get(f"{path}/progress").json()["metrics"][0]["loss"] == 1.0
        self.predicts_with(near, there["uuid"])

    def predicts_with(self, near: Server, model: str) -> None:
        answer = near.client.post("/v2/models/counting/predict/", json={"values": [1], "model": model})

        assert answer.json()["predictions"] == {"total": 4.0, "model": model}

    def test_cancels_there(self, counting: tuple[Server, Server]) -> None:
        far, near = counting
        started = near.client.post("/v2/models/counting/train/?epochs=1000&delay_s=0.2").json()
        waiting.until(
            lambda: "running" in [one["status"] for one in far.client.get("/v2/models/counting/train/").json()]
        )

        cancelled = near.client.delete(f"/v2/models/counting/train/{started['uuid']}").json()

        assert cancelled["status"] == "cancelled"
        waiting.until(lambda: far.client.get("/v2/models/counting/train/").json()[-1]["status"] == "cancelled")


class TestOdd:
    def test_streams(self, odd: Server) -> None:
        answer = odd.client.post("/v2/models/odd/predict/?how=stream")

        assert answer.text == "data: 0\n\ndata: 1\n\ndata: 2\n\n"
        assert answer.headers["content-type"] == "text/event-stream"

    def test_is_told_when_the_client_of_a_stream_goes(self, odd: Server) -> None:
        with odd.client.stream("POST", "/v2/models/odd/predict/?how=endless") as answer:
            first = next(answer.iter_text())

        assert first.startswith("data: 0")
        waiting.until(lambda: any("endless" in path for path in Odd.left))
        assert odd.client.post("/v2/models/odd/predict/?how=stream").status_code == 200

    def test_gets_no_secret_of_our_clients(self, odd: Server) -> None:
        secrets = {"authorization": "Bearer secret", "cookie": "session=secret", "x-thing": "secret"}

        told = odd.client.post("/v2/models/odd/predict/?how=headers", headers=secrets).text

        assert "secret" not in told

    def test_is_reported_when_it_is_gone(self, tmp_path: Path) -> None:
        with ThreadingHTTPServer(("127.0.0.1", 0), Odd) as far:
            far.daemon_threads = True
            thread = threading.Thread(target=far.serve_forever, daemon=True)
            thread.start()
            servers.install(tmp_path / "state", f"http://127.0.0.1:{far.server_port}")
            with servers.pelagos(tmp_path / "front", tmp_path / "state", modules=["odd"]) as server:
                far.shutdown()
                far.server_close()
                answer = server.client.post("/v2/models/odd/predict/?how=headers")

        assert answer.status_code == 503
        assert (
            answer.text == f"503: the server at http://127.0.0.1:{far.server_port} does not answer: Connection refused"
        )


class TestInstall:
    def test_gives_a_name_that_is_taken_the_name_of_the_server_too(
        self, tmp_path: Path, counting: tuple[Server, Server]
    ) -> None:
        known = Environments(tmp_path / "modules")
        known.install(str(COUNTING))

        known.install(counting[0].url)

        port = httpx.URL(counting[0].url).port
        assert [each.name for each in known.list()][:2] == ["counting", f"counting-at-127.0.0.1-{port}"]

    def test_says_that_nobody_answers(self, tmp_path: Path) -> None:
        with pytest.raises(errors.EnvironmentFailed, match=r"the server at http://127\.0\.0\.1:1 does not answer"):
            Environments(tmp_path).install("http://127.0.0.1:1")
