"""How fast the command line answers: `pelagos --help` beside a bare Python, as alternating bursts.

Run it with the interpreter that has Pelagos: `.venv/bin/python benchmarks/cli.py`. Exits with 1 when a target is
missed.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

HELP_LIMIT_MS = 100.0
SLOWEST_RATIO = 8.0
"""Of the help to a bare Python: what the limit is on a machine that starts Python in 12 ms."""


def main() -> int:
    """Measure and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bursts", type=int, default=20, help="how often each command is started")
    bursts = options.parse_args().bursts
    pelagos = _program()
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "pelagos --help": [pelagos, "--help"],
        "pelagos train --help": [pelagos, "train", "--help"],
        "pelagos settings": [pelagos, "settings"],
    }
    took_ms: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(bursts + 1):
        for name, command in commands.items():
            took_ms[name].append(_run(command))
    _print({name: times[1:] for name, times in took_ms.items()})
    bare, shown = (statistics.median(took_ms[name][1:]) for name in ("python -c pass", "pelagos --help"))
    well = shown <= HELP_LIMIT_MS and shown / bare <= SLOWEST_RATIO
    print(
        f"\npelagos --help: {shown:.0f} ms (limit {HELP_LIMIT_MS:.0f} ms), {shown / bare:.1f} x bare Python: ", end=""
    )
    print("reached" if well else "MISSED")
    return 0 if well else 1


def _program() -> str:
    beside = Path(sys.executable).with_name("pelagos")
    found = str(beside) if beside.exists() else shutil.which("pelagos")
    if found is None:
        sys.exit("pelagos is not installed for this interpreter")
    return found


def _run(command: Sequence[str]) -> float:
    began = time.perf_counter()
    # Without a time limit: with one, `subprocess` looks for the end only every 50 ms.
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000


def _print(took_ms: dict[str, list[float]]) -> None:
    print(f"{'command':<24}{'median':>10}{'fastest':>10}{'slowest':>10}   ms")
    for name, times in took_ms.items():
        print(f"{name:<24}{statistics.median(times):>10.1f}{min(times):>10.1f}{max(times):>10.1f}")


if __name__ == "__main__":
    sys.exit(main())
