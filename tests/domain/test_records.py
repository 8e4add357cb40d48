"""Records are frozen, resources travel as JSON, and a test's clock obeys."""

import dataclasses
import datetime

import pytest

from pelagos.domain import clock, records, resources, states


def job() -> records.Job:
    return records.Job(
        id="1" * 32,
        kind=records.Kind.TRAINING,
        module="flowers",
        arguments={},
        resources=resources.Resources(),
        site="local",
        created=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    )


class TestJob:
    def test_is_frozen(self) -> None:
        with pytest.raises(dataclasses.FrozenInstanceError):
            job().state = states.State.DONE  # type: ignore[misc]

    def test_makes_a_new_record_by_evolving(self) -> None:
        old = job()

        new = old.evolve(state=states.State.STARTING, version=2)

        assert (old.state, new.state, new.version, new.id) == (states.State.QUEUED, states.State.STARTING, 2, old.id)


class TestResources:
    def test_come_back_from_their_plain_form(self) -> None:
        needs = resources.Resources(cpus=2, gpus=1, memory_mb=512, wall_time_s=60.0)

        assert resources.Resources.from_json(needs.as_json()) == needs

    def test_ignore_what_a_newer_release_wrote(self) -> None:
        assert resources.Resources.from_json({"cpus": 3, "tpus": 1}) == resources.Resources(cpus=3)


class TestFixedClock:
    def test_stands_still_until_moved(self) -> None:
        fixed = clock.FixedClock()
        before = fixed.now()

        fixed.move(90)

        assert (fixed.now() - before).total_seconds() == 90

    def test_counts_ids_of_the_real_form(self) -> None:
        fixed, real = clock.FixedClock(), clock.SystemClock()

        assert [fixed.new_id()[-1], fixed.new_id()[-1]] == ["1", "2"]
        assert len(fixed.new_id()) == len(real.new_id()) == 32
