"""Keep the descriptions of DEEPaaS modules true: their choices name trained models, so a training changes them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, MutableMapping

from pelagos import jobs as jobs_room
from pelagos.domain import records, states
from pelagos.runtime import service as services

EVERY_S = 1.0

_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def refreshed(modules: MutableMapping[str, services.ServedModule], jobs: jobs_room.Jobs) -> AsyncIterator[None]:
    """Replace, until the block ends, what is served by a module with a new description after each training."""
    watched = [name for name, module in modules.items() if _changes(module)]
    task = asyncio.create_task(_refresh(modules, watched, jobs)) if watched else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _changes(module: services.ServedModule) -> bool:
    return module.code.kind in ("deepaas", "remote") and module.description["train"] is not None


async def _refresh(
    modules: MutableMapping[str, services.ServedModule], watched: list[str], jobs: jobs_room.Jobs
) -> None:
    counts = {name: await asyncio.to_thread(_finished, jobs, name) for name in watched}
    while True:
        await asyncio.sleep(EVERY_S)
        for name in watched:
            try:
                count = await asyncio.to_thread(_finished, jobs, name)
            except Exception:  # The isolation point: the next look may succeed.
                _log.exception("cannot look whether trainings of %s have ended", name)
                continue
            if count != counts[name]:
                counts[name] = count
                modules[name].pool.describe()
            _take_over(modules, name)


def _take_over(modules: MutableMapping[str, services.ServedModule], name: str) -> None:
    module = modules[name]
    if module.pool.description is not None and module.pool.description != module.description:
        modules[name] = services.served(module.code, module.pool.description, module.pool)


def _finished(jobs: jobs_room.Jobs, module: str) -> int:
    return jobs.count(module=module, kind=records.Kind.TRAINING, states=[states.State.DONE], deleted=None)
