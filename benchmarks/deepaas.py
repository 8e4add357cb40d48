"""Measures DEEPaaS modules: the same module, unmodified, served by `pelagos run` and by DEEPaaS 2.6.0.

Run it on a quiet machine: `.venv/bin/python benchmarks/deepaas.py`. Both get the same requests in short bursts, one
after the other, round after round; a figure is the median of the rounds' ratios, with its spread. DEEPaaS runs as it
comes (one worker), and, told apart, with a worker for each core and one thread in each. The load comes from wrk. The
exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import http.client
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import contenders
import serving
from contenders import Places, Server
from serving import Line

WARM_S = 3.0
"""How long to ask before it counts: a second worker of ours starts meanwhile."""
UPLOAD_MB = 200
PORT = "8464"
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


class OldPlaces(Places):
    """Where things are; a state folder of its own, as the native modules of the same names are in the other."""

    @property
    def state(self) -> Path:
        """Pelagos's state folder."""
        return self.cache / "state-deepaas"


def ours(places: Places, module: str) -> contextlib.AbstractContextManager[Server]:
    """Serve a DEEPaaS module with Pelagos."""
    return contenders.ours(places, module)


def theirs(places: Places, module: str) -> contextlib.AbstractContextManager[Server]:
    """Serve it with DEEPaaS as it comes."""
    program = places.python("deepaas").with_name("deepaas-run")
    variables = {**os.environ, "PYTHONPATH": places.environment()["PYTHONPATH"], "DEEPAAS_V2_MODEL": module}
    command = [str(program), "--listen-ip", "127.0.0.1", "--listen-port", PORT]
    return contenders.serving(command, f"http://127.0.0.1:{PORT}/", variables)


@dataclasses.dataclass(frozen=True)
class Seen:
    """What one burst after the other showed, in answers a second."""

    us: list[float] = dataclasses.field(default_factory=list)
    them: list[float] = dataclasses.field(default_factory=list)

    def add(self, us: float, them: float) -> None:
        """Take the figures of a round."""
        self.us.append(us)
        self.them.append(them)

    def lines(self, name: str, *, target: float) -> Iterator[Line]:
        """Give the lines of the table."""
        yield Line(f"{name}: pelagos", self.us, "1/s", 0)
        yield Line(f"{name}: DEEPaaS", self.them, "1/s", 0)
        yield Line(f"{name}: pelagos / DEEPaaS", _ratios(self.us, self.them), "x", target)


def trivial(places: Places, rounds: int, seconds: float) -> Iterator[Line]:
    """Answer with the arguments, at concurrency 1, 8 and 32."""
    script = serving.write_script(places, "form.lua", serving.LUA_FORM)
    path = "v2/models/trivial/predict/"
    with ours(places, "trivial") as us, theirs(places, "trivial") as them:
        for concurrency in (1, 8, 32):
            seen = Seen()
            for _ in range(rounds):
                per_s = [_at(server, path).burst(script, concurrency, seconds).per_s for server in (us, them)]
                seen.add(*per_s)
            yield from seen.lines(f"trivial at concurrency {concurrency}", target=8)


def images(places: Places, rounds: int, seconds: float) -> Iterator[Line]:
    """Classify pictures sent by multipart. A bare loop on every core says how far ahead a server could be at most.

    All start anew for each round, for after one start DEEPaaS may be a third slower than after the next.
    """
    script = serving.write_script(places, "images.lua", serving.LUA_IMAGES)
    name, path = "images at concurrency 8", "v2/models/image/predict/"

    def per_s(server: Server, seconds: float) -> float:
        return _at(server, path).burst(script, 8, seconds, str(places.pictures)).per_s

    as_it_comes, tuned = Seen(), Seen()
    limit: list[float] = []
    for _ in range(rounds):
        with ours(places, "image") as us, contextlib.closing(contenders.Loop(places, contenders.CORES)) as loop:
            for seen, start_them in ((as_it_comes, theirs), (tuned, contenders.deepaas)):
                with start_them(places, "image") as them:
                    per_s(us, WARM_S)
                    per_s(them, WARM_S)
                    seen.add(per_s(us, seconds), per_s(them, seconds))
            limit.append(loop.burst(seconds).per_s)
    yield from as_it_comes.lines(name, target=1.7)
    yield Line(f"{name}: bare loop / DEEPaaS", _ratios(limit, as_it_comes.them), "x", 0)
    yield Line(f"{name}: pelagos / bare loop", _ratios(as_it_comes.us, limit), "x", 0)
    yield from tuned.lines(f"{name}, DEEPaaS tuned", target=1)


