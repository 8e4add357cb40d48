"""Proposals: from a checked module to a card in the catalog, or back to its author."""

from __future__ import annotations

import dataclasses
import threading

import pytest

import databases
import pelagos.db
from catalog import shelf
from pelagos import environments
from pelagos.catalog import checking, examples, faults, proposals, store
from pelagos.catalog.proposals import State
from pelagos.domain import clock, errors


@pytest.fixture
def time() -> clock.FixedClock:
    return clock.FixedClock()


@pytest.fixture
def cards(database: pelagos.db.Database) -> store.Store:
    return store.Store(database)


@pytest.fixture
def known(cards: store.Store, database: pelagos.db.Database, time: clock.FixedClock) -> proposals.Proposals:
    """The proposals of an empty catalog."""
    return proposals.Proposals(cards, database, clock=time)


def ran(time: clock.FixedClock, *, passed: bool = True) -> examples.ExampleRun:
    return examples.ExampleRun("Three", passed, "" if passed else "no", 0.5, "1.0", time.now())


def report(time: clock.FixedClock, name: str = "plankton", **said: object) -> checking.Report:
    example = {"name": "Three", "input": {"text": "a"}, "expected": {"text": "a"}}
    made = shelf.made(name, **{"status": "draft", "examples": [example], **said})
    return checking.Report(made, score=50, examples=(ran(time),), location="/modules/plankton", commit="c0ffee")


