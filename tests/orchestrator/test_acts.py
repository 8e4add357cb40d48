"""Long acts: accepted once, watched, cancelled, and taken over from hubs that are no more."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import databases
import pelagos.db
import waiting
from pelagos import identity, orchestrator
from pelagos.domain import clock, errors, steps
from pelagos.orchestrator import acts

KIND, OTHER = orchestrator.Kind.DATASET, orchestrator.Kind.INSTALLATION
ADMIN = identity.Person("ada", frozenset(identity.Role), "token")
Do = Callable[[orchestrator.Act, steps.Progress], Mapping[str, Any]]
Make = Callable[..., orchestrator.Acts]

pytestmark = databases.BOTH


def at_once(act: orchestrator.Act, progress: steps.Progress) -> Mapping[str, Any]:
    return {"name": act.about}


class Slow:
    """Goes on until it is let go, and looks at the progress all the while."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.left: list[str] = []
        self.let_go = threading.Event()

    def __call__(self, act: orchestrator.Act, progress: steps.Progress) -> Mapping[str, Any]:
        self.begun.append(act.id)
        try:
            while not self.let_go.wait(0.02):
                progress(steps.Step("Fetching", 1, 4))
        finally:
            self.left.append(act.id)
        return {"name": act.about}


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    yield made
    made.let_go.set()


@pytest.fixture
def make(database_url: str, tmp_path: Path) -> Iterator[Make]:
    """Make the acts of one more hub on the same state."""
    database = pelagos.db.connect(database_url)
    made: list[orchestrator.Acts] = []

    def one(do: Do = at_once, *, time_: clock.Clock | None = None, **how: Any) -> orchestrator.Acts:
        known = {kind: acts.Doing(do, **how) for kind in (KIND, OTHER)}
        store = orchestrator.ActStore(database)
        made.append(orchestrator.Acts(store, known, folder=tmp_path / "acts", clock=time_ or clock.SystemClock()))
        return made[-1]

    yield one
    for each in made:
        each.stop()
    database.close()


def ended(known: orchestrator.Acts, act: orchestrator.Act) -> orchestrator.Act:
    waiting.until(lambda: known.get(act.id).final)
    return known.get(act.id)


def die(known: orchestrator.Acts, slow: Slow) -> None:
    """End as a killed process would: nothing is written, and the lock falls."""
    known.stop()
    assert len(slow.left) == len(slow.begun)


class TestAct:
    def test_is_accepted_at_once_and_tells_how_far_it_is(self, make: Make, slow: Slow) -> None:
        known = make(slow)

        act = known.begin(KIND, "birds", {"url": "https://x/"}, person="ada")
        waiting.until(lambda: known.get(act.id).step == "Fetching")
        seen = known.get(act.id)
        slow.let_go.set()

        assert (act.state, act.final, act.person) == ("running", False, "ada")
        assert (seen.done, seen.total, seen.fraction) == (1, 4, 0.25)
        assert ended(known, act).outcome() == {"name": "birds"}
        assert ended(known, act).step == ""

    def test_says_why_it_failed(self, make: Make) -> None:
        def fail(act: orchestrator.Act, _: steps.Progress) -> Mapping[str, Any]:
            raise errors.InvalidInput({"url": ["is nowhere"]}) if act.about == "x" else ValueError("secret")

        known = make(fail)

        mine, fault = ended(known, known.begin(KIND, "x")), ended(known, known.begin(KIND, "y"))

        with pytest.raises(errors.InvalidInput, match="is nowhere"):
            mine.outcome()
        with pytest.raises(errors.PelagosError, match="fault of Pelagos itself"):
            fault.outcome()
        assert "secret" not in str(fault.error)

    def test_is_refused_at_once_when_that_can_be_told(self, make: Make) -> None:
        def refuse(about: str, asked: Mapping[str, Any]) -> None:
            raise errors.InvalidInput({"url": [f"{about} {asked['url']}"]})

        known = make(check=refuse)

        with pytest.raises(errors.InvalidInput, match="birds here"):
            known.begin(KIND, "birds", {"url": "here"})
        assert known.find() == ()

    def test_waits_for_its_turn_among_those_of_its_kind(self, make: Make, slow: Slow) -> None:
        known = make(slow, at_once=2)

        begun = [known.begin(KIND, str(number)) for number in range(3)]
        known.begin(OTHER, "other")
        waiting.until(lambda: len(slow.begun) == 3)
        waits = known.get(begun[2].id)
        slow.let_go.set()

        assert waits.step == "Waiting for its turn"
        assert begun[2].id not in slow.begun[:3]
        assert {ended(known, each).state for each in begun} == {"done"}

    def test_is_refused_when_too_many_wait(self, make: Make, slow: Slow) -> None:
        known = make(slow)
        for number in range(acts.LONGEST_QUEUE + 1):
            known.begin(KIND, str(number))
            if not number:
                waiting.until(lambda: slow.begun)

        with pytest.raises(errors.Busy):
            known.begin(KIND, "one more")

    def test_is_waited_for_until_the_hub_ends(self, make: Make, slow: Slow) -> None:
        known = make(slow)
        act = known.begin(KIND, "birds")

        async def wait() -> None:
            waited = asyncio.create_task(known.wait(act.id))
            await asyncio.to_thread(known.stop)
            await waited

        with pytest.raises(errors.Unavailable, match="goes on when it is back"):
            asyncio.run(wait())

    def test_is_forgotten_when_it_ended_long_ago(self, make: Make) -> None:
        time_ = clock.FixedClock()
        known = make(time_=time_)
        old = ended(known, known.begin(KIND, "old", key="same"))
        time_.move(31 * 24 * 3600)

        known.begin(KIND, "new")

        assert [each.about for each in known.find()] == ["new"]
        assert known.begin(KIND, "old", key="same").id != old.id


