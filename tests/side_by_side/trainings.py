"""Questions about trainings."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from side_by_side import checks
from side_by_side.checks import better, file, request, same, says, status
from side_by_side.servers import TRAININGS, Server

TOPIC = "trainings"
PATH = f"/v2/models/{TRAININGS}/train/"
_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}")
_DURATION = re.compile(r"0:00:0\d(\.\d{6})?")
_UUID = re.compile(r"[0-9a-f]{32}")


def begun(**how: Any) -> Any:
    """Ask for the object that a new training is answered with."""
    return lambda server: _shown(checks.ask(server, "POST", PATH, **how))


def ended(**how: Any) -> Callable[[Server], Any]:
    """Ask for the object of a training when it is over."""
    return lambda server: _shown(_wait(server, _begin(server, **how)))


def _begin(server: Server, **how: Any) -> str:
    answer = checks.ask(server, "POST", PATH, **how)
    return str(answer["body"]["uuid"]) if status(200)(answer) else str(answer)


def _wait(server: Server, uuid: str) -> Any:
    deadline = time.monotonic() + 15
    answer = checks.ask(server, "GET", PATH + uuid)
    while isinstance(answer["body"], dict) and answer["body"]["status"] == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
        answer = checks.ask(server, "GET", PATH + uuid)
    return answer


def _shown(answer: Any) -> Any:
    """Replace what differs from one training to the next by whether it has the right form."""
    if isinstance(answer, list):
        return [_shown(item) for item in answer]
    if not isinstance(answer, Mapping):
        return answer
    forms = {"uuid": _UUID, "date": _DATE, "finish_date": _DATE, "duration": _DURATION}
    return {
        key: bool(forms[key].fullmatch(value)) if key in forms and isinstance(value, str) else _shown(value)
        for key, value in answer.items()
    }


same(TOPIC, "a new one", begun(params={"epochs": "2"}))
same(TOPIC, "a new one with lists and a file", begun(params={"words": ["a", "b"]}, files={"data": file("d.csv")}))
same(TOPIC, "refused arguments", request("POST", PATH, params={"epochs": "0"}))
same(TOPIC, "one that is done", ended(params={"epochs": "1"}))
same(TOPIC, "what the module got", ended(params=[("kind", "echo"), ("words", "a")]))
same(TOPIC, "the module is warmed", ended(params={"kind": "warm"}))
same(TOPIC, "one without a result", ended(params={"kind": "none"}))
same(TOPIC, "one that is not there", request("GET", PATH + "0" * 32))
same(TOPIC, "deleting one that is not there", request("DELETE", PATH + "0" * 32))
same(TOPIC, "a path below one", request("GET", PATH + "abc/def"))
same(TOPIC, "of a module that cannot be trained", request("POST", "/v2/models/probe-bare/train/"))
same(TOPIC, "the list of a module that cannot be trained", request("GET", "/v2/models/probe-bare/train/"))


def deleted(server: Server) -> Any:
    uuid = _begin(server)
    _wait(server, uuid)
    return [
        _shown(checks.ask(server, "DELETE", PATH + uuid)),
        checks.ask(server, "GET", PATH + uuid),
        checks.ask(server, "DELETE", PATH + uuid),
    ]


same(TOPIC, "deleting one that is done", deleted)


def failed(server: Server) -> Any:
    answer = _wait(server, _begin(server, params={"kind": "fail"}))["body"]
    return [list(answer), answer["status"], answer["message"].endswith("the data set is empty")]


same(TOPIC, "one that fails", failed)
better(
    TOPIC,
    "a date as an argument",
    begun(params={"day": "2026-01-31"}),
    fault=status(500),
    gives=lambda seen: seen["body"]["args"]["day"] == "2026-01-31",
    was="the training starts, the answer is 500, and the list is 500 from then on",
    now="shown as text; the module gets a date",
    alone=TRAININGS,
)
better(
    TOPIC,
    "a date as the module gets it",
    ended(params={"kind": "echo", "day": "2026-01-31"}),
    fault=lambda seen: not status(200)(seen),
    gives=lambda seen: seen["body"]["result"]["output"]["day"] == ["date", "2026-01-31"],
    was="the training starts, the answer is 500, and the list is 500 from then on",
    now="shown as text; the module gets a date",
    alone=TRAININGS,
)


def file_in_training(server: Server) -> Any:
    uuid = _begin(server, params={"kind": "echo"}, files={"data": file("d.csv", b"a,b", "text/csv")})
    return _wait(server, uuid)["body"]


better(
    TOPIC,
    "a file as an argument",
    file_in_training,
    fault=lambda seen: seen["status"] == "error",
    gives=lambda seen: seen["result"]["output"]["data"]["start"] == "a,b",
    was="the training fails: a file cannot travel to its process",
    now="the module gets an `UploadedFile`",
)


def list_with_a_bad_result(server: Server) -> Any:
    _wait(server, _begin(server, params={"kind": "bad"}))
    return checks.ask(server, "GET", PATH)


better(
    TOPIC,
    "a result that is not JSON",
    list_with_a_bad_result,
    fault=status(500),
    gives=lambda seen: seen["body"][-1]["result"]["output"] == {"when": "2026-01-31T00:00:00", "thing": [1]},
    was="the whole list is answered with 500 from then on",
    now="it is written as JSON",
    alone=TRAININGS,
)


def cancelled(server: Server) -> Any:
    uuid = _begin(server, params={"seconds": "60"})
    time.sleep(0.3)
    first = checks.ask(server, "DELETE", PATH + uuid, timeout=10)
    return _status_of(first), _status_of(checks.ask(server, "GET", PATH + uuid))


def _status_of(answer: Any) -> Any:
    return answer["body"]["status"] if status(200)(answer) else answer


better(
    TOPIC,
    "cancelling one that runs",
    cancelled,
    fault=lambda seen: seen[0] != "cancelled",
    gives=("cancelled", "cancelled"),
    was="500 or a closed connection, and its processes stay",
    now="200 with `cancelled`; all its processes are dead, its record stays",
    alone=TRAININGS,
)


def predicts_meanwhile(server: Server) -> Any:
    uuid = _begin(server, params={"seconds": "8"})
    answer = checks.ask(server, "POST", f"/v2/models/{TRAININGS}/predict/", params={"folder": "/"}, timeout=3)
    checks.ask(server, "DELETE", PATH + uuid, timeout=10)
    return answer


better(
    TOPIC,
    "a prediction meanwhile",
    predicts_meanwhile,
    fault="hangs",
    gives=status(200),
    was="it waits until the training ends",
    now="it is answered at once",
    alone=TRAININGS,
)
better(
    TOPIC,
    "its surroundings",
    ended(params={"kind": "surroundings"}),
    fault=lambda seen: seen["body"]["status"] == "error" or seen["body"]["result"]["output"]["port"] is None,
    gives=lambda seen: (
        seen["body"]["result"]["output"]["port"].isdigit() and not seen["body"]["result"]["output"]["fuser"]
    ),
    was="all trainings fight for port 6006: modules run `fuser -k 6006/tcp`",
    now="a port of its own (`monitorPORT`), and a harmless `fuser`",
)
better(
    TOPIC,
    "a part of the list",
    request("GET", PATH, params={"limit": "0"}),
    fault=lambda seen: seen["body"] != [],
    gives=lambda seen: seen["body"] == [],
    was="always the whole list",
    now="`limit` and `offset` are honoured",
)
better(
    TOPIC,
    "refused arguments: the list stays as it was",
    request("GET", PATH, params={"limit": "x"}),
    fault=status(200),
    gives=says(422, "is not a whole number"),
    was="always the whole list",
    now="`limit` and `offset` are honoured",
)
