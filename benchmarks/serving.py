"""Measures serving: against the same predictions in a bare loop, and against DEEPaaS, LitServe and FastAPI.

Run it on a quiet machine: `.venv/bin/python benchmarks/serving.py`. All contenders answer the same requests with the
same predictor, in short bursts one after the other, round after round; a figure is the median of the rounds' ratios,
with its spread. The load comes from wrk (C, one thread, `apt-get install wrk`), on the same cores. The first run
builds the environments of the others in a cache folder. The exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

import contenders

FORM = "number=7&text=hello"
BOUNDARY = "-" * 24 + "7d8e5f0c1b2a3946"
"""As long as curl's and the browsers': the longer it is, the faster any parser finds it."""
KIND = f"multipart/form-data; boundary={BOUNDARY}"
LONE_PARTS = 8
"""Into how many a burst of the lone request is cut."""

LUA_IMAGES = """
local boundary = "BOUNDARY"
local bodies, at = {}, 0
function init(arguments)
  for path in io.popen("ls " .. arguments[1] .. "/*.jpg"):lines() do
    local file = io.open(path, "rb"); local data = file:read("*a"); file:close()
    local head = 'Content-Disposition: form-data; name="image"; filename="a.jpg"\\r\\nContent-Type: image/jpeg'
    bodies[#bodies + 1] = wrk.format("POST", nil, {["Content-Type"] = "multipart/form-data; boundary=" .. boundary},
      "--" .. boundary .. "\\r\\n" .. head .. "\\r\\n\\r\\n" .. data .. "\\r\\n--" .. boundary .. "--\\r\\n")
  end
