"""Whatever is sent to a DEEPaaS module: an answer, no fault of the server's own, nothing left behind."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import httpx
import hypothesis
import pytest
from hypothesis import strategies

from side_by_side import blame, servers
from side_by_side.servers import Server

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("deepaas")]
BOUNDARY = "b0undary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
LONGEST_S = 10
NAMES = ["data", "more", "number", "items", "mapping", "nest", "demo-str", "X-Wire", "accept", "in_json", "", "ü"]
NAMES += ["epochs", "words", "day"]
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


def check(
    server: Server, model: str, content: bytes, kind: str, query: str = "", act: str = "predict"
) -> httpx.Response:
    """Send one request, which must be answered, in time, and with a 500 only if the module raised it."""
    began = time.monotonic()
    headers = {"content-type": kind}
    answer = server.client.post(f"/v2/models/{model}/{act}/?{query}", content=content, headers=headers)

    assert answer.status_code in (200, 400, 413, 422) or blame.on_the_module(server, answer), answer.text
    assert time.monotonic() - began < LONGEST_S
    return answer


@pytest.fixture(scope="module")
def fuzzed(pelagos: Server) -> Iterator[Server]:
    """The server, and when all tests are done a look at what they left behind."""
    yield pelagos
    assert pelagos.files_left("picture of me.png") == []


class TestMultipart:
    @SETTINGS
    @hypothesis.given(content=bodies())
    def test_is_answered(self, fuzzed: Server, content: bytes) -> None:
        check(fuzzed, "probe", content, MULTIPART)

    @hypothesis.settings(SETTINGS, max_examples=25)
    @hypothesis.given(content=bodies())
    def test_is_answered_by_trainings(self, fuzzed: Server, content: bytes) -> None:
        answer = check(fuzzed, servers.TRAININGS, content, MULTIPART, act="train")
        if answer.status_code == 200:
            ended = fuzzed.client.delete(f"/v2/models/{servers.TRAININGS}/train/{answer.json()['uuid']}").json()

            assert ended["status"] in ("cancelled", "done", "error")


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
    def test_are_answered(self, fuzzed: Server, content: bytes, kind: str, query: str) -> None:
        check(fuzzed, "probe", content, kind, query)

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
    def test_of_json_are_answered(self, fuzzed: Server, document: object) -> None:
        check(fuzzed, "probe", dumped(document), "application/json")


class TestBlame:
    def test_is_on_the_module_for_what_it_raises(self, fuzzed: Server) -> None:
        answer = fuzzed.client.post("/v2/models/probe-faults/predict/?fault=value")

        assert blame.on_the_module(fuzzed, answer)

    @pytest.mark.parametrize(("model", "query"), [("probe-answers", "kind=object"), ("probe-accept", "shape=dict")])
    def test_is_on_us_for_an_answer_that_we_cannot_write(self, fuzzed: Server, model: str, query: str) -> None:
        answer = fuzzed.client.post(f"/v2/models/{model}/predict/?{query}", headers={"accept": "image/png"})

        assert "(error " in answer.text
        assert not blame.on_the_module(fuzzed, answer)


def dumped(document: object) -> bytes:
    """Write JSON as careless clients do, NaN included."""
    return json.dumps(document).encode("utf-8", "surrogatepass")
