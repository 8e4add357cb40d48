"""The form of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""

from __future__ import annotations

MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
KEEP_ALIVE = b": here\n\n"
"""A comment; a reader that has gone is noticed when it cannot be sent."""
KEEP_ALIVE_S = 15.0


def event(name: str, data: str, number: str = "") -> bytes:
    """Write one event; every line of the data gets its own field."""
    lines = [f"event: {name}"]
    lines += [f"id: {number}"] if number else []
    lines += [f"data: {line}" for line in data.splitlines() or [""]]
    return ("\n".join(lines) + "\n\n").encode()
