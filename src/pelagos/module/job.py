"""The supervisor of one job: `python -m pelagos.module.job RUN_FOLDER/spec.json` runs it to its end.

It holds the run folder's lock for life, so that anybody can see whether the run is alive; starts the module's code in a
child process; keeps it within its limits; ends the whole process tree; and leaves `outcome.json` as the last thing it
does. It needs nobody: the server that began it may die at once. The files are described in
`docs/how-it-works/run-folder.md`.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import pathlib
import resource
import signal
import sys
import time
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

from pelagos.module import durable, limits, lock, processes, tree

EXIT_FINISHED, EXIT_FAILED, EXIT_SPEC, EXIT_SECOND = 0, 1, 2, 3
TICK_S = 0.1
HEARTBEAT_S = 2.0
LINGER_S = 5.0
"""How long the module's process may take to leave after it has reported."""
LEFTOVER_GRACE_S = 0.5
"""How long processes that the module left behind may take to leave after a run that ended by itself."""
RESERVE_BYTES = 65536
"""Disk kept for the outcome, so that a full disk can still be reported."""
PUBLISH_ATTEMPTS = 300

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # prctl(2)
_WAKING = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}

Verdict = Dict[str, Any]


def main(arguments: Optional[Tuple[str, ...]] = None) -> int:
    """Run the job of a spec file to its end; gives the exit code."""
    path = pathlib.Path((sys.argv[1:] if arguments is None else arguments)[0]).resolve()
    try:
        spec = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return EXIT_SPEC
    folder = path.parent
    if lock.hold(folder / "lock") is None or not _first(folder, spec["token"]):
        return EXIT_SECOND
    return Supervisor(spec, folder).run()


