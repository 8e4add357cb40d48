"""Questions about answers: JSON of every kind, other media types, schemas, content negotiation."""

from __future__ import annotations

from typing import Any

from side_by_side.checks import better, predict, same, says, status

TOPIC = "answers"
FILE_HEADERS = ("content-disposition", "content-length")


def kind(name: str) -> Any:
    return predict("probe-answers", params={"kind": name})


def picture(shape: str, accept: str = "image/png") -> Any:
    return predict("probe-accept", params={"shape": shape}, headers={"accept": accept}, headers_shown=FILE_HEADERS)


for name in ("none", "number", "text", "list", "order", "tuple", "keys", "error", "large"):
    same(TOPIC, f"JSON: {name}", kind(name))
for name in ("bytes", "bytearray", "text", "buffer", "file", "nothing"):
    same(TOPIC, f"a picture from {name}", picture(name))
same(TOPIC, "text as it is", picture("text", "text/plain"))
same(TOPIC, "what fits the schema", predict("probe-schema"))
same(
    TOPIC, "what is converted to fit the schema stays as it is", predict("probe-schema", params={"mode": "convertible"})
)
same(TOPIC, "what fits the class of a schema", predict("probe-schema-class"))
same(TOPIC, "accept in the query", predict("probe-schema", params={"accept": "image/png"}))
same(TOPIC, "accept in the query that nobody offers", predict("probe-schema", params={"accept": "a/b"}))
same(TOPIC, "a function that the module lacks", predict("probe-bare"))
better(
    TOPIC,
    "NaN and infinity",
    kind("nan"),
    fault=lambda seen: str(seen["body"]["predictions"]) == "{'value': nan, 'limit': inf}",
    gives=lambda seen: seen["body"]["predictions"] == {"value": None, "limit": None},
    was="`NaN` and `Infinity` are written, which is not JSON",
    now="`null`",
)
for name, given in (
    ("date", "2026-01-31T12:00:00"),
    ("set", [1]),
    ("bytes", "cmF3"),
    ("numpy", {"array": [0, 1, 2], "one": 0.5, "gap": None}),
):
    better(
        TOPIC,
        f"JSON: {name}",
        kind(name),
        fault=status(500),
        gives=lambda seen, given=given: seen["body"] == {"status": "OK", "predictions": given},
        was="dates, sets, bytes and NumPy values are answered with 500",
        now="they are written as JSON",
    )
better(
    TOPIC,
    "JSON: an object of the module's own",
    kind("object"),
    fault=says(500, "Server got itself in trouble"),
    gives=says(500, "an answer cannot hold object"),
    was="500 without a reason",
    now="500 with the reason",
)
better(
    TOPIC,
    "a generator",
    kind("generator"),
    fault=status(500),
    gives=lambda seen: seen["body"] == 'data: {"step": 1}\n\ndata: {"step": 2}\n\n',
    was="500",
    now="its values are streamed as they come (server-sent events)",
)
better(
    TOPIC,
    "a dictionary where a picture was asked for",
    picture("dict"),
    fault=says(500, "Server got itself in trouble"),
    gives=says(500, "the module returned a dict for image/png; expected bytes"),
    was="500 without a reason",
    now="500 that says what was expected",
)
for mode in ("missing", "unknown", "wrong"):
    better(
        TOPIC,
        f"what does not fit the schema: {mode}",
        predict("probe-schema", params={"mode": mode}),
        fault=says(500, "ERROR validating model response, check server logs."),
        gives=says(500, "does not fit the module's own schema"),
        was="500; the reason is in the server's log",
        now="500 that names the field",
    )

ACCEPT = "accept"


def accept(header: str) -> Any:
    return predict("probe-accept", headers={"accept": header})


same(ACCEPT, "JSON", accept("application/json"))
same(ACCEPT, "a picture", accept("image/png"))
same(ACCEPT, "what nobody offers", accept("text/html"))
same(ACCEPT, "an empty header", accept(""))
better(
    ACCEPT,
    "anything",
    accept("*/*"),
    fault=lambda seen: seen["body"]["predictions"] == {"accept": "*/*"},
    gives=lambda seen: seen["body"]["predictions"] == {"accept": "application/json"},
    was="the module gets the literal `*/*`, which most do not expect",
    now="the module gets its first choice",
)
better(
    ACCEPT,
    "anything, in the query",
    predict("probe-schema", params={"accept": "*/*", "mode": "accept"}),
    fault=lambda seen: seen["body"]["status"] == "*/*",
    gives=lambda seen: seen["body"]["status"] == "application/json",
    was="the module gets the literal `*/*`, which most do not expect",
    now="the module gets its first choice",
)
for header, chosen in (
    ("image/*", "image/png"),
    ("text/html, text/plain;q=0.5", "text/plain"),
    ("image/png;q=0.2, application/zip;q=0.9", "application/zip"),
):
    better(
        ACCEPT,
        f"negotiated: {header}",
        accept(header),
        fault=says(422, "Must be one of"),
        gives=lambda seen, chosen=chosen: seen["status"] == 200 and seen["type"].startswith(chosen),
        was="ranges, several types and q values are refused",
        now="content negotiation as in RFC 9110",
    )
