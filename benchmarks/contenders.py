"""The servers that `benchmarks/serving.py` compares, the bare loop that is the limit, and how they are measured."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pelagos import environments

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CORES = len(os.sched_getaffinity(0))
REST_S = 0.1
"""Over how long a server must have done next to nothing to be at rest."""
ONE_THREAD = {"PELAGOS_THREADS": "1", "OMP_NUM_THREADS": "1", "PELAGOS_SPIN": "0"}

_DRAW = """
import sys
from pathlib import Path
from PIL import Image
from pelagos_image_classification import demo_data
pictures = sorted((demo_data.folder() / "demo-images").rglob("*.jpg")) or sorted(demo_data.folder().rglob("*.jpg"))
for number in range(60):
    size = ((224, 224), (500, 375), (1000, 700))[number % 3]
    picture = Image.open(pictures[number % len(pictures)]).convert("RGB").resize(size)
    picture.save(Path(sys.argv[1]) / f"{number:02}.jpg", quality=90)
"""


@dataclasses.dataclass(frozen=True)
class Burst:
    """What one burst of requests showed."""

    per_s: float
    cpu_ms: float
    """Of the server's processes, for each request."""
    p50_ms: float = 0.0
    p99_ms: float = 0.0


@dataclasses.dataclass(frozen=True)
class Places:
    """Where the first run put everything."""

    cache: Path

    @property
    def state(self) -> Path:
        """Pelagos's own state folder."""
        return self.cache / "state"

    @property
    def pictures(self) -> Path:
        """The JPEGs, 20 of each size."""
        return self.cache / "pictures"

    def python(self, name: str) -> Path:
        """The interpreter of an environment."""
        return self.cache / name / "bin" / "python"

    def pelagos(self, *arguments: str) -> list[str]:
        """A command of our own."""
        return [sys.executable, "-m", "pelagos.cli", "--state-dir", str(self.state), *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        """Variables of the others: `pelagos.module` on their path, one thread for each prediction."""
        author = environments.Environments(self.state / "modules").author_path()
        return {**os.environ, **ONE_THREAD, "PYTHONPATH": str(author), **more}


def prepare(cache: Path) -> Places:
    """Build the environments and draw the pictures, once."""
    # As on a user's machine: some containers forbid Python to keep what it has compiled, for whoever measures in them.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    places = Places(cache)
    module, trivial = ROOT / "modules" / "image-classification", ROOT / "tests" / "modules_for_tests" / "trivial"
    for source in (module, trivial):
        subprocess.run(places.pelagos("install", str(source)), check=True, stdout=subprocess.DEVNULL)
    others = {
        "peers": ["fastapi", "uvicorn[standard]", "python-multipart", "litserve", str(module)],
        "deepaas": ["deepaas==2.6.0", "setuptools<81", str(module), str(HERE / "peers" / "deepaas")],
    }
    for name, wanted in others.items():
        if not (cache / name / "done").exists():
            print(f"building the environment of {name} ...", flush=True)
            subprocess.run([sys.executable, "-m", "venv", str(cache / name)], check=True)
            subprocess.run([str(places.python(name)), "-m", "pip", "install", "-q", *wanted], check=True)
            (cache / name / "done").touch()
    if not places.pictures.is_dir():
        pip = [str(places.python("peers")), "-m", "pip", "install", "-q", "--no-deps", "planktonclas==0.2.4"]
        subprocess.run(pip, check=True)
        drawn = cache / "drawn"
        drawn.mkdir(exist_ok=True)
        draw = [str(places.python("peers")), "-c", _DRAW, str(drawn)]
        subprocess.run(draw, check=True, env=places.environment())
        drawn.rename(places.pictures)
    return places


class Server:
    """A contender that is running."""

    def __init__(self, process: subprocess.Popen[Any], url: str) -> None:
        self.process = process
        self.url = url

    def burst(self, script: Path, concurrency: int, seconds: float, *arguments: str) -> Burst:
        """Let wrk ask for some seconds. Fails when an answer is an error."""
        command = ["wrk", "-t1", f"-c{concurrency}", f"-d{seconds:g}", "--latency", "-s", str(script), self.url]
        before = cpu_s(self.process.pid)
        run = subprocess.run([*command, "--", *arguments], capture_output=True, text=True, check=True, timeout=300)
        spent = cpu_s(self.process.pid) - before
        # Some go on with what wrk left in flight, and would slow whoever is asked next.
        until(self._rests)
        if "Non-2xx" in run.stdout:
            raise RuntimeError(f"{self.url} answered with errors:\n{run.stdout}")
        count = int(found(r"(\d+) requests in", run.stdout))
        # At the begin of a line: other figures of wrk may end in 50% too.
        times = {name: _milliseconds(found(rf"\n\s+{name}%\s+(\S+)", run.stdout)) for name in ("50", "99")}
        per_s = float(found(r"Requests/sec:\s+(\S+)", run.stdout))
        return Burst(per_s, 1000 * spent / max(1, count), times["50"], times["99"])

    def _rests(self) -> bool:
        before = cpu_s(self.process.pid)
        time.sleep(REST_S)
        return cpu_s(self.process.pid) - before <= REST_S / 5


class Loop:
    """The limit: as many bare loops as there are cores, or fewer."""

    def __init__(self, places: Places, processes: int) -> None:
        command = [str(places.python("peers")), str(HERE / "peers" / "in_process.py"), str(places.pictures)]
        self._running = [
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=places.environment()
            )
            for _ in range(processes)
        ]
        for process in self._running:
            _line(process)

    def burst(self, seconds: float) -> Burst:
        """Let the loops run for some seconds."""
        facts = self._run(seconds)
        count = sum(len(each["took_s"]) for each in facts)
        return Burst(count / seconds, 1000 * sum(each["cpu_s"] for each in facts) / count)

    def times_s(self, seconds: float) -> list[float]:
        """Let the first loop run for some seconds; gives what each picture took, from the first on."""
        times: list[float] = self._run(seconds)[0]["took_s"]
        return times

    def _run(self, seconds: float) -> list[dict[str, Any]]:
        for process in self._running:
            assert process.stdin is not None
            print(seconds, file=process.stdin, flush=True)
        return [json.loads(_line(process)) for process in self._running]

    def close(self) -> None:
        """End the loops."""
        for process in self._running:
            with process:
                process.kill()


