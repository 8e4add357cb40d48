"""A command line on a terminal of its own, as a person has it."""

import os
import select
import subprocess
import sys
import time

WAIT_S = 30.0


class Terminal:
    """Start it with the words of a command line, read and type, then `end`."""

    def __init__(self, *words: str) -> None:
        self.seen = ""
        self._end, other = os.openpty()
        # `setsid` makes the terminal the one from which Ctrl+C comes.
        command = ["setsid", "--ctty", sys.executable, "-m", "pelagos.cli", *words]
        variables = {**os.environ, "TERM": "xterm"}
        self._process = subprocess.Popen(command, stdin=other, stdout=other, stderr=other, env=variables)
        os.close(other)

    def read_until(self, words: str) -> None:
        """Read until `words` have come; fail when they do not."""
        deadline = time.monotonic() + WAIT_S
        while words not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if select.select([self._end], [], [], 0.1)[0]:
                self.seen += os.read(self._end, 65536).decode("utf-8", "replace")

    def type(self, text: str) -> None:
        """Type on the keyboard; `\\x03` is Ctrl+C."""
        os.write(self._end, text.encode())

    def end(self) -> int:
        """Wait for the end and give the exit code."""
        code = self._process.wait(WAIT_S)
        os.close(self._end)
        return code