class TestKey:
    def test_makes_one_act_of_many_at_once(self, make: Make, slow: Slow) -> None:
        hubs = [make(slow), make(slow)]

        with concurrent.futures.ThreadPoolExecutor(20) as threads:
            found = set(threads.map(lambda number: hubs[number % 2].begin(KIND, "birds", key="k").id, range(20)))
        waiting.until(lambda: slow.begun)

        assert len(found) == len(slow.begun) == 1

    def test_finds_what_has_ended_although_it_would_be_refused_now(self, make: Make) -> None:
        taken: set[str] = set()

        def once(about: str, _: Mapping[str, Any]) -> None:
            if about in taken:
                raise errors.Conflict("taken")
            taken.add(about)

        known = make(check=once)
        first = known.begin(KIND, "birds", key="k")

        assert known.begin(KIND, "birds", key="k").id == first.id
        with pytest.raises(errors.Conflict):
            known.begin(KIND, "birds", key="other")

    def test_is_of_one_kind_and_not_endless(self, make: Make) -> None:
        known = make()

        assert known.begin(KIND, "birds", key="k").id != known.begin(OTHER, "birds", key="k").id
        with pytest.raises(errors.InvalidInput):
            known.begin(KIND, "birds", key="k" * 201)


class TestCancel:
    def test_ends_it_from_inside(self, make: Make, slow: Slow) -> None:
        known = make(slow)
        act = known.begin(KIND, "birds")
        waiting.until(lambda: slow.begun)

        asked = known.cancel(act.id, ADMIN)

        assert asked.cancelling
        assert ended(known, act).state == "cancelled"
        assert slow.left == [act.id]
        with pytest.raises(errors.Conflict, match="cancelled"):
            ended(known, act).outcome()

    def test_by_another_hub_counts(self, make: Make, slow: Slow) -> None:
        known, other = make(slow), make(slow)
        act = known.begin(KIND, "birds")

        other.cancel(act.id, ADMIN)

        assert ended(known, act).state == "cancelled"

    def test_takes_it_out_of_the_queue(self, make: Make, slow: Slow) -> None:
        known = make(slow)
        known.begin(KIND, "first")
        second = known.begin(KIND, "second")

        assert known.cancel(second.id, ADMIN).state == "cancelled"
        slow.let_go.set()
        waiting.until(lambda: not known.find(states=[orchestrator.ActState.RUNNING]))
        assert second.id not in slow.begun

    def test_leaves_what_has_ended_as_it_is(self, make: Make) -> None:
        known = make()
        act = ended(known, known.begin(KIND, "birds"))

        assert known.cancel(act.id, ADMIN) == act

    def test_is_for_those_who_may_begin_it(self, make: Make, slow: Slow) -> None:
        known = make(slow)
        act = known.begin(KIND, "birds")

        with pytest.raises(errors.Forbidden):
            known.cancel(act.id, identity.Person("bo", frozenset({identity.Role.USER}), "token"))
        assert not known.get(act.id).cancelling


class TestNextHub:
    def test_goes_on_with_what_a_dead_one_had_begun_or_accepted(self, make: Make, slow: Slow) -> None:
        dead = make(slow)
        begun = [dead.begin(KIND, name) for name in ("first", "second")]
        waiting.until(lambda: slow.begun)
        die(dead, slow)

        known = make()
        known.start()

        assert [ended(known, each).state for each in begun] == ["done", "done"]
        assert known.get(begun[0].id).tries == 2

    def test_leaves_alone_what_a_living_one_does(self, make: Make, slow: Slow) -> None:
        living = make(slow)
        act = living.begin(KIND, "birds")
        waiting.until(lambda: slow.begun)

        make().start()
        slow.let_go.set()

        assert ended(living, act).tries == 1

    def test_is_one_of_two_that_start_at_once(self, make: Make, slow: Slow) -> None:
        dead = make(slow)
        act = dead.begin(KIND, "birds")
        waiting.until(lambda: slow.begun)
        die(dead, slow)
        second = Slow()

        hubs = [make(second), make(second)]
        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda hub: hub.start(), hubs))
        second.let_go.set()

        assert ended(hubs[0], act).tries == 2
        assert second.begun == [act.id]

    def test_cancels_what_was_to_be_cancelled(self, make: Make, slow: Slow) -> None:
        dead = make(slow)
        act = dead.begin(KIND, "birds")
        waiting.until(lambda: slow.begun)
        die(dead, slow)
        dead.cancel(act.id, ADMIN)
        tidied: list[bool] = []

        known = make(slow, tidy=lambda: tidied.append(True))
        known.start()

        assert ended(known, act).state == "cancelled"
        assert (slow.begun, tidied) == ([act.id], [True])

    def test_gives_up_on_what_saw_too_many_die(self, make: Make, slow: Slow) -> None:
        dead = make(slow)
        act = dead.begin(KIND, "birds")
        for number in range(1, acts.MOST_TRIES + 1):
            waiting.until(lambda number=number: len(slow.begun) == number)  # type: ignore[misc]
            die(dead, slow)
            dead = make(slow)
            dead.start()

        found = ended(dead, act)

        assert (found.state, found.tries) == ("interrupted", acts.MOST_TRIES + 1)
        with pytest.raises(errors.Unavailable, match="ended every time"):
            found.outcome()
