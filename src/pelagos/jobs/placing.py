"""Whether a site has room for one more job."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pelagos.domain import resources

_COUNTED: Sequence[Callable[[resources.Resources], int | None]] = (
    lambda amount: amount.cpus,
    lambda amount: amount.gpus,
    lambda amount: amount.memory_mb,
)


def asks(need: resources.Resources) -> bool:
    """Whether a job asks for anything of which a site could have too little."""
    return any(amount(need) for amount in _COUNTED)


def fits(
    taken: Sequence[resources.Resources],
    need: resources.Resources,
    *,
    slots: int | None,
    capacity: resources.Resources | None,
) -> bool:
    """Whether a site with these slots and this capacity can take one more job beside what its jobs have `taken`.

    A job that asks for nothing takes a slot only. Capacity None: unknown, so only such a job fits.
    """
    if slots is None:
        return True
    if len(taken) >= slots:
        return False
    if not asks(need):
        return True
    return capacity is not None and all(
        sum(amount(one) or 0 for one in (*taken, need)) <= (amount(capacity) or 0)
        for amount in _COUNTED
        if amount(need)
    )
