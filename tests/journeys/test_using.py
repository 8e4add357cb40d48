"""What the menu “Use this module” gives to be copied is pasted into a shell as it is, and works.

Real engines and a real Slurm run the lines. No registry can be reached, so the image is there already under the name
that the card states, as after a first use; what would fetch it is the one thing that is not tried.
"""

from __future__ import annotations

import contextlib
import datetime
import html
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import hub_world
import waiting
from engines import engines, image, networks, slurm
from engines.engines import Engine
from pelagos import environments
from pelagos.catalog import card, scaffold
from pelagos.web import using

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("docker")]
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
END_S = 30.0
LOOPBACK = "0100007F"
WITH_A_FILE = "penguins"
"""The name of a new module; the example on its card is a file in its folder."""
IN_IMAGE = f"""
title = "In an image"
[links]
container = "{image.NAME}"
"""


@pytest.fixture(scope="module")
def hub(
    tmp_path_factory: pytest.TempPathFactory, installed_modules: environments.Environments
) -> Iterator[hub_world.Process]:
    """A hub with the test modules and the card of an image."""
    base = tmp_path_factory.mktemp("using")
    (base / "shelf" / "in.image").mkdir(parents=True)
    (base / "shelf" / "in.image" / "module.toml").write_text(IN_IMAGE)
    scaffold.create(base / WITH_A_FILE, WITH_A_FILE, today=datetime.date(2026, 1, 1))
    own = environments.Environments(base / "state" / "modules")
    own.install(str(base / WITH_A_FILE))
    for name in ("counting", "trivial"):
        (own.root / name).symlink_to(installed_modules.root / name)
    with hub_world.process(base / "state") as running:
        with running.client() as client:
            client.post("/api/v1/sources", json={"location": str(base / "shelf")}).raise_for_status()
            for source in ("shelf", "installed"):
                client.post(f"/api/v1/sources/{source}/refresh").raise_for_status()
        yield running