end
function request() at = at % #bodies + 1; return bodies[at] end
""".replace("BOUNDARY", BOUNDARY)
LUA_FORM = f"""
wrk.method = "POST"; wrk.body = "{FORM}"; wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
"""
LUA_JSON = """
wrk.method = "POST"; wrk.body = '{"number": 7, "text": "hello"}'; wrk.headers["Content-Type"] = "application/json"
"""


@dataclasses.dataclass(frozen=True)
class Line:
    """One row of the table."""

    name: str
    values: Sequence[float]
    unit: str
    target: float
    at_most: bool = False

    @property
    def median(self) -> float:
        """The value that is judged."""
        return statistics.median(self.values)

    @property
    def reached(self) -> bool:
        """Whether the target is reached."""
        return self.median <= self.target if self.at_most else self.median >= self.target

    def __str__(self) -> str:
        spread = f"{min(self.values):.4g} .. {max(self.values):.4g}" if len(self.values) > 1 else ""
        sign = "<=" if self.at_most else ">="
        judged = "ok" if self.reached else "MISSED"
        return f"{self.name:<62} {self.median:>9.4g} {self.unit:<9} {spread:<21} {sign} {self.target:<8g} {judged}"


def images(places: contenders.Places, rounds: int, seconds: float) -> Iterator[Line]:
    """Classify pictures sent by multipart, at concurrency 8 and 32."""
    script = write_script(places, "images.lua", LUA_IMAGES)
    with contextlib.ExitStack() as stack:
        limit = contenders.Loop(places, contenders.CORES)
        stack.callback(limit.close)
        paths = {
            "pelagos": (contenders.ours(places, "image-classification"), "v2/models/image-classification/predict/"),
            "DEEPaaS": (contenders.deepaas(places, "image"), "v2/models/image/predict/"),
            "LitServe": (contenders.litserve(places, "image"), "predict"),
            "FastAPI": (contenders.fastapi(places), "image"),
        }
        servers = {name: _at(stack.enter_context(made), path) for name, (made, path) in paths.items()}
        for server in servers.values():
            server.burst(script, 8, 2, str(places.pictures))
        for concurrency in (8, 32):
            seen: dict[str, list[contenders.Burst]] = {name: [] for name in ("limit", *servers)}
            for _ in range(rounds):
                seen["limit"].append(limit.burst(seconds))
                for name, server in servers.items():
                    seen[name].append(server.burst(script, concurrency, seconds, str(places.pictures)))
            yield from _image_lines(seen, concurrency)


def _image_lines(seen: dict[str, list[contenders.Burst]], concurrency: int) -> Iterator[Line]:
    at, us, limit = f"images at concurrency {concurrency}", seen["pelagos"], seen["limit"]
    yield Line(f"{at}: in a bare loop", [each.per_s for each in limit], "images/s", 0)
    yield Line(f"{at}: pelagos", [each.per_s for each in us], "images/s", 0)
    yield Line(f"{at}: pelagos / bare loop", _ratios(us, limit), "x", 0.92)
    yield Line(f"{at}: CPU, pelagos / bare loop", _ratios(us, limit, "cpu_ms"), "x", 1.08, at_most=True)
    if concurrency == 32:
        yield Line(f"{at}: p99 / p50", [each.p99_ms / each.p50_ms for each in us], "x", 1.25, at_most=True)
    for name in ("DEEPaaS", "LitServe", "FastAPI"):
        yield Line(f"{at}: pelagos / {name}", _ratios(us, seen[name]), "x", 1.15)


def trivial(places: contenders.Places, rounds: int, seconds: float) -> Iterator[Line]:
    """Answer with the arguments, at concurrency 32."""
    form = write_script(places, "form.lua", LUA_FORM)
    # LitServe takes no form without files.
    scripts = {"LitServe": write_script(places, "json.lua", LUA_JSON)}
    with contextlib.ExitStack() as stack:
        paths = {
            "pelagos": (contenders.ours(places, "trivial"), "v2/models/trivial/predict/"),
            "DEEPaaS": (contenders.deepaas(places, "trivial"), "v2/models/trivial/predict/"),
            "LitServe": (contenders.litserve(places, "trivial"), "predict"),
            "FastAPI": (contenders.fastapi(places), "trivial"),
        }
        servers = {name: _at(stack.enter_context(made), path) for name, (made, path) in paths.items()}
        seen: dict[str, list[contenders.Burst]] = {name: [] for name in servers}
        for _ in range(rounds):
            for name, server in servers.items():
                seen[name].append(server.burst(scripts.get(name, form), 32, seconds))
        yield Line("trivial at concurrency 32: pelagos", [each.per_s for each in seen["pelagos"]], "1/s", 10_000)
        for name in ("DEEPaaS", "LitServe", "FastAPI"):
            yield Line(f"trivial at concurrency 32: pelagos / {name}", _ratios(seen["pelagos"], seen[name]), "x", 2.5)


def lone(places: contenders.Places, rounds: int, seconds: float) -> Iterator[Line]:
    """Classify one picture after the other, with nothing else going on.

    The speed of a shared machine changes by more than half a millisecond from one second to the next: so the bursts are
    short, and each picture is compared with itself.
    """
    with contextlib.ExitStack() as stack:
        limit = contenders.Loop(places, 1)
        stack.callback(limit.close)
        server = stack.enter_context(contenders.ours(places, "image-classification"))
        client = stack.enter_context(_Client(server.url, places.pictures))
        client.times_s(2)
        more = []
        for _ in range(rounds * LONE_PARTS):
            bare = limit.times_s(seconds / LONE_PARTS)
            asked = client.times_s(seconds / LONE_PARTS)
            more.append(1000 * statistics.median(ours - loops for ours, loops in zip(asked, bare, strict=False)))
        yield Line("lone image: more than in a bare loop", more, "ms", 0.5, at_most=True)


class _Client:
    """One connection on which pictures are sent, one after the other."""

    def __init__(self, url: str, pictures: Path) -> None:
        found = urllib.parse.urlsplit(url)
        assert found.hostname is not None
        self._connection = socket.create_connection((found.hostname, found.port or 80))
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bodies = [form(path.read_bytes()) for path in sorted(pictures.glob("*.jpg"))]
        line = "POST /v2/models/image-classification/predict/ HTTP/1.1"
        head = f"{line}\r\nHost: {found.netloc}\r\nContent-Type: {KIND}\r\n"
        self._requests = [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._connection.close()

    def times_s(self, seconds: float) -> list[float]:
        """Send pictures for some seconds; gives what each answer took, from that of the first picture on."""
        end, times = time.perf_counter() + seconds, []
        while (began := time.perf_counter()) < end:
            self._connection.sendall(self._requests[len(times) % len(self._requests)])
            answer = self._connection.recv(1 << 16)
            while not answer.endswith(b"}"):
                answer += self._connection.recv(1 << 16)
            times.append(time.perf_counter() - began)
            assert answer.startswith(b"HTTP/1.1 200"), answer
        return times


def folder(places: contenders.Places, rounds: int, seconds: float) -> Iterator[Line]:
    """Predict 1,000 files with `pelagos predict FOLDER`, its start included."""
    pictures = sorted(places.pictures.glob("*.jpg"))
    limit = contenders.Loop(places, contenders.CORES)
    shares = []
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary) / "in"
        source.mkdir()
        for number in range(1000):
            shutil.copy(pictures[number % len(pictures)], source / f"{number:04}.jpg")
        before = limit.burst(max(seconds, 3)).per_s
        for attempt in range(rounds):
            target = Path(temporary) / f"out{attempt}"
            command = places.pelagos("predict", "image-classification", str(source), "--output", str(target))
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            per_s = 1000 / (time.perf_counter() - began)
            # On both sides: seconds are long enough for a shared machine to have become another one.
            after = limit.burst(max(seconds, 3)).per_s
            shares.append(2 * per_s / (before + after))
            before = after
    limit.close()
    yield Line("1,000 files by `pelagos predict FOLDER` / bare loop", shares, "x", 0.85)


def frugality(places: contenders.Places, rounds: int, _seconds: float) -> Iterator[Line]:
    """Look at memory and at the time to start."""
    memory, starts, spares = [], [], []
    for _ in range(max(1, rounds // 2)):
        began = time.perf_counter()
        with contenders.ours(places, "trivial") as server:
            _post(server.url + "v2/models/trivial/predict/", FORM.encode(), "application/x-www-form-urlencoded")
            starts.append(time.perf_counter() - began)
            memory.append(sum(_own_mb(pid) for pid in contenders.tree(server.process.pid)))
    yield Line("memory of server and idle worker, trivial module", memory, "MB", 80, at_most=True)
    yield Line("start to first answer, trivial module", starts, "s", 1, at_most=True)
    picture = next(places.pictures.glob("*.jpg")).read_bytes()
    for _ in range(max(1, rounds // 2)):
        with contenders.ours(places, "image-classification", PELAGOS_RUNTIME_IDLE_AFTER_S="0.5") as server:
            contenders.until(lambda at=server.url: 'phase="imported"' in contenders.get(f"{at}metrics"))
            contenders.until(lambda at=server.url: 'phase="ready"' not in contenders.get(f"{at}metrics"))
            began = time.perf_counter()
            url = f"{server.url}v2/models/image-classification/predict/"
            _post(url, form(picture), KIND)
            spares.append(1000 * (time.perf_counter() - began))
    yield Line("first image from idle, with a warm spare", spares, "ms", 150, at_most=True)


SECTIONS: dict[str, Callable[[contenders.Places, int, float], Iterator[Line]]] = {
    "images": images,
    "trivial": trivial,
    "lone": lone,
    "folder": folder,
    "frugality": frugality,
}


def _own_mb(pid: int) -> float:
    # PSS: pages that processes share, such as the interpreter's, count once.
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(contenders.found(r"Pss:\s+(\d+)", text)) / 1024


def _ratios(us: Sequence[contenders.Burst], them: Sequence[contenders.Burst], what: str = "per_s") -> list[float]:
    return [getattr(mine, what) / getattr(other, what) for mine, other in zip(us, them, strict=True)]


def form(picture: bytes) -> bytes:
    """Write the body of a request with one picture."""
    delimiter = f"--{BOUNDARY}".encode()
    head = b'\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return delimiter + head + picture + b"\r\n" + delimiter + b"--\r\n"


def _at(server: contenders.Server, path: str) -> contenders.Server:
    return contenders.Server(server.process, server.url + path)


def write_script(places: contenders.Places, name: str, text: str) -> Path:
    """Put a script for wrk into a file."""
    path = places.cache / name
    path.write_text(text)
    return path


def _post(url: str, body: bytes, kind: str) -> None:
    request = urllib.request.Request(url, body, {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def main() -> int:
    """Measure, print the table, and say by the exit code whether all targets are reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), default=list(SECTIONS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a burst")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "pelagos-benchmarks")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        parser.error("the load generator is missing: apt-get install wrk")
    given.cache.mkdir(parents=True, exist_ok=True)
    places = contenders.prepare(given.cache)
    return report(line for name in given.only for line in SECTIONS[name](places, given.rounds, given.seconds))


def report(lines: Iterable[Line]) -> int:
    """Print lines as they come, then the sum; gives the exit code."""
    seen = []
    for line in lines:
        print(line, flush=True)
        seen.append(line)
    missed = [line.name for line in seen if not line.reached]
    print(f"{len(seen) - len(missed)} of {len(seen)} as wanted" + "".join(f"\n  missed: {name}" for name in missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
