"""The options of `deepaas-run`: both servers with the same ones, asked the same questions."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from side_by_side import checks, servers
from side_by_side.servers import Server

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("deepaas")]
MODEL = "probe-object"
OPTIONS = ("--base-path", "/my/base", "--nopredict-endpoint", "--notrain-endpoint", "--nodoc-endpoint")
BASE = "/my/base"
LARGEST = 100_000
PREDICT = f"/v2/models/{servers.TRAININGS}/predict/"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, state: Path) -> Iterator[tuple[Server, Server]]:
    """DEEPaaS and Pelagos with the options."""
    folder = tmp_path_factory.mktemp("options")
    with (
        servers.reference(folder / "deepaas", *OPTIONS, model=MODEL) as theirs,
        servers.pelagos(folder / "pelagos", state, *OPTIONS, modules=[MODEL]) as ours,
    ):
        yield theirs, ours


class TestOptions:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", BASE),
            ("GET", f"{BASE}/v2/"),
            ("GET", f"{BASE}/v2/models/"),
            ("GET", f"{BASE}/v2/models/{MODEL}/"),
            ("GET", "/v2/"),
            ("GET", f"{BASE}/v2/nothing/"),
            ("POST", f"{BASE}/v2/models/{MODEL}/predict/"),
            ("POST", f"{BASE}/v2/models/{MODEL}/train/"),
            ("GET", f"{BASE}/v2/models/{MODEL}/train/"),
            ("GET", f"{BASE}/v2/models/{MODEL}/train/abc"),
            ("DELETE", f"{BASE}/v2/models/{MODEL}/train/abc"),
            ("GET", f"{BASE}/api"),
        ],
    )
    def test_are_the_same(self, both: tuple[Server, Server], method: str, path: str) -> None:
        theirs, ours = (checks.ask(server, method, path) for server in both)

        assert checks.alike(ours, theirs), f"DEEPaaS: {theirs}\nPelagos: {ours}"

    def test_move_redirects_under_the_base_path(self, both: tuple[Server, Server]) -> None:
        theirs, ours = (server.client.get(f"{BASE}/v2/models?a=1").headers["location"] for server in both)

        assert ours == theirs == f"{BASE}/v2/models/?a=1"

    def test_move_the_specification_under_the_base_path(self, both: tuple[Server, Server]) -> None:
        theirs, ours = (self.addresses(server) for server in both)

        assert ours == theirs

    def addresses(self, server: Server) -> list[str]:
        """List where a client would send its requests."""
        told: Any = server.client.get(f"{BASE}/swagger.json").json()
        base = told.get("basePath", "")
        return sorted(base + path for path in told["paths"])


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory, state: Path) -> Iterator[tuple[Server, Server]]:
    """DEEPaaS and Pelagos with the other options, some by a configuration file."""
    folder = tmp_path_factory.mktemp("tuned")
    file = folder / "deepaas.conf"
    file.write_text(f"[DEFAULT]\nclient_max_size = {LARGEST}\nworkers = 2\n")
    options = ("--config-file", str(file), "--debug-endpoint", "--nowarm")
    with (
        servers.reference(folder / "deepaas", *options, model=servers.TRAININGS) as theirs,
        servers.pelagos(
            folder / "pelagos", state, *options, modules=[servers.TRAININGS], command="deepaas-run"
        ) as ours,
    ):
        yield theirs, ours


class TestOtherOptions:
    def test_limit_the_size_of_a_body(self, tuned: tuple[Server, Server]) -> None:
        files = {"data": checks.file("a.bin", b"x" * (LARGEST + 1))}
        theirs, ours = (checks.ask(server, "POST", PREDICT, files=files)["status"] for server in tuned)

        assert ours == theirs == 413

    def test_let_a_smaller_body_pass(self, tuned: tuple[Server, Server]) -> None:
        text = "x" * (LARGEST - 100)
        data = {"folder": "warm", "more": text}
        theirs, ours = (checks.ask(server, "POST", PREDICT, data=data)["status"] for server in tuned)

        assert ours == theirs == 200

    def test_leave_a_module_cold_but_for_its_first_prediction(self, tuned: tuple[Server, Server]) -> None:
        theirs, ours = (checks.ask(server, "POST", PREDICT, params={"folder": "warm"})["body"] for server in tuned)

        assert theirs["predictions"] == {"warm": False}
        assert ours["predictions"] == {"warm": True}

    def test_show_what_is_printed(self, tuned: tuple[Server, Server]) -> None:
        for server in tuned:
            seen = checks.ask(server, "GET", "/v2/debug/")

            assert (seen["status"], seen["type"]) == (200, "text/plain; charset=utf-8")

    def test_run_as_many_predictions_at_once_as_there_are_workers(self, tuned: tuple[Server, Server]) -> None:
        for server in tuned:
            with concurrent.futures.ThreadPoolExecutor() as threads, tempfile.TemporaryDirectory() as folder:
                asked = [
                    threads.submit(checks.ask, server, "POST", PREDICT, params={"folder": f"meet:{folder}"})
                    for _ in "12"
                ]

                assert [each.result()["body"]["predictions"] for each in asked] == [2, 2]


class TestDeepaasRun:
    def test_serves_with_a_configuration_file(self, tmp_path: Path, state: Path) -> None:
        file = tmp_path / "deepaas.conf"
        file.write_text(f"[DEFAULT]\nlisten_port = 0\nmodel_name = {MODEL}\ntrain_endpoint = false\n")
        command = [str(Path(sys.executable).parent / "deepaas-run"), "--config-file", str(file)]
        variables = {**os.environ, "PELAGOS_STATE_DIR": str(state), "DEEPAAS_V2_MODEL": ""}
        with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1].rstrip("/")

            with servers.Server(url, bin_folder=Path(), variables={}).client as client:
                predicted = client.post(f"/v2/models/{MODEL}/predict/", params={"text": "a"}).json()
                disabled = client.get(f"/v2/models/{MODEL}/train/").status_code
            process.send_signal(signal.SIGTERM)
            code = process.wait(30)

        assert (predicted, disabled, code) == ({"status": "OK", "predictions": "A"}, 402, 0)
