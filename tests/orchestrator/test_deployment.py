"""The record of a deployment: what may follow what, and its plain form."""

from __future__ import annotations

import datetime
import json

import pytest

from pelagos import orchestrator
from pelagos.domain import resources
from pelagos.orchestrator import deployment

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
State = orchestrator.State


class TestWish:
    def test_survives_a_trip_through_json(self) -> None:
        wish = orchestrator.Wish(
            "plants",
            what=orchestrator.What.COMMAND,
            command=("serve", "{port}"),
            resources=resources.Resources(cpus=2),
            idle_stop_s=60.0,
        )

        assert orchestrator.Wish.from_json(json.loads(json.dumps({**wish.as_json(), "newer": 1}))) == wish

    @pytest.mark.parametrize(
        ("changed", "alike"),
        [
            ({"title": "new"}, True),
            ({"replicas": 3}, True),
            ({"idle_stop_s": 5.0, "wake": False}, True),
            ({"model": "production"}, False),
            ({"resources": resources.Resources(cpus=1)}, False),
            ({"site": "local"}, False),
        ],
    )
    def test_knows_which_changes_need_new_processes(self, changed: dict[str, object], alike: bool) -> None:
        wish = orchestrator.Wish("plants")

        assert wish.runs_like(orchestrator.Wish("plants", **changed)) is alike  # type: ignore[arg-type]


class TestReplica:
    def test_survives_a_trip_through_json(self) -> None:
        replica = orchestrator.Replica(1, "t", 2, "local", NOW, address={"socket": "/s"}, handle={"run": "t"})

        assert orchestrator.Replica.from_json(json.loads(json.dumps(replica.as_json()))) == replica


class TestState:
    def test_that_is_final_is_never_left(self) -> None:
        assert [state for state in State if not deployment.MOVES[state]] == [State.DELETE_COMPLETE]
        assert [state for state in State if state.final] == [State.DELETE_COMPLETE]

    def test_may_be_deleted_from_everywhere_else(self) -> None:
        beginnings = {state for state in State if deployment.may_move(state, State.DELETE_IN_PROGRESS)}

        assert beginnings == set(State) - {State.DELETE_COMPLETE, State.DELETE_IN_PROGRESS}

    def test_in_progress_leads_to_an_end_of_its_own(self) -> None:
        for state in State:
            if state.in_progress:
                word = state.value.split("_", maxsplit=1)[0]
                assert deployment.may_move(state, State(f"{word}_COMPLETE"))


class TestDeployment:
    def test_counts_as_current_what_is_of_this_version_and_stays(self) -> None:
        old, new = (orchestrator.Replica(0, str(one), one, "local", NOW) for one in (1, 2))
        going = deployment.ending(orchestrator.Replica(1, "3", 2, "local", NOW), NOW)
        record = orchestrator.Deployment("d", orchestrator.Wish("m"), NOW, NOW, NOW, generation=2)

        assert record.evolve(replicas=(old, new, going)).current == (new,)
