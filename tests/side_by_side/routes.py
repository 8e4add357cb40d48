"""Questions about routes: discovery, specification, redirects, methods, errors, base path."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from side_by_side import checks
from side_by_side.checks import better, request, same, says
from side_by_side.servers import APART, MODULES, TRAININGS, DidNotStart, Server

TOPIC = "routes"
MOVED = ("location",)

for path in ("/", "/v2/", "/v2/debug/", "/v2/models/"):
    same(TOPIC, f"GET {path}", request("GET", path))
for model in ("probe", "probe-answers", "probe-bare", "probe-object"):
    same(TOPIC, f"metadata of {model}", request("GET", f"/v2/models/{model}/"))


def of_a_class(server: Server) -> Any:
    assert server.again is not None
    with tempfile.TemporaryDirectory() as folder:
        try:
            with server.again(Path(folder) / "server", APART) as other:
                return checks.predict(APART, params={"text": "abc"})(other)["body"]
        except DidNotStart:
            return "does not start"


better(
    TOPIC,
    "an entry point that names a class",
    of_a_class,
    fault="does not start",
    gives={"status": "OK", "predictions": "ABC"},
    was="documented, but the server does not start",
    now="served: an instance is made of it",
)


def moved(method: str, path: str) -> Any:
    def ask(server: Server) -> Any:
        seen = checks.ask(server, method, path, headers_shown=MOVED)
        return {key: seen[key] for key in ("status", "location")}

    return ask


for path in (
    "/v2",
    "/v2/models",
    "/v2/models/probe",
    "/v2/models/probe/train?limit=1",
    "/v2//models/",
    "/v2//models//probe",
):
    same(TOPIC, f"308 from {path}", moved("GET", path))
same(TOPIC, "302 from /ui", moved("GET", "/ui"))
same(TOPIC, "HEAD of /ui", moved("HEAD", "/ui"))


def refused(method: str, path: str) -> Any:
    return request(method, path, headers_shown=("allow",))


for method, path in (
    ("GET", "/v2/models/probe/predict/"),
    ("PUT", "/v2/models/probe/train/"),
    ("HEAD", "/v2/models/probe/train/"),
    ("OPTIONS", "/v2/models/probe/train/"),
    ("POST", "/v2/"),
    ("HEAD", "/v2/"),
    ("DELETE", "/v2/models/probe/"),
):
    same(TOPIC, f"405 for {method} {path}", refused(method, path))
for path in (
    "/v2/nothing/",
    "/nothing",
    "/v2/models/nothing/",
    "/v2/models/nothing/train/",
    "/v2/models/nothing/predict/",
):
    same(TOPIC, f"404 for {path}", request("GET", path))
same(TOPIC, "Swagger UI", lambda server: server.client.get("/api").headers["content-type"])

SPECIFICATION = "specification"


def specification(server: Server) -> Any:
    return server.client.get("/swagger.json").json()


def operation(model: str, path: str, method: str = "post") -> Any:
    """Ask for what a client is generated from: parameters, media types, the kind of answer."""

    def ask(server: Server) -> Any:
        told = specification(server)["paths"][f"/v2/models/{model}/{path}"][method]
        answer = told["responses"].get("200", {}).get("schema")
        return {"parameters": told["parameters"], "produces": told["produces"], "answer": answer}

    return ask


for model in MODULES:
    same(SPECIFICATION, f"predict of {model}", operation(model, "predict/"))
same(SPECIFICATION, "train of probe-trainings", operation(TRAININGS, "train/"))
same(SPECIFICATION, "one training", operation(TRAININGS, "train/{uuid}", "get"))
same(
    SPECIFICATION,
    "the answer with a schema",
    lambda server: specification(server)["definitions"]["ModelPredictionResponse"],
)
same(
    SPECIFICATION,
    "the answer with the class of a schema",
    lambda server: [specification(server)["definitions"][name] for name in ("Answer", "Label")],
)
same(SPECIFICATION, "the nested object", lambda server: specification(server)["definitions"]["Point"])
same(SPECIFICATION, "the definitions", lambda server: sorted(specification(server)["definitions"]))
same(SPECIFICATION, "the paths", lambda server: sorted(specification(server)["paths"]))
same(SPECIFICATION, "Swagger 2.0", lambda server: specification(server)["swagger"])
better(
    SPECIFICATION,
    "OpenAPI 3.1",
    request("GET", "/openapi.json"),
    fault=lambda seen: seen["status"] == 404,
    gives=lambda seen: seen["body"]["openapi"] == "3.1.0",
    was="only Swagger 2.0",
    now="`/openapi.json` and `/docs` too",
)
better(
    TOPIC,
    "an un-slashed POST",
    request("POST", "/v2/models/probe-object/predict"),
    fault=lambda seen: seen["status"] == 308,
    gives=says(200, "?"),
    was="308, which many clients do not follow with their body",
    now="answered where it is",
)
better(
    TOPIC,
    "errors in JSON",
    request("GET", "/v2/models/nothing/", headers={"accept": "application/json"}),
    fault=lambda seen: seen["body"] == "404: Not Found",
    gives=lambda seen: seen["status"] == 404 and "message" in seen["body"]["error"],
    was="text, whatever the client accepts",
    now="JSON when Accept names it; `*/*` keeps the text",
)
