"""What the server knows about itself: numbers for Prometheus, its health, a text for people who look for a fault."""

from __future__ import annotations

import collections
import sys
from collections.abc import Callable
from typing import Any

from pelagos.runtime import counters, pool
from pelagos.runtime import service as services


def metrics(service: services.Service) -> str:
    """Write the counters and what the pools say."""
    return service.counters.text(_gauges(service))


def trouble(service: services.Service) -> dict[str, Any]:
    """Tell, by module, why predictions cannot be made; empty when all is well."""
    found = {name: module.pool.trouble for name, module in service.modules.items() if module.pool.trouble}
    return {"reasons": found} if found else {}


def debug(service: services.Service) -> str:
    """Tell what the workers are doing and what they printed last."""
    lines = [f"python {sys.version}"]
    for name, module in service.modules.items():
        phases = ", ".join(phase.value for phase in module.pool.phases) or "none"
        lines.append(f"{name}: {module.pool.waiting} waiting, {module.pool.running} running, workers: {phases}")
    return "\n".join([*lines, "", service.log.text()])


def _gauges(service: services.Service) -> counters.Gauges:
    return {
        "pelagos_queue_length": ("gauge", "Predictions that wait.", _each(service, lambda each: each.waiting)),
        "pelagos_predictions_running": ("gauge", "Predictions at a worker.", _each(service, lambda each: each.running)),
        "pelagos_worker_restarts_total": ("counter", "Workers that died.", _each(service, lambda each: each.restarts)),
        "pelagos_workers": ("gauge", "Worker processes by phase.", _phases(service)),
    }


def _each(service: services.Service, number: Callable[[pool.Pool], float]) -> dict[str, float]:
    return {f'module="{name}"': number(module.pool) for name, module in service.modules.items()}


def _phases(service: services.Service) -> dict[str, float]:
    return {
        f'module="{name}",phase="{phase.value}"': count
        for name, module in service.modules.items()
        for phase, count in collections.Counter(module.pool.phases).items()
    }
