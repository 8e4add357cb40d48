"""Questions about trainings."""

from __future__ import annotations

import re
import tempfile
import time
import uuid as uuids
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import waiting
from pelagos.module import processes
from side_by_side import checks
from side_by_side.checks import better, file, request, same, says, status
from side_by_side.servers import TRAININGS, Server

TOPIC = "trainings"
PATH = f"/v2/models/{TRAININGS}/train/"
AT_ONCE = 2
"""How many trainings run at once in Pelagos; one in DEEPaaS."""
WAIT_S = 4
CHILDREN = 2
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


def cancelled_while_it_waits(server: Server) -> Any:
    before = [_begin(server, params={"seconds": "60"}) for _ in range(AT_ONCE)]
    last = _begin(server)
    answer = checks.ask(server, "DELETE", PATH + last, timeout=10)
    seen = _status_of(answer), _status_of(checks.ask(server, "GET", PATH + last))
    for uuid in before:
        checks.ask(server, "DELETE", PATH + uuid, timeout=10)
    return seen


better(
    TOPIC,
    "cancelling one that waits",
    cancelled_while_it_waits,
    fault=lambda seen: seen[0] != "cancelled",
    gives=("cancelled", "cancelled"),
    was="500 or a closed connection, and its processes stay",
    now="200 with `cancelled`; all its processes are dead, its record stays",
    alone=TRAININGS,
)


def processes_of_a_cancelled_one(server: Server) -> Any:
    """Count those that a training started and that bear its mark, before and right after it is cancelled."""
    mark = uuids.uuid4().hex
    uuid = _begin(server, params={"kind": "children", "words": mark})
    before = waiting.until(lambda: len(_marked(mark)) == CHILDREN)
    checks.ask(server, "DELETE", PATH + uuid, timeout=15)
    left = _marked(mark)
    processes.end(left)
    return before, len(left)


def _marked(mark: str) -> list[processes.Process]:
    return [each for each in processes.everybody() if mark in _command(each.pid)]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


better(
    TOPIC,
    "the processes of one that is cancelled",
    processes_of_a_cancelled_one,
    fault=(True, CHILDREN),
    gives=(True, 0),
    was="500 or a closed connection, and its processes stay",
    now="200 with `cancelled`; all its processes are dead, its record stays",
    alone=TRAININGS,
)


def duration_of_one_that_waited(server: Server) -> Any:
    before = [_begin(server, params={"seconds": str(WAIT_S)}) for _ in range(AT_ONCE)]
    answer = _wait(server, _begin(server, params={"kind": "none"}))["body"]
    for uuid in before:
        _wait(server, uuid)
    return float(answer["result"]["duration"].rpartition(":")[2])


better(
    TOPIC,
    "how long one took that waited for another",
    duration_of_one_that_waited,
    fault=lambda seen: seen > WAIT_S,
    gives=lambda seen: seen < WAIT_S,
    was="the time in the queue is counted",
    now="counted from its start",
    alone=TRAININGS,
)


def chosen_when_trained(server: Server) -> Any:
    """Predict with what a training made, the moment it is done."""
    name = _wait(server, _begin(server, params={"kind": "model"}))["body"]["result"]["output"]["modelname"]
    path = f"/v2/models/{TRAININGS}/predict/"
    return checks.ask(server, "POST", path, params={"folder": "warm", "model": name})


better(
    TOPIC,
    "a choice that it added to the arguments of a prediction",
    chosen_when_trained,
    fault=says(422, "Must be one of"),
    gives=says(200, "warm"),
    was="refused until the server is started anew",
    now="taken at once: arguments are described again after each training",
)


def after_a_restart(server: Server) -> Any:
    assert server.again is not None
    with tempfile.TemporaryDirectory() as folder:
        with server.again(Path(folder) / "before", TRAININGS) as first:
            uuid = _begin(first, params={"epochs": "1"})
            _wait(first, uuid)
        with server.again(Path(folder) / "after", TRAININGS) as second:
            listed = checks.ask(second, "GET", PATH)["body"]
            return uuid in [each["uuid"] for each in listed], checks.ask(second, "GET", PATH + uuid)["status"]


better(
    TOPIC,
    "one that was done before the server was started anew",
    after_a_restart,
    fault=(False, 404),
    gives=(True, 200),
    was="forgotten",
    now="listed: the history stays",
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
