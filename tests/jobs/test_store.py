"""Records: what is written is read back, moves are whole, nobody overwrites anybody."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

import databases
from jobs import world as worlds
from pelagos.domain import errors, records, resources, states
from pelagos.jobs import store

pytestmark = databases.BOTH
NOW = datetime.datetime(2026, 5, 1, 12, 0, 0, 1, tzinfo=datetime.UTC)
QUEUED, STARTING, RUNNING = states.State.QUEUED, states.State.STARTING, states.State.RUNNING
DONE, FAILED = states.State.DONE, states.State.FAILED


def job(number: int = 1, **changes: object) -> records.Job:
    """A queued job; a higher number came later."""
    return records.Job(
        id=f"{number:032x}",
        kind=records.Kind.TRAINING,
        module="flowers",
        arguments={"epochs": 3, "rate": 0.5, "nothing": None, "list": [1, {"a": "ü"}]},
        resources=resources.Resources(cpus=2, wall_time_s=1.5),
        site="local",
        created=NOW + datetime.timedelta(seconds=number),
        command={"token": f"token-{number}"},
    ).evolve(**changes)


def always(_there: object, _job: object) -> bool:
    """A site that always has room."""
    return True


class TestAdd:
    def test_is_read_back_as_it_was(self, world: worlds.World) -> None:
        added = job(key="k", handle={"folder": "/a"}, message="m", attempt=2, result={"accuracy": [0.5]})

        world.store.add(added)

        assert world.store.get(added.id) == added

    def test_begins_the_history(self, world: worlds.World) -> None:
        world.store.add(job())

        (first,) = world.store.history(job().id)
        assert first == records.Move(job().id, job().created, None, QUEUED, None, "")

    @pytest.mark.parametrize("other", [job(1), job(2, key="k")])
    def test_refuses_an_id_or_a_key_that_is_taken(self, world: worlds.World, other: records.Job) -> None:
        world.store.add(job(1, key="k"))

        with pytest.raises(errors.Conflict):
            world.store.add(other)

        assert world.store.count([]) == 1
        assert len(world.store.history(job(1).id)) == 1

    def test_takes_the_same_key_for_another_module_or_kind(self, world: worlds.World) -> None:
        world.store.add(job(1, key="k"))

        world.store.add(job(2, key="k", module="birds"))
        world.store.add(job(3, key="k", kind=records.Kind.BATCH_PREDICTION))

        found = world.store.by_key("birds", records.Kind.TRAINING, "k")
        assert found is not None
        assert found.id == job(2).id
        assert world.store.by_key("birds", records.Kind.TRAINING, "other") is None


class TestGet:
    def test_of_nothing_is_not_found(self, world: worlds.World) -> None:
        with pytest.raises(errors.NotFound, match="no job 42"):
            world.store.get("42")


class TestMove:
    def test_changes_state_facts_version_and_history_together(self, world: worlds.World) -> None:
        world.store.add(job())
        later = NOW + datetime.timedelta(hours=1)

        moved = world.store.move(job(), FAILED, later, reason=states.Reason.NO_CAPACITY, message="too big")

        assert world.store.get(job().id) == moved
        assert (moved.state, moved.version) == (FAILED, 2)
        assert world.store.history(job().id)[-1] == records.Move(
            job().id, later, QUEUED, FAILED, states.Reason.NO_CAPACITY, "too big"
        )

    def test_is_refused_when_the_state_does_not_allow_it(self, world: worlds.World) -> None:
        world.store.add(job())

        with pytest.raises(errors.Conflict, match="is queued and cannot become done"):
            world.store.move(job(), DONE, NOW)

        assert world.store.get(job().id) == job()

    def test_is_refused_when_somebody_else_was_first(self, world: worlds.World) -> None:
        world.store.add(job())
        world.store.move(job(), STARTING, NOW)

        with pytest.raises(errors.StaleRecord):
            world.store.move(job(), FAILED, NOW)

        assert [move.new for move in world.store.history(job().id)] == [QUEUED, STARTING]

    def test_leaves_nothing_behind_when_the_history_cannot_be_written(self, world: worlds.World) -> None:
        world.store.add(job())

        with pytest.raises(sa.exc.StatementError):
            world.store.move(job(), STARTING, datetime.datetime(2026, 1, 1))

        assert world.store.get(job().id) == job()


class TestAmend:
    def test_changes_facts_and_no_state(self, world: worlds.World) -> None:
        world.store.add(job())

        amended = world.store.amend(job(), handle={"pid": 1})

        assert world.store.get(job().id) == amended
        assert (amended.state, amended.version, amended.handle) == (QUEUED, 2, {"pid": 1})
        assert len(world.store.history(job().id)) == 1

    def test_is_refused_when_somebody_else_was_first(self, world: worlds.World) -> None:
        world.store.add(job())
        world.store.amend(job(), handle={"pid": 1})

        with pytest.raises(errors.StaleRecord):
            world.store.amend(job(), handle={"pid": 2})


class TestClaim:
    def test_takes_the_oldest_of_its_site(self, world: worlds.World) -> None:
        for number, site in ((3, "local"), (2, "local"), (1, "other")):
            world.store.add(job(number, site=site))

        claimed = world.store.claim("local", NOW, always)

        assert claimed is not None
        assert (claimed.id, claimed.state, claimed.attempt) == (job(2).id, STARTING, 1)
        assert world.store.get(claimed.id) == claimed

    def test_takes_nothing_when_there_is_no_room_and_lets_nobody_pass(self, world: worlds.World) -> None:
        for number in (1, 2):
            world.store.add(job(number))

        claimed = world.store.claim("local", NOW, lambda _there, wanted: wanted.id == job(2).id)

        assert claimed is None
        assert world.store.get(job(2).id).state == QUEUED

    def test_shows_what_others_have_taken(self, world: worlds.World) -> None:
        for number in (1, 2, 3):
            world.store.add(job(number, site="other" if number == 3 else "local"))
        world.store.claim("local", NOW, always)
        seen: list[resources.Resources] = []

        def full(taken: Sequence[resources.Resources], _wanted: records.Job) -> bool:
            seen.extend(taken)
            return False

        world.store.claim("local", NOW, full)

        assert seen == [job(1).resources]

    def test_never_takes_more_than_there_is_room_for(self, world: worlds.World) -> None:
        for number in range(12):
            world.store.add(job(number))

        def take() -> None:
            for _ in range(3):
                world.store.claim("local", NOW, lambda taken, _job: len(taken) < 2)

        threads = [threading.Thread(target=take) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert world.store.count(store.conditions(states=[STARTING])) == 2

    def test_gives_each_job_to_one_of_many(self, world: worlds.World) -> None:
        for number in range(12):
            world.store.add(job(number))
        claimed: list[str] = []

        def take() -> None:
            while (got := world.store.claim("local", NOW, always)) is not None:
                claimed.append(got.id)

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(claimed) == [job(number).id for number in range(12)]


class TestFind:
    @pytest.fixture(autouse=True)
    def some(self, world: worlds.World) -> None:
        """Three jobs of two modules, one of them deleted."""
        world.store.add(job(1, arguments={"dataset": "/data/100%_roses", "note": "größe"}))
        world.store.add(job(2, module="birds", kind=records.Kind.BATCH_PREDICTION, message="Disk FULL"))
        world.store.add(job(3, state=DONE, deleted=NOW))

    @pytest.mark.parametrize(
        ("wanted", "numbers"),
        [
            ({}, [2, 1]),
            ({"deleted": None}, [3, 2, 1]),
            ({"deleted": True}, [3]),
            ({"module": "birds"}, [2]),
            ({"kind": records.Kind.TRAINING}, [1]),
            ({"states": [QUEUED, RUNNING]}, [2, 1]),
            ({"states": [DONE]}, []),
            ({"text": "ROSES"}, [1]),
            ({"text": "größe"}, [1]),
            ({"text": "100%_"}, [1]),
            ({"text": "1%r"}, []),
            ({"text": "disk full"}, [2]),
            ({"text": "bird"}, [2]),
            ({"text": job(1).id}, [1]),
            ({"module": "birds", "text": "roses"}, []),
        ],
    )
    def test_lists_what_is_meant_newest_first(
        self, world: worlds.World, wanted: dict[str, object], numbers: list[int]
    ) -> None:
        conditions = store.conditions(**wanted)  # type: ignore[arg-type]

        assert [found.id for found in world.store.find(conditions)] == [job(number).id for number in numbers]
        assert world.store.count(conditions) == len(numbers)

    def test_gives_a_part_of_the_list(self, world: worlds.World) -> None:
        everything = store.conditions(deleted=None)

        assert [found.id for found in world.store.find(everything, limit=1, offset=1)] == [job(2).id]
        assert [found.id for found in world.store.find(everything, offset=2)] == [job(1).id]

    def test_tells_which_are_deleted(self, world: worlds.World) -> None:
        assert world.store.deleted() == {job(1).id: False, job(2).id: False, job(3).id: True}


class TestAtSites:
    def test_are_those_that_were_handed_over_and_have_not_ended_oldest_first(self, world: worlds.World) -> None:
        for number, state in ((4, RUNNING), (3, DONE), (2, QUEUED), (1, STARTING)):
            world.store.add(job(number, state=state))

        assert [found.id for found in world.store.at_sites()] == [job(1).id, job(4).id]


class TestWaitedFor:
    def test_are_the_sites_with_a_queue(self, world: worlds.World) -> None:
        for number, (site, state) in enumerate((("b", QUEUED), ("a", QUEUED), ("b", QUEUED), ("c", RUNNING))):
            world.store.add(job(number, site=site, state=state))

        assert world.store.waited_for() == ("a", "b")