def upload(places: Places, rounds: int, _seconds: float) -> Iterator[Line]:
    """Send large files while others ask for small things."""
    with ours(places, "trivial") as us:
        _ask(us)
        before = _rss_mb(us.process.pid)
        peaks, times = [], []
        for _ in range(max(2, rounds // 2)):
            done = threading.Event()
            sender = threading.Thread(target=_send, args=(us, done))
            sender.start()
            while not done.is_set():
                times.append(_ask(us))
                peaks.append(_rss_mb(us.process.pid))
            sender.join()
        yield Line(f"{UPLOAD_MB} MB upload: growth of the server", [max(peaks) - before], "MB", 20, at_most=True)
        p99 = statistics.quantiles(times, n=100)[98]
        yield Line(f"{UPLOAD_MB} MB upload: p99 of {len(times)} others", [p99], "ms", 50, at_most=True)


def training(places: Places, rounds: int, _seconds: float) -> Iterator[Line]:
    """Predict while a training computes."""
    with ours(places, "trivial") as us:
        ratios = []
        for _ in range(max(2, rounds // 2)):
            alone = statistics.median(_ask(us) for _ in range(200))
            _ask(us, "train/", "seconds=4")
            time.sleep(1.5)  # Its process has started and computes.
            ratios.append(statistics.median(_ask(us) for _ in range(200)) / alone)
            time.sleep(3.5)
        yield Line("predict during a training / alone", ratios, "x", 1.5, at_most=True)


def start(places: Places, rounds: int, _seconds: float) -> Iterator[Line]:
    """Start and answer once."""
    seen: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(max(2, rounds // 2)):
        for name, made in (("ours", ours), ("theirs", theirs)):
            began = time.perf_counter()
            with made(places, "trivial") as server:
                _ask(server)
                seen[name].append(time.perf_counter() - began)
    yield Line("start to first answer: pelagos", seen["ours"], "s", 0)
    ratios = _ratios(seen["ours"], seen["theirs"])
    yield Line("start to first answer: pelagos / DEEPaaS", ratios, "x", 1, at_most=True)


SECTIONS: dict[str, Callable[[Places, int, float], Iterator[Line]]] = {
    "trivial": trivial,
    "images": images,
    "upload": upload,
    "training": training,
    "start": start,
}


def _ratios(mine: Sequence[float], other: Sequence[float]) -> list[float]:
    return [a / b for a, b in zip(mine, other, strict=True)]


def _at(server: Server, path: str) -> Server:
    return Server(server.process, server.url + path)


def _ask(server: Server, path: str = "predict/", body: str = serving.FORM) -> float:
    """Send one request on a connection of its own; gives its time in ms."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc, timeout=60)
    connection.request("POST", f"/v2/models/trivial/{path}", body, FORM_TYPE)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {text!r}")
    return 1000 * (time.perf_counter() - began)


def _send(server: Server, done: threading.Event) -> None:
    """Upload a large file, from a process of its own."""
    try:
        command = f"head -c {UPLOAD_MB}M /dev/zero | curl -sf -o /dev/null -F 'data=@-;filename=large.bin' -F text=x "
        subprocess.run(f"{command} {server.url}v2/models/trivial/predict/", shell=True, check=True)
    finally:
        done.set()


def _rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(contenders.found(r"VmRSS:\s+(\d+)", status)) / 1024


def prepare(cache: Path) -> Places:
    """Build the environments, once."""
    contenders.prepare(cache)
    places = OldPlaces(cache)
    classifier = contenders.ROOT / "modules" / "image-classification"
    command = places.pelagos("install", str(contenders.HERE / "peers" / "deepaas"), "--with", str(classifier))
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return places


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and say by the exit code whether all targets are reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), default=list(SECTIONS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a burst")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "pelagos-benchmarks")
    given = parser.parse_args(arguments)
    if shutil.which("wrk") is None:
        parser.error("the load generator is missing: apt-get install wrk")
    given.cache.mkdir(parents=True, exist_ok=True)
    places = prepare(given.cache)
    return serving.report(line for name in given.only for line in SECTIONS[name](places, given.rounds, given.seconds))


if __name__ == "__main__":
    sys.exit(main())
