"""Keep freed memory for the next step of a training.

glibc gives large blocks back to the system at once, so every training step has its activations zeroed and mapped anew:
a third of the time of a step, as measured. See mallopt(3); where there is no glibc nothing changes.
"""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_BYTES = 1 << 30


def keep() -> bool:
    """Take large blocks from the heap and keep the heap; whether the C library can do that. May be called twice."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    # The first also ends glibc's own adjusting of both, so each must be set.
    done = [mallopt(_MMAP_THRESHOLD, _LARGEST_BYTES), mallopt(_TRIM_THRESHOLD, 2 * _LARGEST_BYTES - 1)]
    return all(done)
