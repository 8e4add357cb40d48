from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections.abc import Awaitable
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

import waiting
from journeys import stage
from pelagos.domain import errors, records
from pelagos.jobs import Submission
from pelagos.runtime import service as services
from pelagos.runtime import trained
from pelagos.runtime.console import desk as desks
from pelagos.runtime.console import monitor, monitoring

needs_tensorboard = pytest.mark.skipif(
    importlib.util.find_spec("tensorboard") is None, reason="TensorBoard is not installed (extra `dev`)"
)
heavy = pytest.mark.heavy


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists() or ") Z " in Path(f"/proc/{pid}/stat").read_text()


def children(pid: int) -> list[int]:
    return [int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def boards(pid: int) -> list[int]:
    return [child for child in children(pid) if b"tensorboard" in Path(f"/proc/{child}/cmdline").read_bytes()]


def run(story: Awaitable[None]) -> None:
    async def within() -> None:
        async with asyncio.timeout(90):
            await story

    asyncio.run(within())


class TestMonitors:
    def test_say_what_to_install(self) -> None:
        async def story() -> None:
            with pytest.raises(errors.MissingExtra) as caught:
                await monitor.Monitors(None).port("x", Path("/"), "/m")
            assert caught.value.hint.endswith("-m pip install tensorboard")

        run(story())

    def test_tell_why_one_did_not_start(self, tmp_path: Path) -> None:
        async def story() -> None:
            broken = monitor.Monitors(["/bin/sh", "-c", "echo no such luck >&2"])
            with pytest.raises(errors.Unavailable, match="no such luck"):
                await broken.port("x", tmp_path, "/m")

        run(story())

    @heavy
    @needs_tensorboard
    def test_start_one_for_all_who_ask_and_end_it_when_idle(self, tmp_path: Path) -> None:
        async def story() -> None:
            monitors = monitor.Monitors(monitor.command(), idle_s=1)

            ports = await asyncio.gather(*(monitors.port("x", tmp_path, "/m") for _ in range(3)))
            (pid,) = monitors.pids

            assert len(set(ports)) == 1
            assert await asyncio.to_thread(waiting.until, lambda: gone(pid))

        run(story())


@heavy
@needs_tensorboard
class TestMonitorOfATraining:
    def test_answers_under_the_trainings_address_and_ends_with_the_server(self, tmp_path: Path, dataset: Path) -> None:
        with stage.running(tmp_path / "state", base_path="/my") as served:
            with httpx.Client(base_url=served.url, timeout=60) as client:
                form = {"_sent": "1", "dataset": str(dataset), "epochs": "2"}
                page = client.post("/console/modules/pictures/train", data=form).headers["location"].removeprefix("/my")

                first = client.get(f"{page}/monitor/")
                runs = client.get(f"{page}/monitor/data/runs")
                missing = client.get(f"{page}/monitor/data/nonsense")
                (pid,) = boards(served.process.pid)

            assert "TensorBoard" in first.text
            assert (runs.status_code, runs.json()) == (200, ["."])
            assert missing.status_code == 404
            os.kill(served.process.pid, 15)
            assert waiting.until(lambda: gone(pid))

    def test_shows_what_a_deepaas_module_wrote_beside_its_models(self, tmp_path: Path) -> None:
        with stage.running(tmp_path / "state", ["terns"]) as served:
            with httpx.Client(base_url=served.url, timeout=60) as client:
                ids = [train(client, steps=steps) for steps in ("3", "5")]

                shown = [curves(client, number) for number in ids]

            assert shown == [{".": [1, 2, 3]}, {".": [1, 2, 3, 4, 5]}]

    def test_shows_events_as_soon_as_there_are_some(self, tmp_path: Path) -> None:
        with (
            stage.running(tmp_path / "state", ["terns"]) as served,
            httpx.Client(base_url=served.url, timeout=60) as client,
        ):
            gate = tmp_path / "gate"
            form = {"steps": "1", "gate": str(gate)}
            number = client.post("/v2/models/terns/train/", data=form).json()["uuid"]
            page = f"/console/trainings/{number}/monitor"
            waiting.until(lambda: "waits" in client.get(f"/v2/models/terns/train/{number}/log").text)
            before = client.get(f"{page}/data/plugin/scalars/tags").json()

            gate.touch()
            waiting.until(lambda: client.get(f"/v2/models/terns/train/{number}").json()["status"] == "done")

            assert before == {}
            assert curves(client, number) == {".": [1]}

    def test_dies_with_a_server_that_is_killed(self, tmp_path: Path, dataset: Path) -> None:
        with stage.running(tmp_path / "state") as served, httpx.Client(base_url=served.url, timeout=60) as client:
            form = {"_sent": "1", "dataset": str(dataset), "epochs": "1"}
            page = client.post("/console/modules/pictures/train", data=form).headers["location"]
            client.get(f"{page}/monitor/")
            (pid,) = boards(served.process.pid)

            os.kill(served.process.pid, 9)

            assert waiting.until(lambda: gone(pid))


def train(client: httpx.Client, **arguments: str) -> str:
    """Train the DEEPaaS module to the end; gives the training's id."""
    number = str(client.post("/v2/models/terns/train/", data=arguments).json()["uuid"])
    waiting.until(lambda: client.get(f"/v2/models/terns/train/{number}").json()["status"] == "done")
    return number


def curves(client: httpx.Client, number: str) -> dict[str, list[int]]:
    """Give the steps of the losses that the monitor shows, by run."""
    data = f"/console/trainings/{number}/monitor/data/plugin/scalars"
    waiting.until(lambda: client.get(f"{data}/tags").json() != {})
    asked = {run: {"run": run, "tag": "loss"} for run in client.get(f"{data}/tags").json()}
    return {
        run: [step for _, step, _ in client.get(f"{data}/scalars", params=each).json()] for run, each in asked.items()
    }


class TestMissing:
    def test_is_told_with_the_command(self, tmp_path: Path) -> None:
        async def story() -> None:
            jobs = stage.jobs_in(tmp_path / "state")
            module = stage.code(tmp_path / "state", "pictures")
            job = jobs.submit(Submission(kind=records.Kind.TRAINING, module=module, arguments={}))
            settings = services.RuntimeSettings()
            desk = desks.Desk(services.Service(settings, {}, jobs, trained.Models(jobs), tmp_path))
            desk.monitors = monitor.Monitors(None)
            transport = httpx.ASGITransport(Starlette(routes=monitoring.routes(desk)))

            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                answer = await client.get(f"/trainings/{job.id}/monitor/")
            jobs.cancel(job.id)

            assert answer.status_code == 501
            assert f"{sys.executable} -m pip install tensorboard" in answer.text
            assert f'href="/console/trainings/{job.id}"' in answer.text
            desk.service.stopping.set()

        run(story())
