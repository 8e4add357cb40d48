"""Questions about arguments: where they are looked for, how they are read, what is refused."""

from __future__ import annotations

import time
from typing import Any

from side_by_side import checks
from side_by_side.checks import better, file, predict, same, says, status
from side_by_side.servers import Server

TOPIC = "arguments"


def body(**json: Any) -> Any:
    return predict("probe", json=json)


def query(*pairs: tuple[str, str]) -> Any:
    return predict("probe", params=list(pairs))


same(TOPIC, "nothing sent: the defaults, and nothing else", predict("probe"))
same(TOPIC, "from the query", query(("demo-str", "x"), ("plain", "y"), ("number", "3"), ("flag", "yes")))
same(TOPIC, "from a form", predict("probe", data={"plain": "y", "number": "3", "in_form": "f", "in_query": "no"}))
same(TOPIC, "from a multipart form", predict("probe", files={"plain": (None, "y"), "in_form": (None, "f")}))
same(TOPIC, "from a JSON body", body(plain="y", number=3, in_json="j", in_form="no", raw={"a": [1]}))
same(TOPIC, "query before JSON", predict("probe", params={"plain": "query"}, json={"plain": "json", "number": 4}))
same(TOPIC, "query before form", predict("probe", params={"plain": "query"}, data={"plain": "form"}))
same(TOPIC, "pinned to a header", predict("probe", headers={"X-Thing": "t"}))
same(TOPIC, "pinned to a cookie", predict("probe", headers={"cookie": "in_cookie=c; other=d"}))
same(TOPIC, "pinned to the query, sent elsewhere", predict("probe", json={"in_query": "no"}))
same(TOPIC, "a name on the wire and a keyword", query(("X-Wire", "w"), ("wire", "no")))
same(TOPIC, "unknown ones are ignored", query(("unknown", "1")))
same(TOPIC, "a repeated key is a list", query(("items", "1"), ("items", "2"), ("words", "a")))
same(TOPIC, "a list with a comma is refused", query(("items", "1,2")))
same(TOPIC, "a delimited list", query(("delimited", "1,2,3")))
same(TOPIC, "a single JSON value is a list of one", body(words="one"))
same(TOPIC, "a repeated key of a single value: the first", query(("number", "2"), ("number", "3")))
same(TOPIC, "an object from JSON", body(mapping={"b": [1, {"c": None}]}))
same(TOPIC, "nested objects from JSON", body(nest={"x": "1"}, nests=[{"x": 10}, {"x": 1, "y": 2}]))
same(TOPIC, "a JSON list as a whole for nested objects", predict("probe", json=[{"x": 1}]))
same(TOPIC, "null where it is allowed", body(nothing=None))
same(TOPIC, "null where it is not", body(number=None))
same(TOPIC, "dates and times", query(("day", "2026-02-03"), ("moment", "2026-01-31T12:00:00")))
same(TOPIC, "a field of the module's own", query(("even", "4")))
same(TOPIC, "text where a file was meant", predict("probe", files={"data": (None, "no file")}))
same(TOPIC, "words in UTF-8", query(("plain", "Grüße 🌊"), ("demo-str", "a+b c&d")))
same(TOPIC, "out of bounds", query(("number", "11")))
same(
    TOPIC, "all faults at once", query(("number", "0"), ("weak", "A"), ("choice", "blue"), ("day", "x"), ("even", "3"))
)
same(TOPIC, "an empty URL", query(("address", "")))
same(TOPIC, "an empty number", query(("number", "")))
same(TOPIC, "faults inside a list", body(items=[1, -2, "x"]))
same(TOPIC, "faults inside nested objects", body(nest={"y": 1}, nests=[{"x": 101}, {"y": 1}]))
same(TOPIC, "an unknown key inside a nested object", body(nest={"x": 1, "z": 2}))
same(TOPIC, "a required one is missing", predict("probe-answers"))
same(TOPIC, "broken JSON", predict("probe", content=b"{broken", headers={"content-type": "application/json"}))
same(
    TOPIC,
    "broken JSON that nobody has to look at",
    predict("probe-answers", params={"kind": "number"}, content=b"{", headers={"content-type": "application/json"}),
)
same(TOPIC, "JSON that is a string", predict("probe", json="text"))
same(TOPIC, "JSON that is null", predict("probe", content=b"null", headers={"content-type": "application/json"}))
same(TOPIC, "an empty JSON body", predict("probe", content=b"", headers={"content-type": "application/json"}))
same(TOPIC, "JSON of another name", predict("probe", content=b'{"plain": "v"}', headers={"content-type": "a/b+json"}))
same(TOPIC, "a body of an unknown kind", predict("probe", content=b"plain=v", headers={"content-type": "text/plain"}))
same(TOPIC, "methods of an instance", predict("probe-object", params={"text": "abc", "other": "1"}))

