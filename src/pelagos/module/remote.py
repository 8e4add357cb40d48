"""The adapter of modules that another V2 server serves: DEEPaaS, or another Pelagos.

Its worker imports no module: it passes predictions on as they came, so that arguments are read and refused by the other
server, and runs a training by starting it there and watching it to its end.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
import urllib.parse
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple, Union

from pelagos.module import remote_description, remote_server
from pelagos.module.adapter import Answer, Interrupted, Refused, Request
from pelagos.module.arguments import BadInput
from pelagos.module.files import File
from pelagos.module.remote_server import Gone, Server
from pelagos.module.training import Training

WHOLE = 1 << 20
"""An answer up to this size is read whole; a larger one, or one without a size, goes through piece by piece."""
LOOK_S = 0.5
PATIENCE_S = 300.0
"""How long a server may be away before a training there is given up."""
_OK, _UNPROCESSABLE, _UNAVAILABLE = 200, 422, 503
_BROKEN = remote_server.Body(b"{", 1, "application/json")
"""What could not be read here is for the other server to refuse, or to pass over."""


class RemoteAdapter:
    """Stands for one module elsewhere; `address` is that of its model, `http://host:5000/v2/models/name`."""

    def __init__(self, address: str, *, name: str, metadata: object = None) -> None:  # noqa: ARG002 - an adapter's shape
        root, _, model = address.partition("/v2/models/")
        self._server = Server(root)
        self._model = urllib.parse.unquote(model.strip("/"))
        self._path = f"/v2/models/{model.strip('/')}/"
        self._name = name
        self._said: Optional[Dict[str, Dict[str, Any]]] = None
        self._running: Dict[int, http.client.HTTPConnection] = {}
        self._interrupted: Set[int] = set()

    def description(self) -> Dict[str, Any]:
        """Ask the server. Raises Gone."""
        reply = self._server.ask("GET", self._path)
        if reply.status != _OK:
            raise Gone(f"the server at {self._server.root} has no module '{self._model}'")
        swagger = self._server.ask("GET", "/swagger.json").json()
        found = remote_description.described(self._name, self._model, reply.json(), swagger)
        self._said = {each["name"]: each for each in (found["predict"] or {}).get("parameters", ())}
        return found

    def warm(self) -> None:
        """Do nothing: the other server has done it."""

    def predict(self, request: Request) -> Answer:
        """Pass a prediction on and its answer back, whatever it is; 503 when the server is gone."""
        key = threading.get_ident()
        try:
            path, body, headers = self._written(request)
            connection = self._running[key] = self._server.open()
            reply = self._server.ask("POST", path, body=body, headers=headers, timeout_s=None, connection=connection)
            if reply.size is not None and reply.size <= WHOLE:
                return _answer(reply, b"".join(self._through(reply, key)))
            return _answer(reply, self._through(reply, key))
        except Gone as gone:
            if self._over(key):
                raise Interrupted from gone
            raise Refused(_UNAVAILABLE, f"503: {gone}".encode(), "text/plain; charset=utf-8") from gone

    def _through(self, reply: remote_server.Reply, key: int) -> Iterator[bytes]:
        try:
            yield from reply.pieces()
        except Gone as gone:
            if self._over(key):
                raise Interrupted from gone
            raise
        self._over(key)

    def _over(self, key: int) -> bool:
        """Forget a prediction that is over; whether it was interrupted."""
        self._running.pop(key, None)
        interrupted = key in self._interrupted
        self._interrupted.discard(key)
        return interrupted

    def interrupt(self) -> None:
        """Break off the oldest prediction: nobody waits for it."""
        key = next(iter(self._running), None)
        connection = None if key is None else self._running.pop(key, None)
        if key is not None and connection is not None and connection.sock is not None:
            self._interrupted.add(key)
            # Whoever reads from it wakes up; closing it is up to him.
            connection.sock.shutdown(socket.SHUT_RDWR)

    def predict_batch(self, requests: Sequence[Request]) -> List[Union[Answer, Exception]]:
        """Never called: the other server makes its own batches."""
        raise NotImplementedError

    def train(self, run: Training, arguments: Mapping[str, Any]) -> Any:
        """Start a training there, show its log and metrics here, and give its output; a cancel is passed on."""
        return _Followed(self._server, f"{self._path}train/", run).to_its_end(
            *_by_place(self._method("train"), arguments)
        )

    @property
    def _parameters(self) -> Dict[str, Dict[str, Any]]:
        """What predictions take, by wire name; asked for once more only if somebody asks for the description."""
        if self._said is None:
            self.description()
        return self._said or {}

    def _method(self, name: str) -> Sequence[Mapping[str, Any]]:
        method = self.description()[name]
        return [] if method is None else method["parameters"]

    def _written(self, request: Request) -> Tuple[str, Optional[remote_server.Body], Dict[str, str]]:
        """Write a prediction as it came; of headers and cookies only those that the module asks for."""
        path = f"{self._path}predict/"
        if request.raw is None:
            pairs, body = _by_place(list(self._parameters.values()), request.arguments)
            return path + remote_server.query(pairs), body, {}
        raw = request.raw
        pairs, form = ([(name, value) for name, value in raw[place]] for place in ("query", "form"))
        document = raw["json"]
        objects = self._objects(form)
        if objects and document is None:
            # Servers look for objects in JSON only, and JSON cannot travel beside a form.
            pairs += [(name, value) for name, value in form if name not in objects]
            form, document = [], objects
        body = _BROKEN if raw.get("invalid_json") else None
        if form or document is not None:
            body = remote_server.form(form) if form else remote_server.document(document)
        return path + remote_server.query(pairs), body, self._headers(raw)

    def _objects(self, form: remote_server.Pairs) -> Dict[str, Any]:
        """Read the objects of a form from their JSON text; none if there are files, which need the form."""
        if any(isinstance(value, File) for _, value in form):
            return {}
        kinds = {name: each["schema"].get("type") for name, each in self._parameters.items()}
        found = {name: _json(str(value)) for name, value in form if kinds.get(name) == "object"}
        return {name: value for name, value in found.items() if isinstance(value, dict)}

    def _headers(self, raw: Mapping[str, Any]) -> Dict[str, str]:
        headers, cookies = raw.get("headers", {}), raw.get("cookies", {})
        places = {
            name.lower() if each["in"] == "headers" else name: each["in"] for name, each in self._parameters.items()
        }
        kept = {name: value for name, value in headers.items() if places.get(name) == "headers"}
        kept["Accept"] = headers.get("accept", "*/*")
        baked = [f"{name}={value}" for name, value in cookies.items() if places.get(name) == "cookies"]
        return {**kept, "Cookie": "; ".join(baked)} if baked else kept


class _Followed:
    """One training on another server."""

    def __init__(self, server: Server, path: str, run: Training) -> None:
        self._server, self._path, self._run = server, path, run
        self._starts = {"log": 0, "progress": 0}

    def to_its_end(self, pairs: Sequence[Tuple[str, str]], body: Optional[remote_server.Body]) -> Any:
        """Start it and watch it. Raises BadInput for what the server refuses, RuntimeError for a failure there."""
        reply = self._server.ask("POST", self._path + remote_server.query(pairs), body=body)
        if reply.status == _UNPROCESSABLE:
            raise BadInput({name: list(_messages(said)) for name, said in reply.json().items()})
        if reply.status != _OK:
            raise RuntimeError(reply.read().decode("utf-8", "replace"))
        uuid = reply.json()["uuid"]
        print(f"training {uuid} of {self._server.root}", flush=True)
        seen = time.monotonic()
        while True:
            if self._run.cancelled:
                self._server.ask("DELETE", self._path + uuid).read()
                return None
            try:
                state = self._state(uuid)
                seen = time.monotonic()
            except Gone:
                if time.monotonic() - seen > PATIENCE_S:
                    raise
                state = {"status": "running"}
            if state["status"] != "running":
                return self._result(state)
            time.sleep(LOOK_S)

    def _state(self, uuid: str) -> Mapping[str, Any]:
        reply = self._server.ask("GET", self._path + uuid)
        if reply.status != _OK:
            raise RuntimeError(f"the server at {self._server.root} knows this training no more")
        state: Mapping[str, Any] = reply.json()
        self._take_log(uuid)
        self._take_progress(uuid)
        return state

    def _take_log(self, uuid: str) -> None:
        reply = self._more(uuid, "log")
        if reply is not None:
            print(reply.read().decode("utf-8", "replace"), end="", flush=True)
            self._starts["log"] = int(reply.headers.get("Pelagos-Next-Start", "0"))

    def _take_progress(self, uuid: str) -> None:
        reply = self._more(uuid, "progress")
        if reply is None:
            return
        told = reply.json()
        self._starts["progress"] = told["start"]
        for row in told["metrics"]:
            numbers = {key: value for key, value in row.items() if key not in ("step", "time") and value is not None}
            self._run.log(row["step"], **numbers)
        self._run.progress(told["fraction"], told["message"])

    def _more(self, uuid: str, what: str) -> Optional[remote_server.Reply]:
        """Ask for what is new, as another Pelagos tells it; DEEPaaS knows nothing of it and is asked once."""
        if what not in self._starts:
            return None
        reply = self._server.ask("GET", f"{self._path}{uuid}/{what}?start={self._starts[what]}")
        if reply.status == _OK:
            return reply
        del self._starts[what]
        return None

    def _result(self, state: Mapping[str, Any]) -> Any:
        if state["status"] == "done":
            return (state.get("result") or {}).get("output")
        raise RuntimeError(state.get("message") or f"the training there is {state['status']}")


def _messages(said: Any, place: str = "") -> Iterator[str]:
    """Read the faults of one field: messages, in objects by the place of an item or the name of a part."""
    if isinstance(said, dict):
        for name, inner in said.items():
            yield from _messages(inner, f"{place}{name}: ")
    elif isinstance(said, list):
        for each in said:
            yield from _messages(each, place)
    else:
        yield f"{place}{said}"


def _answer(reply: remote_server.Reply, body: Any) -> Answer:
    kind = "application/json" if reply.media_type.startswith("application/json") else reply.media_type
    kept = {name: reply.headers[name] for name in ("Content-Disposition", "Retry-After") if name in reply.headers}
    return Answer(body, kind, kept, reply.status)


def _by_place(
    parameters: Sequence[Mapping[str, Any]], arguments: Mapping[str, Any]
) -> Tuple[List[Tuple[str, str]], Optional[remote_server.Body]]:
    """Put arguments where servers look for them: objects into JSON, with files into the form, else into the query.

    What equals its default is left to the server.
    """
    known = {each["keyword"]: each for each in parameters}
    pairs: List[Tuple[str, Union[str, File]]] = []
    document: Dict[str, Any] = {}
    for keyword, value in arguments.items():
        parameter = known.get(keyword, {"name": keyword, "in": None, "schema": {}})
        if value is None or value == parameter["schema"].get("default"):
            continue
        if isinstance(value, dict) or parameter["in"] == "json":
            document[parameter["name"]] = value
            continue
        values = value if isinstance(value, list) else [value]
        pairs += [(parameter["name"], each if isinstance(each, File) else _text(each)) for each in values]
    pinned = {each["name"] for each in parameters if each["in"] == "form"}
    form = [(name, value) for name, value in pairs if name in pinned or isinstance(value, File)]
    query = [(name, value) for name, value in pairs if name not in pinned and isinstance(value, str)]
    if form:
        # A request has one body only: there the objects travel as text.
        form += [(name, json.dumps(value)) for name, value in document.items()]
        return query, remote_server.form(form)
    return query, remote_server.document(document) if document else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
