"""Runs jobs on this machine, as processes that depend on nobody.

What is true about a run stands in its run folder: who holds `lock` is alive, `outcome.json` is the end. A process is
only ever signalled when it carries the run's token, or when the supervisor has noted it, or its parent, as one of its.
"""

from __future__ import annotations

import collections
import datetime
import json
import math
import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from pelagos.domain import errors, resources, states
from pelagos.module import limits, lock, processes
from pelagos.sites import driver

NAME = "local"
USUAL_GRACE_S, MARGIN_S = 2.0, 2.0
"""A supervisor that did not obey within its own grace and this margin is killed; a job's within the 5 s of a cancel."""
LOG_BYTES = 1 << 20
_SETTLE_S, _LOOKS = 0.05, 100
_ASK_TIMEOUT_S = 10
_DEVICES_VARIABLE = "CUDA_VISIBLE_DEVICES"
_DETACH = ("/bin/sh", "-c", '"$@" &', "sh")
"""The shell leaves at once, so the run is nobody's child and nobody's zombie."""


class Gpu(NamedTuple):
    """One accelerator of this machine."""

    number: str
    model: str
    used_mb: int


class LocalDriver:
    """The machine that Pelagos runs on."""

    can: ClassVar[frozenset[driver.Ability]] = frozenset(
        {driver.Ability.GPU, driver.Ability.SERVICE, driver.Ability.BATCH}
    )

    def __init__(self, *, slots: int = 2) -> None:
        self._slots = slots

    @property
    def slots(self) -> int | None:
        """How many jobs run at once; the others wait in the order they came."""
        return self._slots

    def offers(self, need: resources.Resources) -> Sequence[driver.Offer]:
        """Tell what this machine has, or what of `need` it lacks."""
        gpus = _gpus()
        free = resources.Resources(cpus=_cores(), gpus=len(gpus), memory_mb=_memory_mb())
        return [
            driver.Offer(
                site=NAME,
                reasons=_lacks(need, free),
                free=free,
                wait_s=0.0,
                gpus=collections.Counter(gpu.model for gpu in gpus),
                price_per_hour=0.0,
                dated=datetime.datetime.now(datetime.UTC),
            )
        ]

    def launch(self, command: driver.Command) -> driver.Handle:
        """Start the supervisor, detached. A few milliseconds."""
        handle = {"folder": str(command.folder), "token": command.token}
        if (command.folder / "started").exists():
            return handle
        if not os.access(command.arguments[0], os.X_OK):
            raise errors.NotFound(f"There is no program {command.arguments[0]} on this machine.")
        with (command.folder / "log").open("ab") as log:
            subprocess.run(
                [*_DETACH, *command.arguments],
                cwd="/",
                env={
                    **processes.inherited(),
                    **_placement(command.resources),
                    **command.environment,
                    **_mark(command.token),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                timeout=_ASK_TIMEOUT_S,
                check=True,
            )
        return handle

    def poll(self, handles: Sequence[driver.Handle]) -> Sequence[driver.Sighting]:
        """Look at locks and outcomes. Some ten microseconds a run."""
        return [_look(Path(handle["folder"]), handle["token"]) for handle in handles]

    def stop(self, handle: driver.Handle) -> None:
        """Leave the wish for the supervisor, and kill what has no supervisor or one that does not obey."""
        folder, token = Path(handle["folder"]), handle["token"]
        # In this order: whoever begins takes the lock first.
        orphans = (folder / "started").exists() and lock.holder(folder / "lock") is None
        left = [*processes.of_run(token), *(processes.survivors(_read(folder / "heartbeat") or {}) if orphans else ())]
        if not left:
            return
        if orphans or _asked_s_ago(folder) > _patience_s(folder):
            processes.end(left)
        raise errors.NotYet(f"The run in {folder} has not ended yet.")

    def logs(self, handle: driver.Handle, start: int) -> bytes:
        """Read the log file."""
        try:
            with (Path(handle["folder"]) / "log").open("rb") as log:
                log.seek(start)
                return log.read(LOG_BYTES)
        except FileNotFoundError:
            return b""


def _look(folder: Path, token: str) -> driver.Sighting:
    try:
        return _sighting(folder, token)
    except (OSError, LookupError, ValueError, TypeError) as error:
        # Unreadable files, or those of another version: nothing may be concluded, and other runs are none the worse.
        return driver.Sighting(driver.Sight.UNKNOWN, message=f"{type(error).__name__}: {error}")


def _sighting(folder: Path, token: str) -> driver.Sighting:
    """Look at one run. An outcome may appear between any two looks, so it is looked for before and after."""
    ended = _ended(folder)
    if ended is not None:
        return ended
    # Looked for before the lock, which is taken first: it may begin between any two looks as well.
    begun = (folder / "started").exists()
    if lock.holder(folder / "lock") is not None:
        started = _started(folder)
        return driver.Sighting(driver.Sight.ALIVE if started else driver.Sight.WAITING, started=started)
    if not begun and (_on_its_way(token) or (folder / "started").exists()):
        return driver.Sighting(driver.Sight.WAITING)
    return _ended(folder) or _vanished(folder)


def _ended(folder: Path) -> driver.Sighting | None:
    outcome = _read(folder / "outcome.json")
    if outcome is None:
        return None
    return driver.Sighting(
        driver.Sight.ENDED,
        reason=states.Reason(outcome["reason"]),
        message=outcome["message"],
        started=_moment(outcome["started"]),
        finished=_moment(outcome["finished"]),
    )


def _vanished(folder: Path) -> driver.Sighting:
    started = _started(folder)
    if (folder / "started").exists():
        return driver.Sighting(driver.Sight.VANISHED, reason=states.Reason.SITE_LOST, started=started)
    last_words = _last_line(folder / "log")
    return driver.Sighting(driver.Sight.VANISHED, reason=states.Reason.START_FAILED, message=last_words)


def _on_its_way(token: str) -> bool:
    """Whether a process of the run is there though none holds the lock yet.

    While a process starts a program its variables cannot be read: it is looked at until they can, on a busy machine for
    some tenths of a second.
    """
    for _ in range(_LOOKS):
        found = processes.of_run(token, or_starting=True)
        if not found:
            return False
        if any(processes.carries(process.pid, token) for process in found):
            return True
        time.sleep(_SETTLE_S)
    return False


def _started(folder: Path) -> datetime.datetime | None:
    mark = _read(folder / "started")
    return None if mark is None else _moment(mark["time"])


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None  # Not there, or the supervisor is just writing it.
    return found


def _last_line(path: Path) -> str:
    try:
        lines = path.read_bytes()[-4096:].decode("utf-8", "replace").split("\n")
    except FileNotFoundError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _moment(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def _asked_s_ago(folder: Path) -> float:
    """Tell how long ago the run was asked to stop; it is asked now if it was not."""
    wish = folder / "cancel"
    try:
        if not wish.exists():
            wish.touch(mode=0o600)
        return time.time() - wish.stat().st_mtime
    except FileNotFoundError:
        return math.inf  # The folder is gone, and with it the only way to ask.


def _patience_s(folder: Path) -> float:
    spec = _read(folder / "spec.json") or {}
    return float(spec.get("grace_s", USUAL_GRACE_S)) + MARGIN_S


def _mark(token: str) -> Mapping[str, str]:
    return {processes.TOKEN_VARIABLE: token}


def _placement(need: resources.Resources) -> Mapping[str, str]:
    """Choose the cores and accelerators that the fewest other runs use."""
    chosen = {}
    if need.cpus and need.cpus < _cores():
        busy = _in_use(limits.CPUS_VARIABLE)
        cores = sorted(os.sched_getaffinity(0), key=lambda core: (busy[str(core)], core))
        chosen[limits.CPUS_VARIABLE] = ",".join(str(core) for core in sorted(cores[: need.cpus]))
    if need.gpus:
        busy = _in_use(_DEVICES_VARIABLE)
        gpus = sorted(_gpus(), key=lambda gpu: (busy[gpu.number], gpu.used_mb))
        chosen[_DEVICES_VARIABLE] = ",".join(gpu.number for gpu in gpus[: need.gpus])
    return chosen


def _in_use(variable: str) -> collections.Counter[str]:
    """Count how many live runs have each of the things that a variable lists."""
    lists = {}
    for process in processes.everybody():
        token = processes.variable(process.pid, processes.TOKEN_VARIABLE)
        if token:
            lists[token] = processes.variable(process.pid, variable) or ""
    return collections.Counter(item for listed in lists.values() for item in listed.split(",") if item)


def _lacks(need: resources.Resources, have: resources.Resources) -> tuple[str, ...]:
    wanted = ((need.cpus, have.cpus, "cores"), (need.gpus, have.gpus, "GPUs"), (need.memory_mb, have.memory_mb, "MiB"))
    return tuple(
        f"It asks for {asked} {what}; this machine has {there}."
        for asked, there, what in wanted
        if asked and asked > (there or 0)
    )


def _cores() -> int:
    here = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return here
    return here if quota == "max" else min(here, math.ceil(int(quota) / int(period)))


def _memory_mb() -> int:
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        share = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        share = "max"
    return (whole if share == "max" else min(whole, int(share))) >> 20


def _gpus() -> Sequence[Gpu]:
    """Ask nvidia-smi; a machine without it, or where it does not answer, has none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    query = [program, "--query-gpu=index,name,memory.used", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, timeout=_ASK_TIMEOUT_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    rows = (line.split(", ") for line in said.splitlines() if line.strip())
    return [Gpu(number, model, int(used) if used.isdigit() else 0) for number, model, used in rows]
