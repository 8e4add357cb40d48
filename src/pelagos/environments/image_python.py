"""Be the Python of a container image: `image_python.py IMAGE_JSON -m pelagos.module.worker ...`.

A program of its own, standard library only and started by its path, because it is what a server, a site or a person
runs where the interpreter of a virtual environment would stand. It starts the same command inside the image, with the
folders mounted that the command names, each at its own path. Only `pelagos.module` is added to the image.

A worker's socket is handed into the container (SCM_RIGHTS over a Unix socket in a mounted folder), so requests and
answers go the same way as without a container; no process stands between.
"""

from __future__ import annotations

import array
import contextlib
import csv
import io
import json
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

CODE = "/pelagos/code"
MEETING = "/pelagos/meeting"
NAME = "pelagos-worker-"
"""Begins the names of containers that must not outlive the process that started them."""
GONE_GRACE_S = 3.0
"""How long a worker may go on after its server has closed the connection."""
REAP_TIMEOUT_S = 20
OVERHEAD_MB = 128
"""What a job's container may use beyond the job's limit, so that its supervisor sees and tells that this is broken."""
_PASSED = (
    *("PELAGOS_THREADS", "PELAGOS_SPIN", "PELAGOS_RUN", "PELAGOS_CPUS", "PYTHONUNBUFFERED", "CUDA_VISIBLE_DEVICES"),
    *("OMP_", "OPENBLAS_", "MKL_", "KMP_", "NUMEXPR_", "VECLIB_"),
    *("API_LOG_LEVEL", "MODELS_PATH", "DATA_PATH", "MLFLOW_TRACKING_URI"),
)
"""How variables begin that the code in a container gets from outside; settings of ours may be secret."""


Image = Mapping[str, Any]


class Models(NamedTuple):
    """The models of one module."""

    target: str
    """Their folder in the image."""
    there: bool
    """Whether the image has that folder."""
    folder: Path
    """Outside, where they are kept."""
    ready: Path
    """Exists when they are."""


def main(words: Sequence[str]) -> int:
    """Run one command of the interpreter in the image; gives its exit code."""
    image: Image = json.loads(words[0])
    command = list(words[1:])
    room = command[1] if command[:1] == ["-m"] else ""
    if room == "pelagos.module.worker":
        return _worker(image, command)
    if room == "pelagos.module.job":
        return _job(image, command)
    mounts = [mount(Path(command[-1]).parent)] if room == "pelagos.module.describing" else []
    # Of all other programs of ours the module's name is the first word.
    mounts += _over_models(image, "".join(command[2:3]))
    return subprocess.run(started(image, command, mounts=mounts), stdin=subprocess.DEVNULL, check=False).returncode


def started(
    image: Image,
    command: Sequence[str],
    *,
    mounts: Sequence[str],
    name: str = "",
    home: str = "/tmp",  # noqa: S108 - the container's own
    memory_mb: int | None = None,
    cpus: float | None = None,
) -> list[str]:
    """Give the engine's command line that runs `command` of the image's Python.

    It runs as the calling user without any privilege; the container is removed when it ends.
    """
    memory_mb, cpus = memory_mb or image["max_memory_mb"], cpus or image["max_cpus"]
    code = image.get("code") or os.environ.get("PYTHONPATH", "")
    path = ":".join(filter(None, [CODE, image["pythonpath"]]))
    words = [*image["engine"], "run", "--rm", "--network", image["network"], "--log-driver", "none"]
    words += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", *_user(image)]
    words += ["--name", name] if name else []
    words += ["--memory", f"{memory_mb}m"] if memory_mb else []
    words += ["--cpus", str(cpus)] if cpus else []
    for each in [*mounts, mount(Path(code), target=CODE, writable=False)]:
        words += ["--mount", each]
    for variable in sorted(each for each in os.environ if each.startswith(_PASSED)):
        words += ["--env", variable]
    for variable, value in (("PYTHONPATH", path), ("HOME", home), ("TMPDIR", home)):
        words += ["--env", f"{variable}={value}"]
    return [*words, *shlex.split(image["engine_options"]), "--entrypoint", image["python"], image["id"], *command]


def mount(folder: Path, *, target: str = "", writable: bool = True) -> str:
    """Write a bind mount; names with commas are quoted."""
    fields = ["type=bind", f"source={folder}", f"target={target or folder}", *([] if writable else ["readonly"])]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()


def models(image: Image, name: str) -> Models | None:
    """Tell where a module's models are kept; None for one that has no such folder."""
    said = image.get("models", {}).get(name)
    if said is None:
        return None
    environment = Path(image["environment"])
    folder = environment.parents[1] / name / "models"
    return Models(said["target"], said["there"], folder, environment / f"{name}.models")


def _over_models(image: Image, name: str) -> list[str]:
    place = models(image, name)
    return [mount(place.folder, target=place.target)] if place is not None and place.ready.exists() else []


def _user(image: Image) -> list[str]:
    if image["rootless"]:
        # The user inside who is called root is the calling user outside.
        return ["--userns", "keep-id"] if image["engine"][0].endswith("podman") else []
    return ["--user", f"{os.getuid()}:{os.getgid()}"]


