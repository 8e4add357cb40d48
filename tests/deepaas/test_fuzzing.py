"""Whatever is sent to a DEEPaaS module: an answer, no fault of the server's own, nothing left behind."""

from __future__ import annotations

import json
import time

import hypothesis
import pytest
from hypothesis import strategies

from side_by_side.servers import Server

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("deepaas")]
BOUNDARY = "b0undary"
NAMES = ["data", "more", "number", "items", "mapping", "nest", "demo-str", "X-Wire", "accept", "in_json", "", "ü"]
TEXT = strategies.text(max_size=20).filter(lambda text: not {"\r", "\n", '"', "\\"} & set(text))
KINDS = strategies.sampled_from(
    ["", "text/plain", "application/json", "image/png; charset=utf-7", "x", "text/plain; a=b"]
)
SETTINGS = hypothesis.settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow],
)


@strategies.composite
def parts(draw: strategies.DrawFn) -> bytes:
    """Make one part of a multipart body: a field or a file, with plain or odd headers."""
    name = draw(strategies.sampled_from(NAMES) | TEXT)
    head = f'Content-Disposition: form-data; name="{name}"'
    if draw(strategies.booleans()):
        head += f'; filename="{draw(TEXT)}"'
    kind = draw(KINDS)
    lines = [head, *([f"Content-Type: {kind}"] if kind else [])]
    content = draw(
        strategies.binary(max_size=200) | strategies.sampled_from([b"3", b"[1, 2]", b'{"x": 1}', b"x" * 100_000])
    )
    text = "\r\n".join([f"--{BOUNDARY}", *lines, "", ""])
    return text.encode("utf-8", "surrogatepass") + content + b"\r\n"


@strategies.composite
def bodies(draw: strategies.DrawFn) -> bytes:
    """Make a multipart body, now and then one with something missing or broken."""
    body = b"".join(draw(strategies.lists(parts(), max_size=6)))
    if draw(strategies.integers(0, 9)) > 1:
        return body + f"--{BOUNDARY}--\r\n".encode()
    cut = draw(strategies.integers(0, len(body)))
    return body[:cut] + draw(strategies.binary(max_size=10)) + body[cut + draw(strategies.integers(0, 3)) :]


def check(server: Server, model: str, content: bytes, kind: str, query: str = "") -> None:
    began = time.monotonic()
    headers = {"content-type": kind}
    answer = server.client.post(f"/v2/models/{model}/predict/?{query}", content=content, headers=headers)

    by_the_module = "(error " in answer.text
    assert answer.status_code in (200, 400, 413, 422) or (answer.status_code == 500 and by_the_module), answer.text
    assert time.monotonic() - began < 10


class TestMultipart:
    @SETTINGS
    @hypothesis.given(content=bodies())
    def test_is_answered(self, pelagos: Server, content: bytes) -> None:
        check(pelagos, "probe", content, f"multipart/form-data; boundary={BOUNDARY}")

    def test_leaves_no_file_behind(self, pelagos: Server) -> None:
        assert pelagos.files_left("picture of me.png") == []


class TestOtherBodies:
    @SETTINGS
    @hypothesis.given(
        content=strategies.binary(max_size=300),
        kind=strategies.sampled_from(
            ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "", "a/b+json", "\x7f"]
        ),
        query=strategies.text(
            strategies.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=40
        ),
    )
    def test_are_answered(self, pelagos: Server, content: bytes, kind: str, query: str) -> None:
        check(pelagos, "probe", content, kind, query)

    @SETTINGS
    @hypothesis.given(
        document=strategies.recursive(
            strategies.none() | strategies.booleans() | strategies.integers() | strategies.floats() | TEXT,
            lambda inner: (
                strategies.lists(inner, max_size=3)
                | strategies.dictionaries(strategies.sampled_from(NAMES) | TEXT, inner, max_size=4)
            ),
            max_leaves=8,
        )
    )
    def test_of_json_are_answered(self, pelagos: Server, document: object) -> None:
        answer = pelagos.client.post("/v2/models/probe/predict/", content=dumped(document), headers=JSON)

        assert answer.status_code in (200, 400, 422) or "(error " in answer.text


JSON = {"content-type": "application/json"}


def dumped(document: object) -> bytes:
    """Write JSON as careless clients do, NaN included."""
    return json.dumps(document).encode("utf-8", "surrogatepass")
