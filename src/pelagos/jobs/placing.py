"""Whether a site has room for one more job."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pelagos.domain import records, resources

_COUNTED: Sequence[Callable[[resources.Resources], int | None]] = (
    lambda amount: amount.cpus,
    lambda amount: amount.gpus,
    lambda amount: amount.memory_mb,
)


def asks(need: resources.Resources) -> bool:
    """Whether a job asks for anything of which a site could have too little."""
    return any(amount(need) for amount in _COUNTED)


def fits(
    there: Sequence[records.Job], job: records.Job, *, slots: int | None, capacity: resources.Resources | None
) -> bool:
    """Whether a site with these slots and this capacity can take `job` beside the jobs it has.

    A job that asks for nothing takes a slot only. Capacity None: unknown, so only such a job fits.
    """
    if slots is None:
        return True
    if len(there) >= slots:
        return False
    if not asks(job.resources):
        return True
    return capacity is not None and all(
        sum(amount(other.resources) or 0 for other in (*there, job)) <= (amount(capacity) or 0)
        for amount in _COUNTED
        if amount(job.resources)
    )