@pytest.fixture(scope="module", params=["docker", "podman", "udocker"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with engines.engine(request.param) as started:
        yield started


@pytest.fixture(scope="module")
def cluster() -> Iterator[slurm.Cluster]:
    with slurm.cluster() as started:
        yield started


@pytest.fixture
def login_node(tmp_path: Path, installed_modules: environments.Environments) -> tuple[Path, dict[str, str]]:
    """Where a scientist stands: a folder with data of one's own, and variables that lead to Pelagos and its modules."""
    state = hub_world.link_modules(tmp_path / "state", installed_modules)
    here = tmp_path / "my work"
    (here / "my-data").mkdir(parents=True)
    (here / "my-data" / "one.txt").write_text("1\n")
    return here, {**os.environ, "PATH": PATH, "PELAGOS_STATE_DIR": str(state)}


def copied(hub: hub_world.Process, module: str) -> dict[str, str]:
    """Give what the menu of a module's page shows, by the name of the way in small letters."""
    with hub.client() as client:
        page = client.get(f"/modules/{module}").text
    menu = page[page.index('<details class="menu">') : page.index("</details>")]
    return {
        name.casefold(): html.unescape(text)
        for name, text in re.findall(r'aria-label="(\w+)">(.*?)</pre>', menu, re.DOTALL)
    }


def pasted(text: str, environment: Mapping[str, str], folder: Path | None = None) -> str:
    """Run lines to their end and give what they print."""
    command = ["bash", "-c", text]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@contextlib.contextmanager
def serving(
    text: str, environment: Mapping[str, str], within: tuple[str, ...], folder: Path | None = None
) -> Iterator[None]:
    """Run lines of which the last one serves until Ctrl+C is pressed, which is done at the end."""
    command = [*within, "bash", "-c", text]
    with subprocess.Popen(command, env=environment, cwd=folder, start_new_session=True) as shell:
        try:
            waiting.until(lambda: shell.poll() is not None or listeners(within))
            assert shell.poll() is None
            yield
            os.killpg(shell.pid, signal.SIGINT)
            shell.wait(END_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)


def listeners(within: tuple[str, ...]) -> set[str]:
    """Give the addresses, as the kernel writes them, at which somebody listens for what the lines serve."""
    command = [*within, "cat", "/proc/net/tcp", "/proc/net/tcp6"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=END_S, check=True).stdout
    places = (line.split()[1].split(":") for line in told.splitlines() if line.split()[3] == "0A")
    return {address for address, port in places if int(port, 16) == using.PORT}


def predicted(within: tuple[str, ...]) -> Any:
    """Give what the module answers to a prediction; None while it does not."""
    address = f"http://127.0.0.1:{using.PORT}/v2/models/{image.MODULE}/predict/"
    command = [*within, "curl", "-sf", "--max-time", "20", "--json", '{"values": [1, 2]}', address]
    asked = subprocess.run(command, capture_output=True, timeout=END_S, check=False)
    return json.loads(asked.stdout)["predictions"] if asked.returncode == 0 else None


class TestAnImage:
    def test_answers_on_loopback_until_ctrl_c(self, hub: hub_world.Process, engine: Engine) -> None:
        with serving(copied(hub, "in.image")[engine.name], engine.environment, engine.within):
            answer = waiting.until(lambda: predicted(engine.within))
            heard_at = listeners(engine.within)

        assert answer == {"total": 3.0, "model": "pretrained"}
        assert heard_at == {LOOPBACK}
        waiting.until(lambda: not listeners(engine.within))
        assert engine.name == "udocker" or image.NAME not in engine.ask("ps", "--all")

    @pytest.mark.parametrize("engine", ["udocker"], indirect=True)
    def test_is_unpacked_once_by_udocker(self, hub: hub_world.Process, engine: Engine) -> None:
        for _ in range(2):
            with serving(copied(hub, "in.image")[engine.name], engine.environment, engine.within):
                waiting.until(lambda: predicted(engine.within))
            waiting.until(lambda: not listeners(engine.within))

        assert engine.ask("ps").count(image.NAME) == 1


class TestPelagos:
    def test_installs_predicts_trains_and_serves(
        self,
        hub: hub_world.Process,
        login_node: tuple[Path, dict[str, str]],
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        here, environment = login_node

        with networks.private() as within, serving(copied(hub, "counting")["pelagos"], environment, within, here):
            answer = predicted(within)
            heard_at = listeners(within)

        assert answer == {"total": 3.0, "model": "pretrained"}
        assert heard_at == {LOOPBACK}
        assert re.search(r"total.*3", capfd.readouterr().out)
        assert trained(environment) == ["done"]


class TestTheHub:
    @pytest.mark.parametrize(("module", "answer"), [("counting", "total.: 3.0"), (WITH_A_FILE, "labels.: .*Gentoo")])
    def test_is_asked_by_curl_and_from_python(
        self, hub: hub_world.Process, module: str, answer: str, tmp_path: Path
    ) -> None:
        with hub.client() as client:
            made = client.post("/api/v1/deployments", json={"module": module}).raise_for_status().json()
            place = f"/api/v1/deployments/{made['id']}"
            waiting.until(lambda: client.get(place).json()["state"] == "CREATE_COMPLETE")
            ways = copied(hub, module)
        environment = {**os.environ, "PATH": PATH, "PELAGOS_TOKEN": hub.token, "PELAGOS_STATE_DIR": str(hub.state)}

        by_curl = pasted(ways["curl"], environment, tmp_path)
        from_python = pasted(f"python <<'END'\n{ways['python']}\nEND", environment, tmp_path)

        with hub.client() as client:
            client.delete(place).raise_for_status()
            waiting.until(lambda: client.get("/api/v1/deployments").json()["total"] == 0)
        assert re.search(answer, by_curl)
        assert re.search(answer, from_python)


class TestSlurm:
    def test_trains_a_model(
        self, hub: hub_world.Process, cluster: slurm.Cluster, login_node: tuple[Path, dict[str, str]]
    ) -> None:
        here, environment = login_node

        said = pasted(copied(hub, "counting")["slurm"], environment | cluster.variables, here)

        number = said.split()[-1]
        assert cluster.ended(number) == "COMPLETED", (here / f"slurm-{number}.out").read_text()
        assert trained(environment) == ["done"]

    def test_predicts_with_arguments(
        self, hub: hub_world.Process, cluster: slurm.Cluster, login_node: tuple[Path, dict[str, str]]
    ) -> None:
        here, environment = login_node

        said = pasted(copied(hub, "trivial")["slurm"], environment | cluster.variables, here)

        printed = here / f"slurm-{said.split()[-1]}.out"
        assert cluster.ended(said.split()[-1]) == "COMPLETED", printed.read_text()
        assert "hello" in printed.read_text()

    def test_predicts_for_a_folder_with_all_that_a_card_can_ask_for(
        self,
        cluster: slurm.Cluster,
        login_node: tuple[Path, dict[str, str]],
        installed_modules: environments.Environments,
    ) -> None:
        here, environment = login_node
        (here / "my-data").rename(here / "inputs")
        description = installed_modules.describe(installed_modules.find("counting")) | {"train": None}
        need = {"cpus": 1.5, "memory_mb": 700, "gpus": 1}
        each = card.Card(
            name="counting", title="Counting", resources={"predict": need}, examples=[{"input": {"values": [1.0, 2.0]}}]
        )
        (way,) = (
            each for each in using.ways(each, description, origin="", source="", deployment="") if each.name == "Slurm"
        )

        said = pasted(way.lines, environment | cluster.variables, here)

        number = said.split()[-1]
        assert cluster.ended(number) == "COMPLETED", (here / f"slurm-{number}.out").read_text()
        assert cluster.ask("squeue", "--noheader", "--states=all", f"--jobs={number}", "--format=%C %m %b") == (
            "2 828M gres:gpu:1"
        )
        assert json.loads((here / "answers" / "one.txt.json").read_text())["total"] == 4.0


def trained(environment: Mapping[str, str]) -> list[str]:
    """Give the states of all trainings that a state folder knows."""
    return [job["state"] for job in json.loads(pasted("pelagos jobs list --json", environment))]
