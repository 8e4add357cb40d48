"""A site that runs nothing: for tests of what stands above the drivers, ours and others'.

Its state is files, so that several processes see the same site and a killed one loses nothing. A run whose spec has an
argument `seconds` lives so long by itself and prints its argument `text`; any other waits to be told (`begin`, `end`,
`vanish`).
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pelagos.domain import errors, resources, states
from pelagos.module import durable
from pelagos.sites import driver

NAME = "fake"
HAS = resources.Resources(cpus=8, gpus=2, memory_mb=16384)


class FakeDriver:
    """Pretends; `launches` tells what it was asked to start."""

    can: ClassVar[frozenset[driver.Ability]] = frozenset({driver.Ability.BATCH})

    def __init__(self, folder: Path, *, slots: int | None = None) -> None:
        self._folder = folder
        self._slots = slots
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def slots(self) -> int | None:
        """As it was told."""
        return self._slots

    @property
    def launches(self) -> Sequence[str]:
        """The tokens of all calls of `launch`, in order."""
        calls = self._folder / "launches"
        return calls.read_text(encoding="ascii").split() if calls.exists() else ()

    def offers(self, need: resources.Resources) -> Sequence[driver.Offer]:
        """Offer eight cores and two accelerators."""
        asked = ((need.cpus, HAS.cpus, "cores"), (need.gpus, HAS.gpus, "GPUs"), (need.memory_mb, HAS.memory_mb, "MiB"))
        reasons = tuple(f"It has {has} {what}." for wanted, has, what in asked if (wanted or 0) > (has or 0))
        return [driver.Offer(site=NAME, reasons=reasons, free=HAS, dated=datetime.datetime.now(datetime.UTC))]

    def launch(self, command: driver.Command) -> driver.Handle:
        """Note the run; raises SiteUnreachable while `unreachable` exists in its folder."""
        self._ask()
        with (self._folder / "launches").open("a", encoding="ascii") as calls:
            calls.write(f"{command.token}\n")
        if not self._file(command.token).exists():
            self._write(command.token, {"folder": str(command.folder), **_behaviour(command)})
        return {"run": command.token}

    def poll(self, handles: Sequence[driver.Handle]) -> Sequence[driver.Sighting]:
        """Tell what was pretended."""
        self._ask()
        return [self._sighting(handle["run"]) for handle in handles]

    def stop(self, handle: driver.Handle) -> None:
        """End the run as cancelled."""
        run = self._read(handle["run"])
        if run is not None and self._sighting(handle["run"]).sight in (driver.Sight.WAITING, driver.Sight.ALIVE):
            self.end(handle["run"], states.Reason.CANCELLED_BY_USER)

    def logs(self, handle: driver.Handle, start: int) -> bytes:
        """Give the `text` of the spec."""
        run = self._read(handle["run"]) or {}
        return str(run.get("text", "")).encode()[start:]

    def begin(self, token: str) -> None:
        """Let a run begin."""
        run = self._known(token)
        durable.write_json(Path(run["folder"]) / "started", {"token": token, "pid": 0, "time": time.time()})
        self._write(token, {**run, "sight": driver.Sight.ALIVE, "started": time.time()})

    def end(self, token: str, reason: states.Reason, message: str = "") -> None:
        """Let a run end."""
        told = {"sight": driver.Sight.ENDED, "reason": reason, "message": message, "finished": time.time()}
        self._write(token, {**self._known(token), **told})

    def vanish(self, token: str) -> None:
        """Let a run vanish without an outcome."""
        self._write(token, {**self._known(token), "sight": driver.Sight.VANISHED, "reason": states.Reason.SITE_LOST})

    def _ask(self) -> None:
        if (self._folder / "unreachable").exists():
            raise errors.SiteUnreachable

    def _sighting(self, token: str) -> driver.Sighting:
        run = self._read(token)
        if run is None:
            return driver.Sighting(driver.Sight.VANISHED, reason=states.Reason.START_FAILED)
        if run["sight"] == driver.Sight.ALIVE and time.time() > run.get("until", float("inf")):
            run = {**run, "sight": driver.Sight.ENDED, "reason": states.Reason.FINISHED, "finished": run["until"]}
        reason = run.get("reason")
        return driver.Sighting(
            driver.Sight(run["sight"]),
            reason=reason and states.Reason(reason),
            message=run.get("message", ""),
            started=_moment(run.get("started")),
            finished=_moment(run.get("finished")),
        )

    def _known(self, token: str) -> Mapping[str, Any]:
        run = self._read(token)
        if run is None:
            raise errors.NotFound(f"Nothing was launched as {token}.")
        return run

    def _read(self, token: str) -> Mapping[str, Any] | None:
        try:
            found: Mapping[str, Any] = json.loads(self._file(token).read_bytes())
        except FileNotFoundError:
            return None
        return found

    def _write(self, token: str, run: Mapping[str, Any]) -> None:
        durable.write_json(self._file(token), run, sync=False)

    def _file(self, token: str) -> Path:
        return self._folder / f"{token}.json"


def _behaviour(command: driver.Command) -> Mapping[str, Any]:
    try:
        arguments = json.loads((command.folder / "spec.json").read_bytes())["arguments"]
    except FileNotFoundError:
        return {"sight": driver.Sight.VANISHED, "reason": states.Reason.START_FAILED}
    if "seconds" not in arguments:
        return {"sight": driver.Sight.WAITING}
    now = time.time()
    text = f"{arguments.get('text', '')}\n"
    return {"sight": driver.Sight.ALIVE, "started": now, "until": now + arguments["seconds"], "text": text}


def _moment(seconds: float | None) -> datetime.datetime | None:
    return None if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.UTC)
