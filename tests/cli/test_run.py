import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.heavy
WAIT_S = 30.0


@contextmanager
def serving(*words: str, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `pelagos run` as people do; gives the process and the address it prints."""
    command = [sys.executable, "-m", "pelagos.cli", "run", *words, "--listen-port", "0"]
    environ = {**os.environ, **variables}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environ, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(WAIT_S)


def ask(address: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"} if data else {})
    with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
        return json.load(answer)


class TestRun:
    def test_serves_a_module_until_it_is_told_to_stop(self, state: Path) -> None:
        with serving("trivial") as (process, address):
            answer = ask(f"{address}v2/models/trivial/predict/", {"text": "hello", "number": 2})

        assert answer["predictions"] == {"text": "hello", "number": 2}
        assert process.returncode == 0

    def test_serves_a_folder(self, state: Path) -> None:
        with serving(str(Path(__file__).parents[1] / "modules_for_tests" / "trivial")) as (_, address):
            assert [model["id"] for model in ask(f"{address}v2/models/")["models"]] == ["trivial"]

    def test_serves_several_modules(self, state: Path) -> None:
        with serving("trivial", "counting") as (_, address):
            assert {model["id"] for model in ask(f"{address}v2/models/")["models"]} == {"trivial", "counting"}

    @pytest.mark.parametrize(
        ("words", "variables"), [(["--model-name", "trivial"], {}), ([], {"DEEPAAS_V2_MODEL": "trivial"})]
    )
    def test_knows_how_deepaas_names_the_module(self, state: Path, words: list[str], variables: dict[str, str]) -> None:
        with serving(*words, **variables) as (_, address):
            assert [model["id"] for model in ask(f"{address}v2/models/")["models"]] == ["trivial"]

    def test_takes_the_options_of_deepaas(self, state: Path) -> None:
        words = ["--base-path", "/my/base", "--nowarm", "--notrain-endpoint", "--workers", "1", "--debug-endpoint"]

        with serving("trivial", *words) as (_, address), pytest.raises(urllib.error.HTTPError) as caught:
            ask(f"{address}v2/models/trivial/train/")

        assert "/my/base/" in address
        assert caught.value.code == 402
        caught.value.close()

    def test_goes_on_with_a_training_that_the_command_line_began(self, state: Path, pelagos: Any) -> None:
        uuid = pelagos("train", "counting", "--epochs", "100", "--delay-s", "0.1", "--detach").out.strip()

        with serving("counting") as (_, address):
            training = ask(f"{address}v2/models/counting/train/{uuid}")
        pelagos("jobs", "cancel", uuid)

        assert (training["uuid"], training["status"]) == (uuid, "running")


class TestRefusal:
    def test_names_the_nearest_module(self, pelagos: Any) -> None:
        ran = pelagos("run", "trival")

        assert ran.code == 1
        assert "Did you mean trivial?" in ran.err
        assert "pelagos install" in ran.err

    def test_asks_which_module_is_meant(self, pelagos: Any) -> None:
        ran = pelagos("run")

        assert ran.code == 2
        assert "expected one or several of counting, trivial" in ran.err

    def test_says_that_the_port_is_taken(self, pelagos: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            ran = pelagos("run", "trivial", "--listen-port", str(other.getsockname()[1]))

        assert ran.code == 1
        assert "--listen-port" in ran.err

    def test_names_the_flag_of_a_wrong_value(self, pelagos: Any) -> None:
        ran = pelagos("run", "trivial", "--listen-port", "99999")

        assert ran.code == 2
        assert "--listen-port: '99999' is not valid; expected at least 0 and at most 65535" in ran.err
