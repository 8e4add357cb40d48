"""Installations that pages began: each in a thread of its own, its steps kept for whoever looks.

Nothing here outlives the server: an installation that was cut off leaves no module, and can be begun again.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable
from typing import Any

from pelagos import environments
from pelagos.domain import errors

_LOG = logging.getLogger(__name__)

Install = Callable[[str, environments.Progress], object]
"""Installs a source and says so step by step."""


@dataclasses.dataclass(frozen=True)
class Installation:
    """One installation, as it stands."""

    name: str
    source: str
    step: str = "Beginning"
    fraction: float | None = None
    """Of a download: how much of it is there."""
    ended: bool = False
    error: str = ""
    """Why it failed; empty while it goes on, and when it went well."""
    hint: str = ""


class Installations:
    """What is being installed now, and how the last attempt of each module ended."""

    def __init__(self, install: Install) -> None:
        self._install = install
        self._known: dict[str, Installation] = {}
        self._lock = threading.Lock()

    def of(self, name: str) -> Installation | None:
        """Give the last installation of a module; None when nobody asked for one."""
        return self._known.get(name)

    def all(self) -> tuple[Installation, ...]:
        """List them."""
        return tuple(self._known.values())

    def begin(self, name: str, source: str) -> Installation:
        """Install a module in the background; gives the installation that goes on already if there is one."""
        with self._lock:
            known = self._known.get(name)
            if known is not None and not known.ended:
                return known
            made = self._known[name] = Installation(name, source)
        threading.Thread(target=self._run, args=(made,), name=f"install {name}", daemon=True).start()
        return made

    def _run(self, begun: Installation) -> None:
        try:
            self._install(begun.source, lambda step: self._step(begun.name, step))
            changes: dict[str, Any] = {"step": "Installed"}
        except errors.PelagosError as error:
            changes = {"step": "", "error": error.message, "hint": error.hint}
        except Exception:
            _LOG.exception("installing %s failed", begun.name)
            changes = {"step": "", "error": "This is a fault of Pelagos itself; the hub's log tells more."}
        self._known[begun.name] = dataclasses.replace(begun, ended=True, **changes)

    def _step(self, name: str, step: environments.Step) -> None:
        fraction = step.done / step.total if step.done is not None and step.total else None
        self._known[name] = dataclasses.replace(self._known[name], step=step.text, fraction=fraction)