@databases.BOTH
class TestPropose:
    def test_waits_for_a_reviewer(self, known: proposals.Proposals, cards: store.Store, time: clock.FixedClock) -> None:
        made = known.propose(report(time), "ada")

        assert known.list(State.PROPOSED) == (made,)
        assert known.get(made.id).report == report(time)
        assert cards.names() == ()

    def test_takes_the_place_of_one_that_waits(self, known: proposals.Proposals, time: clock.FixedClock) -> None:
        first = known.propose(report(time), "ada")
        time.move(1)

        second = known.propose(report(time, title="Better"), "ada")

        assert known.list(State.PROPOSED) == (second,)
        assert known.get(first.id).state is State.REPLACED
        assert [step.state for step in known.history(first.id)] == [State.PROPOSED, State.REPLACED]

    def test_leaves_one_that_waits_of_many_made_at_once(
        self, known: proposals.Proposals, time: clock.FixedClock
    ) -> None:
        threads = [threading.Thread(target=known.propose, args=(report(time), "ada")) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert len(known.list()) == 6
        assert len(known.list(State.PROPOSED)) == 1

    def test_refuses_what_is_not_ready(self, known: proposals.Proposals, time: clock.FixedClock) -> None:
        bad = dataclasses.replace(
            report(time),
            faults=(
                faults.Fault("module.toml", "No licence."),
                faults.Fault("LICENSE", "Odd.", severity=faults.Severity.WARNING),
            ),
            examples=(ran(time, passed=False),),
        )

        with pytest.raises(errors.InvalidInput) as caught:
            known.propose(bad, "ada")

        assert caught.value.faults["module"] == ["module.toml:1:1: error: No licence.", "example “Three”: no"]
        assert known.list() == ()


@databases.BOTH
class TestAccept:
    def test_lists_the_card(self, known: proposals.Proposals, cards: store.Store, time: clock.FixedClock) -> None:
        made = known.propose(report(time), "ada")
        time.move(60)

        accepted = known.accept(made.id, "bob", "Welcome.")

        record = cards.get("plankton")
        assert (record.card.status, record.source, record.commit) == ("listed", "proposals", "c0ffee")
        assert (accepted.state, accepted.changed) == (State.ACCEPTED, time.now())
        last = known.history(made.id)[-1]
        assert (last.person, last.comment) == ("bob", "Welcome.")

    def test_shows_how_its_examples_went(self, known: proposals.Proposals, time: clock.FixedClock) -> None:
        made = known.propose(report(time), "ada")

        known.accept(made.id, "bob")

        assert known.runs("plankton") == (ran(time),)

    def test_happens_once_whoever_else_is_at_it(
        self, known: proposals.Proposals, cards: store.Store, time: clock.FixedClock
    ) -> None:
        made = known.propose(report(time), "ada")
        conflicts: list[errors.Conflict] = []

        def decide(number: int) -> None:
            try:
                known.accept(made.id, "bob") if number % 2 else known.send_back(made.id, "eve", "No.")
            except errors.Conflict as error:
                conflicts.append(error)

        threads = [threading.Thread(target=decide, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert len(conflicts) == 5
        assert len(known.history(made.id)) == 2
        assert (known.get(made.id).state is State.ACCEPTED) == (cards.names() == ("plankton",))

    def test_is_made_good_after_a_crash_in_the_middle(
        self, known: proposals.Proposals, cards: store.Store, time: clock.FixedClock
    ) -> None:
        made = known.propose(report(time), "ada")
        known.accept(made.id, "bob")
        cards.remove(["plankton"])  # As if the process had died between the decision and the card.

        known.due(time.now())

        assert cards.names() == ("plankton",)

    def test_says_that_there_is_none(self, known: proposals.Proposals) -> None:
        with pytest.raises(errors.NotFound):
            known.accept("0" * 32, "bob")


class TestSendBack:
    def test_tells_the_author_what_to_do(
        self, known: proposals.Proposals, cards: store.Store, time: clock.FixedClock
    ) -> None:
        made = known.propose(report(time), "ada")

        returned = known.send_back(made.id, "bob", "Add a limitation.")

        assert (returned.state, cards.names()) == (State.RETURNED, ())
        assert known.history(made.id)[-1].comment == "Add a limitation."

    def test_needs_a_comment(self, known: proposals.Proposals, time: clock.FixedClock) -> None:
        made = known.propose(report(time), "ada")

        with pytest.raises(errors.InvalidInput):
            known.send_back(made.id, "bob", "  ")

        assert known.get(made.id).state is State.PROPOSED


class TestRerun:
    @pytest.fixture
    def known(
        self,
        cards: store.Store,
        database: pelagos.db.Database,
        time: clock.FixedClock,
        installed_modules: environments.Environments,
    ) -> proposals.Proposals:
        return proposals.Proposals(cards, database, clock=time, modules=installed_modules)

    def test_uses_the_module_that_is_installed(self, known: proposals.Proposals, time: clock.FixedClock) -> None:
        known.accept(known.propose(report(time, "trivial"), "ada").id, "bob")
        time.move(60)

        (again,) = known.rerun("trivial")

        assert (again.passed, again.version, again.time) == (True, "1.0.0", time.now())
        assert [each.version for each in known.runs("trivial")] == ["1.0.0", "1.0"]

    def test_is_due_after_a_week(self, known: proposals.Proposals, time: clock.FixedClock) -> None:
        known.accept(known.propose(report(time, "trivial"), "ada").id, "bob")

        went = []
        for days in (0, 6, 1, 1):
            time.move(days * 24 * 3600)
            went.append(known.due(time.now()))

        assert went == [(), (), ("trivial",), ()]

    def test_says_that_a_module_is_not_installed_any_more(
        self, known: proposals.Proposals, time: clock.FixedClock
    ) -> None:
        known.accept(known.propose(report(time, "gone"), "ada").id, "bob")
        time.move(8 * 24 * 3600)

        known.due(time.now())

        last = known.runs("gone")[0]
        assert (last.passed, last.time) == (False, time.now())
        assert "there is no module 'gone'" in last.message

    def test_runs_examples_that_were_not_run_when_it_was_proposed(
        self, known: proposals.Proposals, time: clock.FixedClock
    ) -> None:
        unseen = dataclasses.replace(report(time, "trivial"), examples=())
        known.accept(known.propose(unseen, "ada").id, "bob")

        assert known.due(time.now()) == ("trivial",)

        assert [each.passed for each in known.runs("trivial")] == [True]
