"""Hubs die anywhere, and two are at work at once: nothing is lost, nothing is doubled."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import databases
import waiting
from orchestrator import world as worlds
from orchestrator.world import Mortal, World, reached, serving, steps
from pelagos import orchestrator
from pelagos.domain import clock, errors, states
from pelagos.orchestrator import attempts, reconcile
from pelagos.sites import driver

State = orchestrator.State
Act = Callable[[orchestrator.Deployments, str], object]
ENOUGH = 8
"""So many steps bring any deployment where it goes when nothing hinders it."""
MOST_POINTS = 200

ACTS: dict[str, tuple[Act, State, State, int]] = {
    "update": (
        lambda known, one: known.update(one, serving("other", replicas=2)),
        State.UPDATE_IN_PROGRESS,
        State.UPDATE_COMPLETE,
        2,
    ),
    "stop": (lambda known, one: known.stop(one), State.STOP_IN_PROGRESS, State.STOP_COMPLETE, 0),
    "delete": (lambda known, one: known.delete(one), State.DELETE_IN_PROGRESS, State.DELETE_COMPLETE, 0),
    "start": (lambda known, one: known.start(one), State.UPDATE_IN_PROGRESS, State.UPDATE_COMPLETE, 2),
}
"""What is done, the states in which it begins and ends, and how many replicas there are then."""


def mortals() -> Iterator[Mortal]:
    """Give lives, each a little longer than the one before, until one is long enough."""
    for at in range(1, MOST_POINTS):
        life = Mortal(at)
        yield life
        if life.lived:
            return
    raise AssertionError("there are more points to die at than this test knows")


def settled(world: World, deployment_id: str) -> orchestrator.Deployment:
    """Let a hub that does not die do what is left to do, and a while later let go of what was replaced."""
    later = worlds.Later()
    known = world.pretending(time_source=later)
    for _ in range(2):
        later.ahead_s += reconcile.LET_GO_S
        steps(known, ENOUGH)
    return known.get(deployment_id)


class TestDeath:
    @databases.BOTH
    def test_in_the_middle_of_a_creation_loses_and_doubles_nothing(self, world: World) -> None:
        count = 0
        for mortal in mortals():
            count += 1
            key = f"creation {count}"
            try:
                dying = world.pretending(mortal)
                dying.create(serving(replicas=2), key=key)
                steps(dying, ENOUGH)
            except worlds.Death:
                pass

            made = world.pretending().create(serving(replicas=2), key=key)

            up = settled(world, made.id)
            assert up.state is State.CREATE_COMPLETE
            assert {replica.token for replica in up.replicas} == set(world.at_pretended_site())
            assert len(up.replicas) == 2
            world.pretending().delete(made.id)
            assert settled(world, made.id).state is State.DELETE_COMPLETE
            assert world.at_pretended_site() == []
        assert count > 10

    @pytest.mark.parametrize("name", ACTS)
    def test_in_the_middle_of_anything_else_loses_and_doubles_nothing(self, world: World, name: str) -> None:
        act, begun, final, replicas = ACTS[name]
        count = 0
        for mortal in mortals():
            count += 1
            known = world.pretending()
            made = known.create(serving(replicas=2))
            steps(known, ENOUGH)
            if name == "start":
                known.stop(made.id)
                steps(known, ENOUGH)
            try:
                dying = world.pretending(mortal)
                act(dying, made.id)
                steps(dying, ENOUGH)
            except worlds.Death:
                pass

            if not any(move.new is begun for move in known.history(made.id)):
                act(known, made.id)  # It died before the wish was recorded: whoever had it asks again.

            after = settled(world, made.id)
            assert after.state is final
            assert {replica.token for replica in after.replicas} == set(world.at_pretended_site())
            assert len(after.replicas) == replicas
            assert all(replica.state is orchestrator.Health.HEALTHY for replica in after.replicas)
            known.delete(made.id)
            settled(world, made.id)
            assert world.at_pretended_site() == []
        assert count > 6


class TestBurning:
    def test_keeps_an_attempt_from_ever_being_made(self, world: World) -> None:
        known = world.deployments()
        made = known.create(serving())
        late = world.store.get(made.id)
        _recorded_only(world, known, made.id)
        late = world.store.get(made.id)

        known.delete(made.id)
        reached(known, made.id, State.DELETE_COMPLETE)
        with pytest.raises(OSError, match="log"):
            world.local.launch(driver.Command.from_json(late.replicas[0].command))

        assert world.starts(made.id) == 0

    def test_wins_over_a_supervisor_that_comes_later(self, world: World) -> None:
        known = world.deployments()
        made = known.create(serving())
        _recorded_only(world, known, made.id)
        replica = world.store.get(made.id).replicas[0]

        burnt = attempts.burn(replica)
        handle = world.local.launch(driver.Command.from_json(replica.command))

        assert burnt
        assert attempts.burn(replica)
        waiting.until(lambda: world.local.poll([handle])[0].sight is driver.Sight.VANISHED)
        assert world.starts(made.id) == 0

    def test_loses_against_one_that_has_begun(self, world: World) -> None:
        known = world.deployments()
        made = known.create(serving())

        up = reached(known, made.id, State.CREATE_COMPLETE)

        assert not attempts.burn(up.replicas[0])


class TestStep:
    def test_leaves_replicas_alone_while_their_site_does_not_answer(self, world: World) -> None:
        known = world.pretending()
        made = known.create(serving())
        before = settled(world, made.id)

        (world.state / "pretended" / "unreachable").touch()
        steps(world.pretending(), 3)

        assert known.get(made.id).replicas == before.replicas

    def test_forgets_deaths_of_a_replica_that_is_well_for_long(self, world: World) -> None:
        later = _Later()
        known = world.pretending(time_source=later)
        made = known.create(serving())
        steps(known, ENOUGH)
        world.pretended.end(known.get(made.id).replicas[0].token, states.Reason.MODULE_ERROR, "boom")
        steps(known, 2)
        later.ahead_s += reconcile.FIRST_PAUSE_S
        steps(known, 4)
        tries = known.get(made.id).replicas[0].tries

        later.ahead_s += reconcile.WELL_AFTER_S + 1
        steps(known, 1)

        assert (tries, known.get(made.id).replicas[0].tries) == (1, 0)

    def test_gives_up_what_dies_again_and_again(self, world: World) -> None:
        later = _Later()
        known = world.pretending(time_source=later)
        made = known.create(serving())
        steps(known, ENOUGH)

        while known.get(made.id).state is State.CREATE_COMPLETE:
            for token in world.at_pretended_site():
                world.pretended.end(token, states.Reason.OUT_OF_MEMORY, "It needed more memory.")
            later.ahead_s += reconcile.LONGEST_PAUSE_S - 1
            known.reconcile()

        steps(known, 2)
        failed = known.get(made.id)
        assert (failed.state, failed.replicas) == (State.CREATE_FAILED, ())
        assert failed.message.startswith("Replica 0 ended: It needed more memory. It was started 4 times.")
        assert len(world.pretended.launches) == reconcile.TRIES

    def test_starts_again_what_hangs(self, world: World) -> None:
        later = _Later()
        known = world.pretending(time_source=later)
        made = known.create(serving())
        steps(known, ENOUGH)
        first = known.get(made.id).replicas[0].token

        world.healthy = lambda replica: replica.token != first
        for _ in range(reconcile.DEAF_AFTER + 1):
            later.ahead_s += reconcile.ASK_EVERY_S
            known.reconcile()

        assert "does not answer any more" in known.get(made.id).message
        assert first not in world.at_pretended_site()

    def test_lets_an_old_replica_die_while_new_ones_come_up(self, world: World) -> None:
        known = world.pretending()
        made = known.create(serving(replicas=2))
        steps(known, ENOUGH)
        first, second = (replica.token for replica in known.get(made.id).replicas)
        world.healthy = lambda replica: replica.generation == 1

        known.update(made.id, serving("other", replicas=2))
        world.pretended.end(first, states.Reason.MODULE_ERROR, "boom")
        steps(known, ENOUGH)

        going = known.get(made.id)
        assert going.state is State.UPDATE_IN_PROGRESS
        assert {r.token for r in going.replicas if r.generation == 1} == {second}
        world.healthy = lambda _replica: True
        assert settled(world, made.id).state is State.UPDATE_COMPLETE

    def test_says_when_a_site_refuses_to_end_what_is_to_be_deleted(self, world: World) -> None:
        known = world.deployments(sites={"fake": _Stubborn(world.state / "pretended")})
        made = known.create(serving())
        steps(known, ENOUGH)

        known.delete(made.id)
        steps(known, 2)

        failed = known.get(made.id)
        assert (failed.state, failed.message) == (State.DELETE_FAILED, "the site says no")
        world.pretending().delete(made.id)
        assert settled(world, made.id).state is State.DELETE_COMPLETE

    @databases.BOTH
    def test_leaves_to_others_what_they_have_changed(self, world: World) -> None:
        known = world.pretending()
        made = known.create(serving())
        stale = world.store.get(made.id)
        world.store.amend(stale, message="somebody was here")

        with pytest.raises(errors.StaleRecord):
            world.store.move(stale, State.STOP_IN_PROGRESS, datetime.datetime.now(datetime.UTC))

        assert known.get(made.id).state is State.CREATE_IN_PROGRESS
        assert len(known.history(made.id)) == 1


class _Later(clock.SystemClock):
    """Shows a time so many seconds ahead."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> datetime.datetime:
        return super().now() + datetime.timedelta(seconds=self.ahead_s)


class _Stubborn(worlds.PretendedSite):
    """A site that ends nothing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)

    def stop(self, handle: driver.Handle) -> None:
        raise RuntimeError("the site says no")


class _NoLaunch(worlds.PretendedSite):
    """A site that takes nothing at the moment."""

    def launch(self, command: driver.Command) -> driver.Handle:
        raise errors.SiteUnreachable


def _recorded_only(world: World, known: orchestrator.Deployments, deployment_id: str) -> None:
    """Bring a deployment to where its attempt is recorded and not launched, for this machine."""
    refusing = world.deployments(sites={"local": _NoLaunch(world.state / "refusing")})
    steps(refusing, 1)
    assert world.store.get(deployment_id).replicas[0].handle is None
