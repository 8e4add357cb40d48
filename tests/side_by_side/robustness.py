"""Questions about what goes wrong inside a module."""

from __future__ import annotations

import time
from typing import Any

from side_by_side import checks
from side_by_side.checks import better, predict, same, says, status
from side_by_side.servers import Server

TOPIC = "robustness"
MODEL = "probe-faults"


def fault(name: str) -> Any:
    return predict(MODEL, params={"fault": name}, timeout=2.5)


def and_then(name: str) -> Any:
    """Ask for a fault, and then whether the module still answers."""

    def ask(server: Server) -> Any:
        first = fault(name)(server)
        return first, checks.ask(server, "POST", f"/v2/models/{MODEL}/predict/", timeout=2.5)

    return ask


same(TOPIC, "raw bytes on the module's standard output", fault("noise"))
same(TOPIC, "standard input is empty", fault("stdin"))
same(TOPIC, "functions run in the main thread", fault("main_thread"))
same(TOPIC, "functions may start child processes", predict(MODEL, params={"fault": "children"}))
for name, words in (
    ("value", "no such thing"),
    ("attribute", "has no attribute 'nothing'"),
    ("multiline", "second line"),
):
    better(
        TOPIC,
        f"an exception: {name}",
        fault(name),
        fault=says(500, "Server got itself in trouble"),
        gives=says(500, words, "error "),
        was="500 without a reason",
        now="500 with the reason, and an id that is found in the log",
    )
better(
    TOPIC,
    "a function that is not written yet",
    fault("unfinished"),
    fault=says(500, "Server got itself in trouble"),
    gives=says(501, "not written yet"),
    was="500 without a reason",
    now="501 with the reason",
)
for name, code, words in (
    ("http400", 400, "400: the picture is no picture"),
    ("http503", 503, "503: come back later"),
    ("http422", 422, "text"),
):
    better(
        TOPIC,
        f"an error of aiohttp.web: {name}",
        fault(name),
        fault="hangs",
        gives=says(code, words),
        was="the request hangs for ever, and with one worker every request after it",
        now="the status and reason that the module gave",
        alone=MODEL,
    )
for name in ("exit", "os_exit", "kill"):
    better(
        TOPIC,
        f"the module ends its own process: {name}",
        and_then(name),
        fault=lambda seen: seen[0] == "hangs",
        gives=lambda seen: status(503)(seen[0]) and status(200)(seen[1]),
        was="the request hangs for ever",
        now="503 with the reason; the next call works",
        alone=MODEL,
    )


def after_a_client_left(server: Server) -> Any:
    checks.ask(server, "POST", f"/v2/models/{MODEL}/predict/", params={"seconds": "30"}, timeout=0.5)
    began = time.monotonic()
    answer = checks.ask(server, "POST", f"/v2/models/{MODEL}/predict/", timeout=6)
    return answer, time.monotonic() - began < 5


better(
    TOPIC,
    "a client that goes away",
    after_a_client_left,
    fault=lambda seen: seen[0] == "hangs",
    gives=lambda seen: status(200)(seen[0]) and seen[1],
    was="its worker stays busy with an answer for nobody",
    now="its worker is free again",
    alone=MODEL,
)
