"""The background thread that keeps deployments true; it works as that of the jobs does."""

from __future__ import annotations

from pelagos import jobs
from pelagos.orchestrator import deployments


class Loop(jobs.Loop):
    """Reconciles every `interval_s` while something is on its way, less often when not, and at once when asked."""

    def __init__(self, watched: deployments.Deployments, interval_s: float = 0.5) -> None:
        super().__init__(watched, interval_s, name="pelagos-deployments")