def _first(folder: pathlib.Path, token: str) -> bool:
    """Leave the mark that this run has begun; False when somebody did so before, even if he is dead."""
    try:
        descriptor = os.open(folder / "started", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    mark = {"token": token, "pid": os.getpid(), "time": time.time()}
    durable.write_all(descriptor, json.dumps(mark).encode())
    os.fsync(descriptor)
    os.close(descriptor)
    durable.sync_folder(folder)
    return True


class Supervisor:
    """Watches the child process that runs the module's code."""

    def __init__(self, spec: Mapping[str, Any], folder: pathlib.Path) -> None:
        self._spec = spec
        self._folder = folder
        self._grace_s = float(spec.get("grace_s", 2.0))
        self._is_command = spec["kind"] == "command"
        self._started = time.time()
        self._child = 0
        self._status: Optional[int] = None
        self._pipe = -1
        self._report = b""
        self._reported: Optional[float] = None
        self._told = False
        self._tree = tree.Tree()
        self._beat = 0.0
        self._limits = limits.Limits(spec.get("resources") or {}, started=time.monotonic())

    def run(self) -> int:
        """Start the child, watch it, end what is left of it, write the outcome."""
        self._settle_in()
        self._child, self._pipe = self._start_child()
        verdict = self._watch()
        if verdict and self._is_command:
            self._dismiss()
        self._tree.end(self._grace_s if verdict and not self._is_command else LEFTOVER_GRACE_S, self._reap)
        self._read_report()
        outcome = verdict or self._own_account()
        self._write_outcome(outcome)
        return EXIT_FINISHED if outcome["reason"] == "finished" else EXIT_FAILED

    def _settle_in(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, _WAKING)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            os.setsid()
        except PermissionError:
            pass  # Whoever started us made a session for us already.
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        log = os.open(self._folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for descriptor, place in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(descriptor, place)
        os.environ[processes.TOKEN_VARIABLE] = self._spec["token"]
        _attempt(lambda: durable.write(self._reserved, b" " * RESERVE_BYTES, sync=False))
        _attempt(self._limits.pin)

    @property
    def _reserved(self) -> pathlib.Path:
        return self._folder / "outcome.reserved"

    def _start_child(self) -> Tuple[int, int]:
        incoming, outgoing = os.pipe()
        os.set_blocking(incoming, False)
        supervisor = os.getpid()
        sys.stdout.flush()
        child = os.fork()
        if child:
            os.close(outgoing)
            return child, incoming
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:
            os._exit(EXIT_FAILED)
        os.close(incoming)
        _become_task(self._spec, self._folder, outgoing)
        raise AssertionError("a task never returns")

    def _watch(self) -> Optional[Verdict]:
        """Wait for the child's end (None) or a reason to end it."""
        while True:
            self._reap()
            self._read_report()
            if self._status is not None or self._lingers():
                return None
            # What has reported its end is beyond limits and wishes: it only needs a moment to leave.
            if self._reported is None:
                verdict = self._asked_to_stop() or self._limits.broken(self._tree, time.monotonic())
                if verdict:
                    return verdict
            self._heartbeat()
            self._wait(TICK_S)

    def _dismiss(self) -> None:
        """Ask the command alone to leave: a server lets its requests finish, which its own children still work on."""
        deadline = time.monotonic() + self._grace_s
        os.kill(self._child, signal.SIGTERM)
        while self._status is None and time.monotonic() < deadline:
            signal.sigtimedwait({signal.SIGCHLD}, TICK_S)
            self._reap()

    def _lingers(self) -> bool:
        return self._reported is not None and time.monotonic() - self._reported > LINGER_S

    def _asked_to_stop(self) -> Optional[Verdict]:
        if self._told:
            return {"reason": "cancelled_by_user", "message": "Its supervisor was told to stop."}
        if (self._folder / "cancel").exists():
            return {"reason": "cancelled_by_user", "message": "Cancelled."}
        if not self._folder.exists():
            # Nobody can find this run any more, so nobody could ever end it.
            return {"reason": "cancelled_by_user", "message": "Its run folder was removed."}
        return None

    def _wait(self, timeout_s: float) -> None:
        caught = signal.sigtimedwait(_WAKING, timeout_s)
        self._told = self._told or (caught is not None and caught.si_signo != signal.SIGCHLD)

    def _reap(self) -> bool:
        """Wait for dead children, orphans of the tree among them; whether none is left, dead or alive."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                return False
            if pid == self._child:
                self._status = _exit_code(status)

    def _read_report(self) -> None:
        while True:
            try:
                piece = os.read(self._pipe, 65536)
            except BlockingIOError:
                return
            if not piece:
                return
            self._report += piece
            self._reported = self._reported or time.monotonic()

    def _own_account(self) -> Verdict:
        """Tell how a run went that nobody ended: what the child said, or else how its process ended."""
        try:
            said: Verdict = json.loads(self._report)
        except ValueError:
            said = self._limits.account_of_death(self._status)
            if self._is_command and self._status == 0:
                said = {"reason": "finished", "message": ""}
        if said["reason"] == "cancelled_by_user" and not self._asked_to_stop():
            said = {"reason": "module_error", "message": "The module's process was ended by a SIGTERM from outside."}
        if said["reason"] == "module_error" and limits.disk_is_full(self._folder):
            said["reason"] = "disk_full"
        return said

    def _heartbeat(self) -> None:
        now = time.monotonic()
        if now - self._beat < HEARTBEAT_S and self._beat:
            return
        self._beat = now
        self._tree.look()
        beat = {
            "time": time.time(),
            "rss_mb": round(self._tree.rss / 2**20, 1),
            "cpu_s": round(self._tree.cpu_s + _cpu_s_of_the_dead(), 2),
            "processes": self._tree.count,
            # Should we be killed: a process that dropped its variables and its parent is known by this alone.
            **processes.noted(self._tree.members),
        }
        _attempt(lambda: durable.write_json(self._folder / "heartbeat", beat, sync=False))

    def _write_outcome(self, outcome: Verdict) -> None:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        peak = max(self._tree.peak_rss, usage.ru_maxrss * 1024)
        account: Verdict = {
            "reason": outcome["reason"],
            "message": outcome.get("message", ""),
            "faults": outcome.get("faults", {}),
            "traceback": outcome.get("traceback", ""),
            "exit_code": self._status,
            "started": self._started,
            "finished": time.time(),
            "peak_rss_mb": round(peak / 2**20, 1),
            "cpu_s": round(_cpu_s_of_the_dead(), 2),
        }
        data = json.dumps(account).encode()
        if len(data) > RESERVE_BYTES:  # The log has all of it.
            data = json.dumps({**account, "faults": {}, "traceback": "", "message": account["message"][:1000]}).encode()
        self._publish(data)

    def _publish(self, data: bytes) -> None:
        # A disk that is full beyond what was reserved is given time to become free again.
        for _ in range(PUBLISH_ATTEMPTS):
            if _attempt(lambda: self._replace_outcome(data)) or not self._folder.exists():
                return
            time.sleep(1.0)

    def _replace_outcome(self, data: bytes) -> None:
        # Written over the reserved blocks, which works on a disk that has become full since.
        descriptor = os.open(self._reserved, os.O_WRONLY | os.O_CREAT, 0o600)
        durable.write_all(descriptor, data)
        os.ftruncate(descriptor, len(data))
        os.fsync(descriptor)
        os.close(descriptor)
        os.replace(self._reserved, self._folder / "outcome.json")
        durable.sync_folder(self._folder)


def _become_task(spec: Mapping[str, Any], folder: pathlib.Path, report: int) -> None:
    """Turn the forked child into the module's process; never returns."""
    code = EXIT_FAILED
    try:
        os.setsid()
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WAKING)
        # Imported here, and by name, because the supervisor itself must stay small and free of what a task needs.
        task = importlib.import_module("pelagos.module.task")
        code = EXIT_FINISHED if task.run(spec, folder, report) else EXIT_FAILED
    except BaseException as error:  # Nothing may escape into the supervisor's copy of the stack.
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        os._exit(code)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl({option})")


def _exit_code(status: int) -> int:
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _cpu_s_of_the_dead() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _attempt(act: Callable[[], None]) -> bool:
    """Do something that the machine may refuse without harm, as a full disk does; whether it was done."""
    try:
        act()
    except OSError as error:
        # The log may be on the disk that is full.
        with contextlib.suppress(OSError):
            print(f"supervisor: {error}", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
