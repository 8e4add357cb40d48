"""Modules in container images, with real engines: they run as those in environments do, and leave nothing behind."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

import waiting
from engines import engines, image
from engines.engines import Engine
from pelagos.domain import errors
from pelagos.environments import Containers, Environments, image_python, images
from pelagos.environments.sources import Source, SourceKind

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("docker")]
WITHIN_S = 30.0
LARGE = os.urandom(3 << 20)


@pytest.fixture(scope="module", params=["docker", "podman"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine of our own; all clients that are started here use it."""
    with engines.engine(request.param) as started, pytest.MonkeyPatch.context() as patch:
        for name, value in started.variables.items():
            patch.setenv(name, value)
        yield started


@pytest.fixture(scope="module")
def state(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder in which the modules of the image are installed."""
    folder = tmp_path_factory.mktemp("state")
    ran = pelagos(folder, "install", named(engine))
    assert ran.returncode == 0, ran.stderr
    return folder


@pytest.fixture(scope="module")
def known(state: Path) -> Environments:
    return Environments(state / "modules")


@pytest.fixture(scope="module")
def client(state: Path) -> Iterator[httpx.Client]:
    """A server of both modules, for tests that leave it as it was."""
    with serving(state, "leaves", "counting") as (_, address), httpx.Client(base_url=address, timeout=60) as client:
        yield client


def pelagos(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pelagos.cli", *words, "--state-dir", str(state)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@contextlib.contextmanager
def serving(state: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `pelagos run`; gives the process and its address."""
    command = [sys.executable, "-m", "pelagos.cli", "run", *words, "--listen-port", "0", "--state-dir", str(state)]
    with subprocess.Popen([*command, "--workers", "1"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(WITHIN_S)


def workers(engine: Engine) -> set[str]:
    return {name for name in engine.containers() if name.startswith("pelagos-worker-")}


def named(engine: Engine) -> str:
    return f"{engine.name}://{image.NAME}"


def ended(client: httpx.Client, module: str, uuid: str) -> dict[str, Any]:
    def training() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/v2/models/{module}/train/{uuid}").json()
        return None if found["status"] == "running" else found

    found: dict[str, Any] = waiting.until(training)
    return found


class TestInstall:
    def test_finds_the_modules_of_the_image_by_their_entry_points(self, known: Environments) -> None:
        found = {each.name: (each.kind, each.entry, each.version) for each in known.list() if each.in_image}

        assert found == {
            "leaves": ("deepaas", "leaves", "2.1"),
            "counting": ("native", "pelagos_counting:Counting", "2.1"),
        }

    def test_does_nothing_when_the_image_is_the_same(self, engine: Engine, known: Environments) -> None:
        steps: list[str] = []

        known.install(named(engine))
        known.install(named(engine), progress=lambda step: steps.append(step.text))

        assert steps == ["'counting' is installed and up to date"]

    def test_describes_a_module_inside(self, known: Environments) -> None:
        description = known.describe(known.find("leaves"))

        assert description["summary"] == "Names leaves."
        assert [each["name"] for each in description["predict"]["parameters"]] == ["data", "top-k", "timestamp", "act"]

    def test_says_that_there_is_no_module(self, engine: Engine, known: Environments) -> None:
        bare = engine.ask("create", image.NAME, "x")
        engine.ask("commit", "--change", "ENV PYTHONPATH=/nowhere", bare, "bare:1")
        engine.ask("rm", bare)

        with pytest.raises(errors.EnvironmentFailed, match="no module in the image 'bare:1'") as caught:
            known.install(f"{engine.name}://bare:1")

        assert "pelagos run http://" in caught.value.hint

    def test_says_how_to_use_an_image_whose_python_is_too_old(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = json.dumps({"python": "python3", "version": [3, 6], "path": "", "modules": []})
        (tmp_path / "docker").write_text(f"#!/bin/sh\ncase $1 in image) echo sha256:1;; run) echo '{old}';; esac\n")
        (tmp_path / "docker").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

        with pytest.raises(errors.EnvironmentFailed, match=r"Python is 3\.6; expected Python 3\.8") as caught:
            Environments(tmp_path / "modules").install("docker://old:1")

        assert "pelagos run http://" in caught.value.hint

    def test_says_what_the_engine_said_of_an_image_that_is_nowhere(self, engine: Engine, known: Environments) -> None:
        with pytest.raises(errors.EnvironmentFailed, match="the image 'localhost:1/none:1' cannot be fetched"):
            known.install(f"{engine.name}://localhost:1/none:1")

    def test_takes_no_more_requirements(self, engine: Engine, known: Environments) -> None:
        with pytest.raises(errors.InvalidInput, match="--with"):
            known.install(named(engine), extra=["numpy"])


class TestServer:
    def test_predicts(self, client: httpx.Client) -> None:
        answer = client.post("/v2/models/counting/predict/", json={"values": [1, 2]})

        assert answer.json() == {"status": "OK", "predictions": {"total": 3.0, "model": "pretrained"}}

    @pytest.mark.parametrize("content", [b"small", LARGE], ids=["in memory", "on disk"])
    def test_hands_files_in(self, client: httpx.Client, content: bytes) -> None:
        answer = client.post("/v2/models/leaves/predict/?top-k=1", files={"data": ("leaf.png", content, "image/png")})

        wanted = {"labels": ["oak"], "sha256": hashlib.sha256(content).hexdigest()}
        assert answer.json()["predictions"] == wanted

    def test_lets_the_module_refuse_in_its_own_words(self, client: httpx.Client) -> None:
        answer = client.post("/v2/models/leaves/predict/?top-k=9")

        assert answer.status_code == 422
        assert answer.json() == {"top-k": ["Must be greater than or equal to 1 and less than or equal to 3."]}

    def test_gives_the_code_no_network_and_none_of_our_processes(self, client: httpx.Client) -> None:
        seen = client.post("/v2/models/leaves/predict/?act=look").json()["predictions"]

        assert seen["network"] == ["lo"]
        assert seen["pids"] <= 3
        assert (seen["uid"], seen["cwd"]) == (os.getuid(), "/srv")

    def test_replaces_a_worker_that_died(self, client: httpx.Client) -> None:
        killed = client.post("/v2/models/leaves/predict/?act=kill")
        again = client.post("/v2/models/leaves/predict/")

        assert (killed.status_code, "SIGKILL" in killed.text) == (503, True)
        assert again.json()["predictions"] == {"labels": ["oak", "beech"]}

    def test_breaks_off_what_nobody_waits_for(self, engine: Engine, client: httpx.Client) -> None:
        before = workers(engine)
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v2/models/leaves/predict/?act=sleep", timeout=0.3)

        assert client.post("/v2/models/leaves/predict/", timeout=20).status_code == 200
        assert workers(engine) == before

    def test_trains_and_predicts_with_the_model(self, client: httpx.Client) -> None:
        started = client.post("/v2/models/counting/train/?epochs=2").json()

        training = ended(client, "counting", started["uuid"])
        answer = client.post("/v2/models/counting/predict/", json={"values": [1], "model": started["uuid"]})

        assert training["result"]["output"]["epochs"] == 2
        assert answer.json()["predictions"] == {"total": 3.0, "model": started["uuid"]}

    def test_cancels_a_training_and_its_container(self, engine: Engine, client: httpx.Client) -> None:
        before = set(engine.containers())
        started = client.post("/v2/models/leaves/train/?epochs=600&delay_s=1").json()
        waiting.until(lambda: set(engine.containers()) - before)

        cancelled = client.delete(f"/v2/models/leaves/train/{started['uuid']}").json()

        assert cancelled["status"] == "cancelled"
        waiting.until(lambda: set(engine.containers()) <= before)

    def test_shows_its_pages(self, client: httpx.Client) -> None:
        page = client.get("/console/modules/leaves/predict")

        assert page.status_code == 200
        assert "top-k" in page.text


class TestModels:
    def test_of_a_training_in_the_image_are_chosen_from_at_once_and_by_later_servers(
        self, client: httpx.Client, state: Path
    ) -> None:
        started = client.post("/v2/models/leaves/train/").json()
        trained = ended(client, "leaves", started["uuid"])["result"]["output"]["timestamp"]

        def choices() -> list[str]:
            told = client.get("/swagger.json").json()["paths"]["/v2/models/leaves/predict/"]["post"]["parameters"]
            found: list[str] = next(each for each in told if each["name"] == "timestamp")["enum"]
            return found

        answer = client.post(f"/v2/models/leaves/predict/?timestamp={trained}")
        with serving(state, "leaves") as (_, address):
            later = httpx.post(f"{address}v2/models/leaves/predict/?timestamp={trained}", timeout=30)

        assert answer.json()["predictions"] == {"labels": ["yew", "fir"]}
        assert later.json() == answer.json()
        waiting.until(lambda: set(choices()) >= {"pretrained", trained})

    def test_stay_beside_those_of_a_newer_image_until_the_module_goes(self, engine: Engine, tmp_path: Path) -> None:
        known, source = Environments(tmp_path / "modules"), f"{engine.name}://changed:1"
        models = tmp_path / "modules" / "leaves" / "models"
        engine.ask("tag", image.NAME, "changed:1")
        known.install(source)
        known.describe(known.find("leaves"))
        trained = models / "2026-01-01_000000"
        trained.mkdir()
        (models / "pretrained" / "labels.txt").write_text("mine")

        commit(engine, {"better/labels.txt": "ash", "pretrained/labels.txt": "theirs"}, tmp_path)
        known.install(source)
        known.describe(known.find("leaves"))

        assert sorted(each.name for each in models.iterdir()) == [trained.name, "better", "pretrained"]
        assert (models / "pretrained" / "labels.txt").read_text() == "mine"
        known.remove("leaves")
        assert not models.exists()

    def test_lie_where_the_image_says(self, engine: Engine, tmp_path: Path) -> None:
        made = engine.ask("create", image.NAME, "x")
        engine.ask("commit", "--change", "ENV MODELS_PATH=/srv/elsewhere", made, "elsewhere:1")
        engine.ask("rm", made)
        environment = Environments(tmp_path / "modules").install(f"{engine.name}://elsewhere:1").environment
        assert environment is not None

        place = image_python.models(images.image(environment, Containers()), "leaves")

        assert place is not None
        assert (place.target, place.there) == ("/srv/elsewhere", False)


class TestEnd:
    def test_comes_for_the_containers_too(self, engine: Engine, state: Path) -> None:
        before = workers(engine)
        with serving(state, "leaves", "--max-memory-mb", "300", "--max-cpus", "1.5") as (process, _):
            (name,) = workers(engine) - before
            limits = json.loads(engine.ask("inspect", "--format", "{{json .HostConfig}}", name))

        assert process.returncode == 0
        assert (limits["Memory"], limits["NanoCpus"], limits["NetworkMode"]) == (300 << 20, 1_500_000_000, "none")
        waiting.until(lambda: workers(engine) <= before)

    def test_comes_for_a_busy_container_when_the_server_is_killed(self, engine: Engine, state: Path) -> None:
        before = workers(engine)
        with serving(state, "leaves") as (process, address):
            with contextlib.suppress(httpx.ReadTimeout):
                httpx.post(f"{address}v2/models/leaves/predict/?act=sleep", timeout=0.05)
            process.kill()
            process.wait(WITHIN_S)

        waiting.until(lambda: workers(engine) <= before)

    def test_comes_at_the_next_start_for_what_a_crash_left_of_ours(self, engine: Engine, state: Path) -> None:
        space = Path("/proc/self/ns/pid").stat().st_ino
        left, others = f"pelagos-worker-{os.getuid()}-{space}-4000000-1", "pelagos-worker-7-7-4000000-1"
        for name in (left, others):
            engine.ask("create", "--name", name, image.NAME, "x")

        with serving(state, "leaves"):
            waiting.until(lambda: left not in engine.containers())
        assert others in engine.containers()
        engine.ask("rm", others)

    def test_leaves_a_training_running(self, state: Path) -> None:
        with serving(state, "counting") as (process, address):
            uuid = httpx.post(f"{address}v2/models/counting/train/?epochs=4&delay_s=0.5", timeout=30).json()["uuid"]
            waiting.until((state / "jobs" / uuid / "progress.json").exists)
            process.kill()
            process.wait(WITHIN_S)

        waiting.until((state / "jobs" / uuid / "outcome.json").exists)
        outcome = json.loads((state / "jobs" / uuid / "outcome.json").read_text())
        assert outcome["reason"] == "finished"


class TestCommandLine:
    def test_predicts_for_a_file(self, engine: Engine, state: Path, tmp_path: Path) -> None:
        (tmp_path / "leaf.png").write_bytes(b"green")

        ran = pelagos(state, "predict", named(engine), "--values", "1", "--file", str(_numbers(tmp_path)), "--json")

        assert json.loads(ran.stdout)["total"] == 6.0, ran.stderr

    def test_trains_on_a_folder(self, state: Path, tmp_path: Path) -> None:
        _numbers(tmp_path)

        ran = pelagos(state, "train", "counting", "--dataset", str(tmp_path), "--json")

        assert json.loads(ran.stdout)["result"]["files"] == 1, ran.stderr


class TestServerInAnImage:
    def test_is_used_at_its_address(self, engine: Engine, tmp_path: Path) -> None:
        serves = ["deepaas-run", "--listen-ip", "0.0.0.0", "--model-name", "counting"]
        made = engine.ask("run", "--detach", "--rm", "--publish", "127.0.0.1:5000:5000", image.NAME, *serves)
        address = "http://127.0.0.1:5000"
        words = ["predict", address, "--values", "1", "--values", "2", "--json", "--state-dir", str(tmp_path)]

        def answers() -> bool:
            asked = [*engine.within, "curl", "-sf", "--max-time", "20", "-o", os.devnull, f"{address}/v2/models/"]
            return subprocess.run(asked, timeout=WITHIN_S, check=False).returncode == 0

        try:
            waiting.until(answers)
            command = [*engine.within, sys.executable, "-m", "pelagos.cli", *words]
            ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        finally:
            engine.ask("rm", "--force", made)

        assert json.loads(ran.stdout)["total"] == 3.0, ran.stderr


class TestInterpreter:
    def test_is_another_for_other_settings(self, known: Environments, tmp_path: Path) -> None:
        environment = known.find("leaves").environment
        assert environment is not None

        plain, again = images.interpreter(environment, Containers()), images.interpreter(environment, Containers())
        limited = images.interpreter(environment, Containers(max_cpus=1), into=tmp_path)

        assert plain == again
        assert (limited.parent, os.access(limited, os.X_OK)) == (tmp_path, True)
        assert re.search(r'"max_cpus": 1', limited.read_text())

    def test_runs_anything_in_the_image(self, known: Environments) -> None:
        python = known.find("leaves").python

        ran = subprocess.run(
            [python, "-c", "import os; print(os.getcwd())"], capture_output=True, timeout=60, check=False
        )

        assert ran.stdout == b"/srv\n", ran.stderr


class TestIdentity:
    def test_is_none_for_an_image_that_is_not_here(self, engine: Engine) -> None:
        assert images.identity(Source(SourceKind.IMAGE, f"{engine.name}://not-here:1")) is None


def commit(engine: Engine, files: Mapping[str, str], folder: Path) -> None:
    """Make `changed:1` of the image, with other files among the models of its modules."""
    models = folder / "models"
    for name, text in files.items():
        (models / name).parent.mkdir(parents=True, exist_ok=True)
        (models / name).write_text(text)
    made = engine.ask("create", image.NAME, "x")
    engine.ask("cp", f"{models}/.", f"{made}:/srv/modules/models")
    engine.ask("commit", made, "changed:1")
    engine.ask("rm", made)


def _numbers(folder: Path) -> Path:
    path = folder / "numbers.txt"
    path.write_text("2\n3\n")
    return path