def _job(image: Image, command: Sequence[str]) -> int:
    """Run a job: its container outlives us, as a supervisor outlives the server that began it."""
    spec = json.loads(Path(command[-1]).read_bytes())
    folder, cache = Path(command[-1]).parent, Path(spec["cache"])
    cache.mkdir(parents=True, exist_ok=True)
    read = {Path(path) for path in _paths(spec["arguments"])} | {Path(spec["resume"] or folder)}
    mounts = [mount(path) for path in (folder, cache)]
    mounts += _over_models(image, (spec.get("module") or {}).get("name", ""))
    mounts += [
        mount(path, writable=False) for path in sorted(read) if path.exists() and not path.is_relative_to(folder)
    ]
    need = spec.get("resources") or {}
    memory_mb = need["memory_mb"] + OVERHEAD_MB if need.get("memory_mb") else None
    line = started(image, command, mounts=mounts, memory_mb=memory_mb, cpus=need.get("cpus"))
    return subprocess.run(line, stdin=subprocess.DEVNULL, check=False).returncode


def _paths(value: Any) -> Iterator[str]:
    """List the files and folders that the arguments of a job name."""
    if isinstance(value, dict):
        if set(value) in ({"$folder"}, {"$each"}):
            yield next(iter(value.values()))
        elif set(value) == {"$file"}:
            yield value["$file"]["path"]
        else:
            value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _paths(item)


def _worker(image: Image, command: Sequence[str]) -> int:
    """Run a worker: it ends when we do, and when the server closes its socket."""
    options = list(command[2:])
    at = options.index("--socket-fd")
    descriptor = int(options[at + 1])
    del options[at : at + 2]
    temporary = Path(tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix="meeting-") as meeting, _listening(Path(meeting)) as listener:
        mounts = [mount(temporary), mount(Path(meeting), target=MEETING)]
        mounts += [_shared(Path(path)) for path in image["shares"]]
        mounts += _over_models(image, options[options.index("--name") + 1])
        words = ["-m", "pelagos.module.contained", *options]
        name = f"{_names()}{os.getpid()}-{_start(os.getpid())}"
        line = started(image, words, mounts=mounts, name=name, home=str(temporary))
        with subprocess.Popen(line, stdin=subprocess.DEVNULL) as engine:
            inside = _met(listener, engine)
            if inside is not None:
                _hand_over(inside, descriptor)
                threading.Thread(target=_reap, args=(image,), daemon=True).start()
                _watch(engine, inside, descriptor)
            return _imitated(engine.wait())


def _shared(folder: Path) -> str:
    # What is written there later, such as the first trained model, is seen only if the folder is there now.
    folder.mkdir(parents=True, exist_ok=True)
    return mount(folder, writable=False)


@contextlib.contextmanager
def _listening(folder: Path) -> Iterator[socket.socket]:
    # Through the descriptor of its folder, because the address of a Unix socket has room for 107 bytes only.
    place = os.open(folder, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"/proc/self/fd/{place}/socket")
            listener.listen(1)
            yield listener
    finally:
        os.close(place)


def _met(listener: socket.socket, engine: subprocess.Popen[bytes]) -> socket.socket | None:
    """Wait until the container calls; None when it ended before."""
    ended = os.pidfd_open(engine.pid)
    ready, _, _ = select.select([listener.fileno(), ended], [], [])
    os.close(ended)
    return listener.accept()[0] if listener.fileno() in ready else None


def _hand_over(inside: socket.socket, descriptor: int) -> None:
    signal.signal(signal.SIGUSR1, lambda *_: _interrupt(inside))
    inside.sendmsg([b"s"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))])


def _interrupt(inside: socket.socket) -> None:
    with contextlib.suppress(OSError):
        inside.send(b"i")


def _watch(engine: subprocess.Popen[bytes], inside: socket.socket, descriptor: int) -> None:
    """Wait for the container's end; some seconds after the server's end it is ended, whatever it is doing."""
    ended = os.pidfd_open(engine.pid)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(descriptor, 0)
    # A hang-up of the worker's end can only mean that the server's end is closed.
    if ended not in [each for each, _ in poll.poll()]:
        poll.unregister(descriptor)
        poll.poll(GONE_GRACE_S * 1000)
    inside.close()
    os.close(ended)


def _imitated(code: int) -> int:
    """Give the exit code; end by the same signal as the worker did, so that its reason is told as usual."""
    number = code - 128
    if number in {signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS}:
        os.kill(os.getpid(), number)
    return code


def _reap(image: Image) -> None:
    """Remove containers of workers whose starter is dead, as after a crash of the engine; nothing waits for it."""
    engine, ours = image["engine"], _names()
    listed = [*engine, "ps", "--all", "--filter", f"name={ours}", "--format", "{{.Names}}"]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        names = subprocess.run(
            listed, capture_output=True, text=True, timeout=REAP_TIMEOUT_S, check=True
        ).stdout.split()
        left = [name for name in names if name.startswith(ours) and not _lives(name.removeprefix(ours))]
        if left:
            removing = [*engine, "rm", "--force", *left]
            subprocess.run(removing, stdout=subprocess.DEVNULL, timeout=REAP_TIMEOUT_S, check=False)


def _names() -> str:
    """Give how the names of our workers begin; of processes of other people or in other containers we know nothing."""
    return f"{NAME}{os.getuid()}-{Path('/proc/self/ns/pid').stat().st_ino}-"


def _lives(owner: str) -> bool:
    pid, _, start = owner.partition("-")
    return _start(pid) == start


def _start(pid: int | str) -> str:
    """Tell when a process began, in ticks since boot: with its number it names a process for ever (proc(5))."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
