"""Read what pip and git print: which lines are progress, which say why it failed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pelagos.domain.steps import Step

_TOLD = (
    "Cloning",
    "Receiving objects",
    "Obtaining",
    "Collecting",
    "Downloading",
    "Using cached",
    "Processing",
    "Preparing",
    "Building wheel",
    "Building editable",
    "Installing",
    "Successfully installed",
)
_BYTES = re.compile(r"Progress (\d+) of (\d+)")
_ERROR = re.compile(r"^(?:\S+: )?(?:ERROR|error): ?(.*)")
_FATAL = re.compile(r"fatal: (.+)")
_EMPTY_WORDS = ("subprocess-exited", "metadata-generation", "Failed")
_NO_VERSION = "No matching distribution found"


def step(line: str) -> Step | None:
    """Give the step that a line tells of, or None when it is not for people."""
    text = line.rpartition("\r")[2].strip()
    counted = _BYTES.fullmatch(text)
    if counted:
        return Step("Downloading", int(counted[1]), int(counted[2]) or None)
    if text.startswith(_TOLD) and not text.endswith(("started", "status 'done'")):
        return Step(text)
    return None


def reason(lines: Sequence[str]) -> str:
    """Give the line that says best why it failed: the last error that says something, else the last line."""
    said = [match[1].strip() for match in map(_ERROR.match, (line.strip() for line in lines)) if match]
    fatal = [match[1] for match in map(_FATAL.match, lines) if match]
    if fatal:
        # Git goes on to say what follows from its first words.
        return fatal[0]
    telling = [text for text in said if text and not text.startswith(_EMPTY_WORDS)]
    return (telling or said or [last_line("".join(lines))])[-1]


def hint(lines: Sequence[str]) -> str:
    """Tell what can be done about it, with the end of what was printed when that is unknown."""
    if any(_NO_VERSION in line for line in lines):
        return "Check the name and version, and whether the network reaches the package index."
    if any("fatal:" in line for line in lines):
        return "Check the address and your access to it: git clone ADDRESS."
    return "The end of what was printed:\n" + "".join(f"  {line.rstrip()}\n" for line in lines[-12:])


def last_line(text: str) -> str:
    """Give the last line that is not empty."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no reason was given")


def requirement_name(requirement: str) -> str:
    """Give the name in front of extras, versions and markers."""
    return re.split(r"[\s\[=<>!~;@]", requirement.strip(), maxsplit=1)[0]
