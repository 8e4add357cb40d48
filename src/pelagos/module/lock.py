"""The lock that says a run is alive: a POSIX record lock, which the kernel drops when its process ends, however.

Children do not inherit it, and anybody may ask who holds it without touching it. Its one trap: a process loses it when
it closes *any* descriptor of the file, so the holder must never open the file a second time.
"""

from __future__ import annotations

import fcntl
import os
import struct
from typing import Optional, Union

_FLOCK = "hhqqi"
"""struct flock of 64-bit Linux: type, whence, start, length, pid (see fcntl(2))."""


def hold(path: Union[str, os.PathLike[str]]) -> Optional[int]:
    """Take the lock for the life of this process; returns the descriptor to keep, or None when another has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        os.close(descriptor)
        return None
    return descriptor


def holder(path: Union[str, os.PathLike[str]]) -> Optional[int]:
    """Tell the process id of who holds the lock, None when nobody does or there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    finally:
        os.close(descriptor)
    return None if kind == fcntl.F_UNLCK else pid


def taken(path: Union[str, os.PathLike[str]]) -> bool:
    """Tell whether anybody holds an `flock` of a file or folder, the other kind: dropped with its last descriptor.

    Raises FileNotFoundError when there is nothing of that name.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
