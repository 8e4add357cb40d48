"""Modules that behave well and badly, to be run under a real supervisor."""

import ctypes
import mmap
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from pelagos.module import BadInput, File, Folder, Module, Training


class Steps(Module):
    """Logs so many steps and leaves a model; in the middle it waits until there is a file `gate`."""

    def train(self, run: Training, steps: int = 2, gate: str = "") -> Any:
        for step in range(steps):
            while gate and step == steps // 2 and not pathlib.Path(gate).exists():
                time.sleep(0.01)
            run.log(step, loss=1 / (step + 1))
            run.progress((step + 1) / steps, f"step {step}")
            print("step", step)
        (run.model / "weights").write_text(str(steps))
        return {"steps": steps, "nan": float("nan")}


class Surroundings(Module):
    """Tells what it finds around it."""

    def train(
        self,
        run: Training,
        document: File | None = None,
        place: Folder | None = None,
        many: tuple[File, ...] = (),
    ) -> Any:
        return {
            "main_thread": threading.current_thread() is threading.main_thread(),
            "stdin": sys.stdin.read(),
            "cwd": str(pathlib.Path.cwd()),
            "threads": os.environ.get("PELAGOS_THREADS"),
            "omp": os.environ.get("OMP_NUM_THREADS"),
            "cores": sorted(os.sched_getaffinity(0)),
            "token": os.environ["PELAGOS_RUN"],
            "first_on_path": os.environ["PATH"].split(os.pathsep)[0],
            "import_path": sys.path,
            "document": document and [document.name, document.content_type, document.read().decode()],
            "place": place and str(place.path),
            "many": [item.name for item in many],
            "resume": run.resume and str(run.resume.path),
            "cache": str(run.cache),
        }


class Raises(Module):
    """Ends badly in one of many ways."""

    def train(self, run: Training, how: str) -> Any:
        print("about to fail")
        return getattr(self, "_" + how.replace(" ", "_"))()

    def _bad_input(self) -> Any:
        raise BadInput({"dataset": ["no picture in it"]})

    def _many_faults(self) -> Any:
        raise BadInput({f"image{number}": ["é" * 1000] for number in range(100)})

    def _error(self) -> Any:
        raise RuntimeError("the weights are upside down")

    def _exit(self) -> Any:
        sys.exit(3)

    def _hard_exit(self) -> Any:
        os._exit(4)

    def _segfault(self) -> Any:
        ctypes.string_at(0)

    def _killed(self) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    def _disk_full(self) -> Any:
        with pathlib.Path("/dev/full").open("w") as full:
            full.write("x" * 100000)

    def _disk_full_behind_another_error(self) -> Any:
        try:
            self._disk_full()
        except OSError as error:
            raise RuntimeError("could not save") from error

    def _memory_error(self) -> Any:
        raise MemoryError("no more")

    def _answer(self) -> Any:
        return object()


class Endless(Module):
    """Never ends by itself; says when it is ready."""

    def train(self, run: Training, how: str = "quiet") -> Any:
        try:
            getattr(self, "_" + how)(run)
        finally:
            (run.outputs / "finally").touch()

    def _quiet(self, run: Training) -> None:
        print("ready")
        while True:
            time.sleep(60)

    def _prompt(self, run: Training) -> None:
        print("ready", end="")
        while True:
            time.sleep(60)

    def _watches(self, run: Training) -> None:
        print("ready")
        while not run.cancelled:
            time.sleep(0.02)
        (run.model / "half").touch()

    def _raises(self, run: Training) -> None:
        print("ready")
        while not run.cancelled:
            time.sleep(0.02)
        raise RuntimeError("stopped in the middle")

    def _stubborn(self, run: Training) -> None:
        """Ignore SIGTERM, in a tree with a child in a session of its own and one that nobody is parent of."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
        subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execve(sys.executable, [sys.executable, "-c", script], {})
            os._exit(0)
        os.wait()
        print("ready")
        while True:
            time.sleep(600)

    def _family(self, run: Training) -> None:
        """Start a child that carries the run's token and no PDEATHSIG."""
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        print("ready")
        while True:
            time.sleep(600)


class Leaves(Module):
    """Ends well and leaves a process behind."""

    def train(self, run: Training) -> Any:
        left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        return left.pid


class Lingers(Module):
    """Has a non-daemonic thread that never ends."""

    def train(self, run: Training) -> Any:
        threading.Thread(target=time.sleep, args=(600,)).start()
        return "done"


class Eats(Module):
    """Takes memory: in a child, or in itself, shared with children that own no page of it."""

    def train(self, run: Training, megabytes: int, shared_with: int = 0) -> Any:
        if not shared_with:
            script = f"import time; hoard = bytearray({megabytes} * 2**20); time.sleep(600)"
            subprocess.run([sys.executable, "-c", script], check=True)
        hoard = mmap.mmap(-1, megabytes * 2**20, flags=mmap.MAP_PRIVATE)
        hoard.write(b"x" * len(hoard))
        readers = []
        for _ in range(shared_with):
            reader = os.fork()
            if reader == 0:
                sum(hoard[page] for page in range(0, len(hoard), 4096))
                time.sleep(1.0)
                os._exit(0)
            readers.append(reader)
        for reader in readers:
            os.waitpid(reader, 0)
        return "enough"