@contextlib.contextmanager
def serving(
    command: Sequence[str], url: str | None, environment: dict[str, str], *, health: str = ""
) -> Iterator[Server]:
    """Run a server until the block ends; `url` None means that it prints where it listens."""
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE if url is None else log,
            stderr=log,
            text=True,
            env=environment,
            start_new_session=True,
        ) as process,
    ):
        try:
            address = _line(process).rsplit(" ", 1)[1] if url is None else url
            _wait_for(address + health, process)
            yield Server(process, address)
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            # Some leave children behind, which keep the port.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def ours(places: Places, module: str, **settings: str) -> contextlib.AbstractContextManager[Server]:
    """Serve one of our modules with the settings a user has."""
    return serving(places.pelagos("run", module, "--listen-port", "0"), None, {**os.environ, **settings})


def fastapi(places: Places) -> contextlib.AbstractContextManager[Server]:
    """Serve both with FastAPI and uvicorn."""
    command = [str(places.python("peers")), "-m", "uvicorn", "with_fastapi:app", "--port", "8461", "--no-access-log"]
    return serving([*command, "--app-dir", str(HERE / "peers")], "http://127.0.0.1:8461/", places.environment())


def litserve(places: Places, what: str) -> contextlib.AbstractContextManager[Server]:
    """Serve one with LitServe."""
    command = [str(places.python("peers")), str(HERE / "peers" / "with_litserve.py"), what, "8462"]
    return serving(command, "http://127.0.0.1:8462/", places.environment(), health="health")


def deepaas(places: Places, what: str) -> contextlib.AbstractContextManager[Server]:
    """Serve one with DEEPaaS, with a worker for each core."""
    program = places.python("deepaas").with_name("deepaas-run")
    command = [str(program), "--listen-ip", "127.0.0.1", "--listen-port", "8463", "--workers", str(CORES)]
    return serving(
        command, "http://127.0.0.1:8463/", places.environment(DEEPAAS_V2_MODEL=what, DEEPAAS_DEFAULT_RESPONSE="")
    )


def cpu_s(pid: int) -> float:
    """Give the processor time of a process and all below it, in seconds."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0
    for each in tree(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / ticks


def tree(pid: int) -> list[int]:
    """List a process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [below for child in task.read_text().split() for below in tree(int(child))]
    return found


def _line(process: subprocess.Popen[Any]) -> str:
    assert process.stdout is not None
    line: str = process.stdout.readline().strip()
    if not line:
        raise RuntimeError(f"{process.args} ended with {process.wait(5)}")
    return line


def found(pattern: str, text: str) -> str:
    """Give what a pattern catches; fails when it is not there."""
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"no {pattern} in\n{text}")
    return match[1]


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[unit]


def get(url: str) -> str:
    """Ask for a page."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def until(holds: Callable[[], bool], within_s: float = 120.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)


def _wait_for(url: str, process: subprocess.Popen[Any]) -> None:
    def answers() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        try:
            get(url)
        except urllib.error.HTTPError as error:
            # LitServe says 503 until its workers have loaded.
            return error.code < 500
        except OSError:
            return False
        return True

    until(answers)
