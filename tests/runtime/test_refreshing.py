"""Tests of pelagos.runtime.refreshing, with the real jobs and a DEEPaaS module."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pelagos import db, environments, jobs
from pelagos.domain import clock
from pelagos.sites import registry
from runtime.conftest import client_of, run

MODULE = """
import pathlib
from marshmallow import fields, validate

MODELS = pathlib.Path(__file__).parent / "trained"

def get_predict_args():
    names = sorted(path.name for path in MODELS.iterdir())
    return {"model": fields.Str(load_default=names[-1], validate=validate.OneOf(names))}

def predict(model):
    return model

def get_train_args():
    return {"name": fields.Str(required=True)}

def train(name):
    (MODELS / name).mkdir()
    return {"name": name}
"""


@pytest.fixture
def code(tmp_path: Path, author_path: Path) -> environments.ModuleCode:
    place = tmp_path / "module"
    shutil.copytree(author_path, place)
    (place / "trained" / "first").mkdir(parents=True)
    (place / "old_style.py").write_text(MODULE)
    return environments.ModuleCode("old", "deepaas", "old_style", Path(sys.executable), place)


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


class TestRefreshed:
    def test_shows_the_choices_that_a_training_added(self, code: environments.ModuleCode, all_jobs: jobs.Jobs) -> None:
        async def body() -> None:
            async with client_of(code, jobs_=all_jobs) as (client, made):
                assert choices(made) == ["first"]

                await client.post("/v2/models/old/train/", params={"name": "second"})
                async with asyncio.timeout(20):
                    while choices(made) == ["first"]:
                        await asyncio.sleep(0.05)

                told = (await client.get("/swagger.json")).json()["paths"]["/v2/models/old/predict/"]["post"]
                assert choices(made) == ["first", "second"]
                assert told["parameters"][0]["default"] == "second"
                assert (await client.post("/v2/models/old/predict/")).json()["predictions"] == "second"

        run(body)

    def test_refuses_wrong_arguments_of_a_training_before_there_is_one(
        self, code: environments.ModuleCode, all_jobs: jobs.Jobs
    ) -> None:
        async def body() -> None:
            async with client_of(code, jobs_=all_jobs) as (client, _):
                answer = await client.post("/v2/models/old/train/")

                assert answer.status_code == 422
                assert answer.json() == {"name": ["Missing data for required field."]}
                assert all_jobs.count() == 0

        run(body)


def choices(made: Any) -> Any:
    return made.modules["old"].description["predict"]["parameters"][0]["schema"]["enum"]
