"""States of a job, the reasons that end it, and which move is allowed.

`queued -> starting -> running -> done | failed | cancelled | lost`; terminal states never change.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping


class State(enum.StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    """Accepted and recorded; no site has it yet."""
    STARTING = "starting"
    """Handed to a site; its supervisor has not been seen."""
    RUNNING = "running"
    """Its supervisor has been seen alive."""
    DONE = "done"
    """Ended well; its results are there."""
    FAILED = "failed"
    """Ended badly; the reason says why."""
    CANCELLED = "cancelled"
    """Ended because somebody asked."""
    LOST = "lost"
    """Its supervisor vanished without an outcome."""

    @property
    def final(self) -> bool:
        """Whether the state never changes again."""
        return self in FINAL


FINAL = frozenset({State.DONE, State.FAILED, State.CANCELLED, State.LOST})

MOVES: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.STARTING, State.FAILED, State.CANCELLED}),
    # A job may be seen for the first time when it has already ended.
    State.STARTING: frozenset({State.QUEUED, State.RUNNING}) | FINAL,
    State.RUNNING: FINAL,
    **dict.fromkeys(FINAL, frozenset()),
}


class Reason(enum.StrEnum):
    """Why a job ended."""

    FINISHED = "finished"
    MODULE_ERROR = "module_error"
    BAD_INPUT = "bad_input"
    OUT_OF_MEMORY = "out_of_memory"
    TIME_LIMIT = "time_limit"
    DISK_FULL = "disk_full"
    NO_CAPACITY = "no_capacity"
    START_FAILED = "start_failed"
    SITE_LOST = "site_lost"
    CANCELLED_BY_USER = "cancelled_by_user"


@dataclasses.dataclass(frozen=True)
class Ending:
    """What a reason means."""

    state: State
    """The final state it leads to."""
    retry: bool
    """Whether the same job may succeed if it is tried again unchanged."""
    text: str
    """One sentence for the user."""


ENDINGS: Mapping[Reason, Ending] = {
    Reason.FINISHED: Ending(State.DONE, False, "Finished."),
    Reason.MODULE_ERROR: Ending(State.FAILED, False, "The module raised an error; the log has the traceback."),
    Reason.BAD_INPUT: Ending(State.FAILED, False, "The module refused its input."),
    Reason.OUT_OF_MEMORY: Ending(State.FAILED, False, "It needed more memory than its limit."),
    Reason.TIME_LIMIT: Ending(State.FAILED, False, "It ran longer than its time limit."),
    Reason.DISK_FULL: Ending(State.FAILED, True, "The disk is full."),
    Reason.NO_CAPACITY: Ending(State.FAILED, True, "No site has the resources it asks for."),
    Reason.START_FAILED: Ending(State.FAILED, True, "The site could not start it."),
    Reason.SITE_LOST: Ending(State.LOST, True, "Its process vanished: killed from outside, or the machine went down."),
    Reason.CANCELLED_BY_USER: Ending(State.CANCELLED, False, "Cancelled."),
}


def may_move(old: State, new: State) -> bool:
    """Whether a job in state `old` may go to `new`."""
    return new in MOVES[old]
