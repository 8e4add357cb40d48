"""Memory that is kept between the steps of a training."""

import subprocess
import sys

from pelagos_image_classification import memory

# In a process of its own: what other tests have left on the heap would be used again.
KEPT = """
import sys
from pelagos_image_classification import memory
def resident_kb():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])
if sys.argv[1] == "keep":
    memory.keep()
before = resident_kb()
block = bytes(b"x") * (96 << 20)
del block
print(resident_kb() - before)
"""


def kept_kb(word: str) -> int:
    done = subprocess.run([sys.executable, "-c", KEPT, word], capture_output=True, text=True, check=True, timeout=60)
    return int(done.stdout)


class TestKeep:
    def test_holds_a_large_block_that_was_freed(self) -> None:
        assert kept_kb("keep") > 90_000
        assert kept_kb("leave") < 10_000

    def test_may_be_asked_for_twice(self) -> None:
        assert memory.keep()
        assert memory.keep()
