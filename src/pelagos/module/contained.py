"""The first process of a container in which a module's worker runs: `python -m pelagos.module.contained OPTIONS`.

It gets the worker's socket from outside over a Unix socket, starts the worker, passes signals on, and waits. When the
other end of that Unix socket goes away it ends at once, and with the first process the kernel ends the whole container.
So nothing is left behind by a server that was killed, whatever the module's code is doing.
"""

from __future__ import annotations

import array
import os
import select
import signal
import socket
import sys
from typing import List, Optional

from pelagos.module import worker

MEETING = "/pelagos/meeting/socket"
"""Where the process outside listens, as the container sees it."""
INTERRUPT = b"i"
"""Asks to interrupt the worker."""


def main(arguments: Optional[List[str]] = None) -> int:
    """Run a worker with `arguments`, the options of `pelagos.module.worker` without its socket; gives its exit code."""
    options = sys.argv[1:] if arguments is None else arguments
    outside = socket.socket(socket.AF_UNIX)
    outside.connect(MEETING)
    descriptor = _receive(outside)
    child = os.fork()
    if child == 0:
        _become_worker(outside, descriptor, options)
    os.close(descriptor)
    return _watch(outside, child)


def _receive(outside: socket.socket) -> int:
    """Receive the worker's socket; a descriptor cannot travel between machines, and so not into a virtual one."""
    found = array.array("i")
    _, ancillary, _, _ = outside.recvmsg(1, socket.CMSG_SPACE(found.itemsize))
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(data[: found.itemsize])
            return found[0]
    raise OSError("no descriptor came over the socket: does this engine run containers on a kernel of their own?")


def _become_worker(outside: socket.socket, descriptor: int, options: List[str]) -> None:
    code = 1
    try:
        outside.close()
        # A group of its own, so that the worker can end itself with all that it started.
        os.setsid()
        code = worker.main(["--socket-fd", str(descriptor), *options])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException as error:  # Nothing may escape into the copy of the stack.
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _watch(outside: socket.socket, child: int) -> int:
    """Wait for the worker's end, or for that of the process outside."""
    woken, waking = os.pipe()
    for end in (woken, waking):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(waking)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))
    poll = select.poll()
    poll.register(outside, select.POLLIN)
    poll.register(woken, select.POLLIN)
    while True:
        code = _reap(child)
        if code is not None:
            return code
        ready = [descriptor for descriptor, _ in poll.poll()]
        if woken in ready:
            os.read(woken, 4096)
        if outside.fileno() in ready and not _heard(outside, child):
            return 128 + signal.SIGKILL


def _heard(outside: socket.socket, child: int) -> bool:
    """Do what the process outside asks for; whether it is still there."""
    try:
        asked = outside.recv(64)
    except OSError:
        return False
    if asked:
        os.kill(child, worker.INTERRUPT)
    return bool(asked)


def _reap(child: int) -> Optional[int]:
    """Wait for what has ended, orphans included; the worker's exit code if it was among them."""
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == child:
            return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        if pid == 0:
            return None


if __name__ == "__main__":
    sys.exit(main())
