"""States, reasons and moves of a job."""

import pytest

from pelagos.domain import states
from pelagos.domain.states import Reason, State


class TestMoves:
    @pytest.mark.parametrize("final", sorted(states.FINAL))
    @pytest.mark.parametrize("new", list(State))
    def test_never_leave_a_final_state(self, final: State, new: State) -> None:
        assert not states.may_move(final, new)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (State.QUEUED, State.STARTING),
            (State.STARTING, State.RUNNING),
            (State.RUNNING, State.DONE),
            (State.RUNNING, State.LOST),
            (State.QUEUED, State.CANCELLED),
        ],
    )
    def test_follow_the_life_of_a_job(self, old: State, new: State) -> None:
        assert states.may_move(old, new)

    def test_let_a_job_be_seen_first_when_it_has_ended(self) -> None:
        assert states.may_move(State.STARTING, State.DONE)

    def test_do_not_let_a_running_job_go_back_to_the_queue(self) -> None:
        assert not states.may_move(State.RUNNING, State.QUEUED)

    def test_are_given_for_every_state(self) -> None:
        assert set(states.MOVES) == set(State)


class TestReason:
    @pytest.mark.parametrize("reason", list(Reason))
    def test_leads_to_a_final_state_and_a_sentence(self, reason: Reason) -> None:
        ending = states.ENDINGS[reason]

        assert ending.state.final
        assert ending.text.endswith(".")
