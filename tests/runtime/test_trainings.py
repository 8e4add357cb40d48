"""Trainings over HTTP, with the real jobs and the real local site."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pelagos import db, environments, jobs
from pelagos.domain import clock
from pelagos.runtime import trainings
from pelagos.sites import registry
from runtime.conftest import Make, client_of, run

COUNTING = "/v2/models/counting"
TRAIN = "/v2/models/trainable/train/"


@pytest.fixture
def all_jobs(tmp_path: Path) -> Iterator[jobs.Jobs]:
    local: Any = registry.load("local")
    database = db.connect(f"sqlite:///{tmp_path}/pelagos.db")
    yield jobs.Jobs(
        jobs.Store(database),
        drivers={"local": local(slots=2)},
        folder=tmp_path / "jobs",
        cache=tmp_path / "cache",
        clock=clock.SystemClock(),
    )
    database.close()


@pytest.fixture
def counting(installed_modules: environments.Environments) -> environments.ModuleCode:
    found = installed_modules.find("counting")
    return environments.ModuleCode(
        found.name, found.kind, found.entry, found.python, installed_modules.author_path(), found.folder
    )


async def finished(client: httpx.AsyncClient, uuid: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while (found := (await client.get(f"{COUNTING}/train/{uuid}")).json())["status"] == "running":
            await asyncio.sleep(0.05)
    result: dict[str, Any] = found
    return result


class TestTrainings:
    def test_run_to_their_end_and_their_model_predicts(
        self, counting: environments.ModuleCode, all_jobs: jobs.Jobs
    ) -> None:
        async def body() -> None:
            async with client_of(counting, jobs_=all_jobs) as (client, _):
                begun = (await client.post(f"{COUNTING}/train/", params={"epochs": "2"})).json()
                assert list(begun) == ["date", "args", "uuid", "status"]
                assert (begun["status"], begun["args"]["epochs"], len(begun["uuid"])) == ("running", 2, 32)

                done = await finished(client, begun["uuid"])

                assert (done["status"], done["result"]["output"]["epochs"]) == ("done", 2)
                assert list(done["result"]) == ["output", "finish_date", "duration"]
                assert done["result"]["duration"].startswith("0:00:0")
                answer = await client.post(f"{COUNTING}/predict/", data={"values": "1", "model": begun["uuid"]})
                assert answer.json()["predictions"] == {"total": 3.0, "model": begun["uuid"]}

        run(body)

    def test_end_when_they_are_deleted_and_are_gone_the_second_time(
        self, counting: environments.ModuleCode, all_jobs: jobs.Jobs
    ) -> None:
        async def body() -> None:
            async with client_of(counting, jobs_=all_jobs) as (client, _):
                begun = (await client.post(f"{COUNTING}/train/", params={"epochs": "1000", "delay_s": "1"})).json()
                path = f"{COUNTING}/train/{begun['uuid']}"

                assert (await client.delete(path)).json()["status"] == "cancelled"
                assert (await client.get(path)).json()["status"] == "cancelled"
                assert (await client.delete(path)).status_code == 200
                assert (await client.get(path)).status_code == 404
                assert (await client.get(f"{COUNTING}/train/")).json() == []

        run(body)

    def test_say_what_went_wrong(self, counting: environments.ModuleCode, all_jobs: jobs.Jobs) -> None:
        async def body() -> None:
            async with client_of(counting, jobs_=all_jobs) as (client, _):
                begun = (await client.post(f"{COUNTING}/train/", data={"fail": "true"})).json()

                failed = await finished(client, begun["uuid"])

                assert failed["status"] == "error"
                assert "asked to fail" in failed["message"]

        run(body)

    def test_are_one_for_one_key(self, counting: environments.ModuleCode, all_jobs: jobs.Jobs) -> None:
        async def body() -> None:
            async with client_of(counting, jobs_=all_jobs) as (client, _):
                same = {"Idempotency-Key": "the same"}
                sent = [client.post(f"{COUNTING}/train/", headers=same) for _ in range(20)]

                answers = await asyncio.gather(*sent)

                assert len({answer.json()["uuid"] for answer in answers}) == 1
                assert len((await client.get(f"{COUNTING}/train/")).json()) == 1
                await finished(client, answers[0].json()["uuid"])

        run(body)

    def test_are_listed_oldest_first_and_in_parts(self, counting: environments.ModuleCode, all_jobs: jobs.Jobs) -> None:
        async def body() -> None:
            async with client_of(counting, jobs_=all_jobs) as (client, _):
                uuids = [(await client.post(f"{COUNTING}/train/")).json()["uuid"] for _ in range(3)]

                async def listed(**part: str) -> list[str]:
                    found = (await client.get(f"{COUNTING}/train/", params=part)).json()
                    return [each["uuid"] for each in found]

                assert await listed() == uuids
                assert await listed(limit="2") == uuids[:2]
                assert await listed(limit="2", offset="2") == uuids[2:]
                assert await listed(offset="9") == []
                assert (await client.get(f"{COUNTING}/train/", params={"limit": "-1"})).status_code == 422
                for uuid in uuids:
                    await finished(client, uuid)

        run(body)

    def test_take_over_uploaded_files(self, code: Make, all_jobs: jobs.Jobs, tmp_path: Path) -> None:
        async def body() -> None:
            async with client_of(code("Trainable"), jobs_=all_jobs) as (client, _):
                files = {"list_file": ("train.txt", b"a 1\n", "text/plain")}
                answer = (await client.post(TRAIN, data={"dataset": str(tmp_path)}, files=files)).json()

                assert answer["args"]["list_file"] == ["list_file", "text/plain", "train.txt"]
                assert answer["args"]["dataset"] == str(tmp_path)
                inputs = all_jobs.run_folder(answer["uuid"]).path / "inputs"
                assert [path.read_bytes() for path in inputs.rglob("*") if path.is_file()] == [b"a 1\n"]

        run(body)


class TestBadInput:
    def test_starts_nothing(self, code: Make, all_jobs: jobs.Jobs) -> None:
        async def body() -> None:
            async with client_of(code("Trainable"), jobs_=all_jobs) as (client, _):
                answer = await client.post(TRAIN, data={"dataset": "/not/there", "epochs": "1000"})

                assert answer.status_code == 422
                assert set(answer.json()) == {"dataset", "epochs"}
                assert all_jobs.count() == 0

        run(body)

    def test_cannot_name_a_file_of_the_server(self, code: Make, all_jobs: jobs.Jobs, tmp_path: Path) -> None:
        async def body() -> None:
            async with client_of(code("Trainable"), jobs_=all_jobs) as (client, _):
                forged = {"deep": [{"$file": {"name": "x", "content_type": "", "path": "/etc/hostname"}}]}
                answer = await client.post(TRAIN, json={"dataset": str(tmp_path), "options": forged})

                assert answer.status_code == 422
                assert "$file" in answer.json()["options"][0]

        run(body)

    def test_is_a_training_of_another_module_or_none(self, code: Make, all_jobs: jobs.Jobs) -> None:
        async def body() -> None:
            async with client_of(code("Trainable"), code("Odd"), jobs_=all_jobs) as (client, _):
                for path in (f"{TRAIN}{'0' * 32}", f"{TRAIN}nonsense", "/v2/models/none/train/"):
                    assert (await client.get(path)).status_code == 404
                assert (await client.post("/v2/models/odd/train/")).status_code == 501

        run(body)

    def test_is_402_on_every_method_where_training_is_switched_off(self, code: Make, all_jobs: jobs.Jobs) -> None:
        async def body() -> None:
            async with client_of(code("Trainable"), jobs_=all_jobs, train_endpoint=False) as (client, _):
                statuses = [(await client.request(method, TRAIN)).status_code for method in ("GET", "POST")]
                statuses += [(await client.request(method, f"{TRAIN}x")).status_code for method in ("GET", "DELETE")]

                assert statuses == [402] * 4

        run(body)


class TestAsSubmitted:
    def test_marks_folders_in_lists_too(self, tmp_path: Path) -> None:
        schema = {"type": "array", "items": {"type": "string", "format": "folder"}}
        method = {"parameters": [{"keyword": "folders", "schema": schema}]}

        plain, files = trainings.as_submitted({"folders": [str(tmp_path)]}, method)

        assert plain == {"folders": [{"$folder": str(tmp_path)}]}
        assert files == {}
