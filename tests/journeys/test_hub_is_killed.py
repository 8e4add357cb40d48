"""The hub is killed at the worst moments of trainings, deployments and uploads: nothing is lost, nothing is doubled."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

import databases
import hub_world
import pelagos
import waiting
from pelagos import environments
from pelagos.cli import client as clients

WITHIN_S = 30.0


@pytest.fixture
def state(tmp_path: Path, installed_modules: environments.Environments, database_url: str) -> Iterator[Path]:
    folder = hub_world.link_modules(tmp_path / "state", installed_modules, database_url)
    yield folder
    if not any((folder / "deployments").glob("*")):
        return
    with hub_world.process(folder):
        client = pelagos.Client(state_dir=folder)
        for deployment in client.deployments.list():
            deployment.delete()
        waiting.until(lambda: not client.deployments.list())


def supervisors(deployment_id: str) -> int:
    """Count the processes that keep a replica of a deployment running."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        found += b"pelagos.module.job" in line and f"/deployments/{deployment_id}/".encode() in line
    return found


def again(state: Path, first: hub_world.Process) -> tuple[hub_world.Process, clients.Client]:
    """Kill a hub and start the next one on its state."""
    first.kill()
    second = hub_world.Process(state)
    return second, pelagos.Client(state_dir=state)


def started(state: Path, deployment_id: str) -> bool:
    return any((state / "deployments" / deployment_id).glob("*/started"))


def nothing(_state: Path, _deployment_id: str) -> bool:
    return True


def served(state: Path, _deployment_id: str) -> bool:
    return any(each.state == "CREATE_COMPLETE" for each in pelagos.Client(state_dir=state).deployments.list())


@databases.BOTH
class TestTraining:
    def test_goes_on_and_ends_as_if_nothing_had_happened(self, state: Path) -> None:
        first = hub_world.Process(state)
        run = pelagos.Client(state_dir=state).train("counting", key="one", epochs=20, delay_s=0.1)
        waiting.until(run.metrics)

        second, client = again(state, first)
        same = client.train("counting", key="one", epochs=20, delay_s=0.1)
        ended = client.runs.get(run.id).wait(WITHIN_S)

        assert (same.id, ended.state, ended.result["epochs"]) == (run.id, "done", 20)
        assert [row["step"] for row in ended.metrics()] == list(range(1, 21))
        assert [each.id for each in client.models.list()] == [run.id]
        second.end()

    def test_that_was_only_accepted_is_run_once(self, state: Path) -> None:
        first = hub_world.Process(state)
        client = pelagos.Client(state_dir=state)
        runs = [client.train("counting", epochs=2, delay_s=0.1) for _ in range(4)]

        second, client = again(state, first)
        ended = [client.runs.get(run.id).wait(WITHIN_S) for run in runs]

        assert [each.state for each in ended] == ["done"] * 4
        assert len(client.runs.list()) == 4
        assert [each.log().count("epoch 1 of 2") for each in ended] == [1] * 4
        second.end()


@databases.BOTH
class TestDeployment:
    @pytest.mark.parametrize("moment", [nothing, started, served], ids=["accepted", "started", "served"])
    def test_comes_up_once_and_is_found_again(self, state: Path, moment: Callable[[Path, str], bool]) -> None:
        first = hub_world.Process(state)
        made = pelagos.Client(state_dir=state).deploy("trivial", key="one", replicas=2)
        waiting.until(lambda: moment(state, made.id))

        second, client = again(state, first)
        same = client.deploy("trivial", key="one", replicas=2).wait(WITHIN_S)

        assert (same.id, len(client.deployments.list())) == (made.id, 1)
        assert same.predict(text="still here")["predictions"]["text"] == "still here"
        waiting.until(lambda: supervisors(made.id) == 2)
        second.end()

    def test_answers_again_at_once_as_its_processes_went_on(self, state: Path) -> None:
        first = hub_world.Process(state)
        made = pelagos.Client(state_dir=state).deploy("trivial").wait(WITHIN_S)
        before = [replica["since"] for replica in made.replicas]

        second, client = again(state, first)
        found = client.deployments.get(made.id)

        assert found.predict(text="a")["predictions"]["text"] == "a"
        assert [replica["since"] for replica in found.replicas] == before
        second.end()

    def test_that_is_deleted_is_gone_for_good(self, state: Path) -> None:
        first = hub_world.Process(state)
        made = pelagos.Client(state_dir=state).deploy("trivial").wait(WITHIN_S)
        made.delete()

        second, client = again(state, first)

        waiting.until(lambda: client.deployments.get(made.id).state == "DELETE_COMPLETE")
        assert supervisors(made.id) == 0
        second.end()


class TestUpload:
    def test_leaves_no_half_of_a_data_set(self, state: Path) -> None:
        first = hub_world.Process(state)
        begun = threading.Event()

        def pieces() -> Iterator[bytes]:
            yield b"x" * 200_000
            begun.set()
            threading.Event().wait(WITHIN_S)

        def upload() -> None:
            with first.client() as client, pytest.raises(httpx.HTTPError):
                client.put("/api/v1/datasets/half", params={"filename": "a.zip"}, content=pieces())

        sender = threading.Thread(target=upload, daemon=True)
        sender.start()
        begun.wait(WITHIN_S)

        second, client = again(state, first)

        assert client.datasets.list() == []
        second.end()