FIELDS = "probe-fields"
same(TOPIC, "the fields of a schema, and one from a decorator", predict(FIELDS, params={"the-label": "x"}))
same(TOPIC, "the fields of a schema, sent", predict(FIELDS, json={"the-label": "x", "count": 3, "injected": "y"}))
same(TOPIC, "the fields of a schema, refused", predict(FIELDS, params={"count": "0", "label": "x"}))

same("files", "one file", predict("probe", files={"data": file("photo.txt")}))
same("files", "a file and fields", predict("probe", files={"data": file("a.txt")}, data={"plain": "y", "items": "7"}))
same("files", "a name with spaces", predict("probe", files={"data": file("my photo (1).txt")}))
same("files", "a module may remove the file itself", predict("probe-faults", files={"data": file("a.txt")}))
same("files", "an empty file", predict("probe", files={"data": file("a.txt", b"")}))
same("files", "a file of 3 MB", predict("probe", files={"data": file("a.bin", b"x" * 3_000_000, "application/x")}))
better(
    "files",
    "several files of one argument",
    predict("probe", files=[("more", file("a.txt")), ("more", file("b.txt"))]),
    fault=status(500),
    gives=lambda seen: (
        [each["original_filename"] for each in seen["body"]["predictions"]["more"]] == ["a.txt", "b.txt"]
    ),
    was="a list of files is answered with 500",
    now="the module gets a list of `UploadedFile`",
)
better(
    "files",
    "the suffix of a file's name",
    predict("probe", params={"suffix": "yes"}, files={"data": file("photo.JPG")}),
    fault=lambda seen: seen["body"]["predictions"]["path_suffix"] == "",
    gives=lambda seen: seen["body"]["predictions"]["path_suffix"] == ".JPG",
    was="the temporary file has no suffix, so that libraries cannot tell its kind",
    now="it keeps the suffix",
)
better(
    "files",
    "the location `files`",
    predict("probe-places", files={"data": file("a.txt")}),
    fault=status(500),
    gives=lambda seen: seen["body"]["predictions"]["original_filename"] == "a.txt",
    was="every call of a module with such an argument is answered with 500",
    now="the same as `form`",
)


def left_behind(ask: checks.Ask) -> checks.Ask:
    """Ask for the status of an answer, and for how many temporary files there are more than before."""

    def counted(server: Server) -> Any:
        before = server.temporary_files()
        answer = ask(server)
        deadline = time.monotonic() + 2
        while (left := server.temporary_files() - before) and time.monotonic() < deadline:
            time.sleep(0.02)
        return answer["status"], len(left)

    return counted


LARGE = file("a.bin", b"x" * 3_000_000)
same("files", "none is left after a 422", left_behind(predict("probe", params={"number": "0"}, files={"data": LARGE})))
for name, code, how in (
    ("an answer", 200, predict("probe", files={"data": LARGE})),
    ("a fault of the module", 500, predict("probe-faults", params={"fault": "value"}, files={"data": LARGE})),
):
    better(
        "files",
        f"those left after {name}",
        left_behind(how),
        fault=(code, 1),
        gives=(code, 0),
        was="each upload stays for ever, unless the module removes it",
        now="none",
    )
better(
    "arguments",
    "an object as JSON text in a form",
    predict("probe", data={"mapping": '{"b": 1}'}),
    fault=says(422, "Not a valid mapping type."),
    gives=says(200, "mapping"),
    was="`Dict` and `Nested` cannot be sent by a form",
    now="their JSON text is accepted in query and form",
)
