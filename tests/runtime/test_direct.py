"""Small predictions are answered inside their connection, exactly as an ASGI application answers them."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pelagos.runtime import app, server, service
from runtime.conftest import Make, run, until
from runtime.test_trained import Shelf

ODD = "/v2/models/odd/predict/"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
JSON = "Content-Type: application/json\r\n"
PARTS = "Content-Type: multipart/form-data; boundary=b\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def post(body: str | bytes = "", more: str = FORM, path: str = ODD, version: str = "1.1") -> bytes:
    sent = body.encode() if isinstance(body, str) else body
    head = f"POST {path} HTTP/{version}\r\nHost: x\r\nContent-Length: {len(sent)}\r\n{more}\r\n"
    return head.encode() + sent


def part(name: str, value: bytes, more: str = "") -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


def picture(data: bytes) -> bytes:
    return part("act", b"file") + part("image", data, '; filename="a.png"') + b"--b--\r\n"


KNOWN = post("act=big&size=3")
CHUNKED = f"POST {ODD} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n{FORM}\r\n".encode()
CORPUS = {
    "a form": post("act=big&size=3"),
    "nothing at all": post("", "", ODD + "?act=big"),
    "the query": post("", "", ODD + "?act=big&size=2&size=3"),
    "JSON": post('{"act": "big", "size": 3}', JSON),
    "a long answer": post("act=big&size=3000000"),
    "what JSON does not know": post("act=nan"),
    "half a pair": post("act=surrogate"),
    "the model by name": post("act=big&model=pretrained"),
    "an empty model": post("act=big&model="),
    "an unknown model": post("act=big&model=nowhere"),
    "faults": post("size=many&seconds=soon&model=nowhere"),
    "broken JSON": post("{", JSON),
    "a list": post("[]", JSON),
    "broken parts": post("nothing", PARTS),
    "too many parts": post(b"".join(part(f"f{number}", b"") for number in range(1100)) + b"--b--\r\n", PARTS),
    "an empty file": post(picture(b""), PARTS),
    "a file alone": post(part("image", b"x", '; filename="a.png"') + b"--b--\r\n", PARTS),
    "an empty file alone": post(part("image", b"", '; filename="a.png"') + b"--b--\r\n", PARTS),
    "a file alone that nobody knows": post(part("photo", b"x", '; filename="a.png"') + b"--b--\r\n", PARTS),
    "text alone in place of a file": post(part("image", b"x") + b"--b--\r\n", PARTS),
    "another kind of body": post("hello", "Content-Type: text/plain\r\n", ODD + "?act=big"),
    "a kind nobody knows": post("act=big", "Content-Type: \xff\r\n"),
    "what the module refuses": post("act=bad"),
    "what the module fails at": post("act=raise"),
    "what no answer can hold": post("act=odd type"),
    "an error for who names JSON": post("act=raise", FORM + "Accept: application/json\r\n"),
    "a worker that dies": post("act=exit"),
    "events": post("pieces=3", path="/v2/models/talker/predict/"),
    "events with an error": post("pieces=1&fail=true", path="/v2/models/talker/predict/"),
    "the path without its slash": post("act=big", path=ODD[:-1]),
    "a path with too many": post("act=big", path="/" + ODD),
    "a path in other letters": post("act=big", path=ODD.replace("odd", "%6fdd")),
    "another method": post("act=big").replace(b"POST", b"PUT"),
    "an old client": post("act=big", version="1.0"),
    "a client that closes": post("act=big", FORM + "Connection: close\r\n"),
    "another site": post("act=big", FORM + "Sec-Fetch-Site: cross-site\r\n"),
    "another origin": post("act=big", FORM + "Origin: http://elsewhere\r\n"),
    "our own page": post("act=big", FORM + "Origin: http://x\r\nSec-Fetch-Site: same-origin\r\n"),
    "a body that waits": post("act=big", FORM + "Expect: 100-continue\r\n"),
    "chunks": CHUNKED + b"7\r\nact=big\r\n0\r\n\r\n",
    "a long form": post("act=big&other=" + "x" * 1_500_000),
    "two requests at once": post("act=big") + post("act=big&size=2"),
    "a fault, then a request": post("size=many") + post("act=big&size=2"),
    "what is no HTTP": b"POST / HTTP/9.9\r\n\r\n",
}
OLD = "/v2/models/old/predict/"
PARSED_BY_THE_MODULE = {
    "a form": post("text=a&size=3&many=x&many=y", path=OLD),
    "a quoted form": post("text=a+%C3%A9%26&many=%zz", path=OLD),
    "nothing at all": post("", "", OLD),
    "the query": post("", "", OLD + "?text=a+b&many=x"),
    "the query before the form": post("text=form", path=OLD + "?text=query"),
    "JSON": post('{"text": "a", "any": {"b": [1, null]}}', JSON, OLD),
    "JSON of another name": post('{"text": "a"}', "Content-Type: application/x+json\r\n", OLD),
    "broken JSON": post("{", JSON, OLD),
    "deep JSON": post("[" * 100_000, JSON, OLD),
    "empty JSON": post("", JSON, OLD),
    "a list": post("[1]", JSON, OLD),
    "not UTF-8": post(b"text=\xff", path=OLD),
    "headers and cookies": post("", "X-Head: h\r\nCookie: crumb=c; other=o\r\n", OLD),
    "faults": post("size=many&text=" + "x" * 30, path=OLD),
    "most fields": post("&".join(["many=x"] * 1000), path=OLD),
    "too many fields": post("&".join(["many=x"] * 1001), path=OLD),
    "too long a head": post("text=a", FORM + f"X-Head: {'h' * 9000}\r\n", OLD),
    "another kind of body": post("hello", "Content-Type: text/plain\r\n", OLD + "?text=a"),
    "a file": post(part("image", b"x", '; filename="a.png"') + b"--b--\r\n", PARTS, OLD),
    "broken parts": post("nothing", PARTS, OLD),
}
WITH_FILES = {
    "a small file": post(picture(b"x" * 1000), PARTS),
    "a file of many packets": post(picture(b"x" * 900_000), PARTS),
    "a large file": post(picture(b"x" * 1_500_000), PARTS),
}


class Begun(bytes):
    """The beginning of a request, which nobody answers yet."""


class Counted:
    """The application; counts what it is asked."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.heads = inner.heads
        self.asked = 0
        self.heads_read = 0

    def small(self, scope: Any) -> Any:
        self.heads_read += 1
        return self._inner.small(scope)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        await self._inner(scope, receive, send)


class Served:
    """One service behind two ports: one with small predictions answered in their connections, one without."""

    def __init__(self, made: service.Service) -> None:
        self.service = made
        self.inner = Counted(app.create(made))
        self.ports: dict[str, int] = {}
        self.servers: list[server.Server] = []

    @contextlib.asynccontextmanager
    async def listening(self, name: str, application: Any) -> AsyncIterator[None]:
        with server.listening("127.0.0.1", 0) as listener:
            self.ports[name] = listener.getsockname()[1]
            running = server.Server(server.config(application, 10))
            self.servers.append(running)
            task = asyncio.create_task(running.serve([listener]))
            await until(lambda: running.started)
            try:
                yield
            finally:
                running.should_exit = True
                await task

    async def connect(self, name: str = "direct") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.ports[name])

    async def ask(self, name: str, sent: bytes) -> bytes:
        """Send a request, and one more that ends the connection; gives all that came, dates and ids left out."""
        return await self.ask_in_parts(name, sent + LAST)

    async def ask_in_parts(self, name: str, *parts: bytes) -> bytes:
        """Send each part when what came before it has been answered, the last one ends the connection."""
        reader, writer = await self.connect(name)
        said = b""
        async with asyncio.timeout(10):
            for part in parts[:-1]:
                writer.write(part)
                await writer.drain()
                if not isinstance(part, Begun):
                    said += await reader.read(10_000_000)
            with contextlib.suppress(ConnectionError):
                writer.write(parts[-1])
            said += await reader.read()
        writer.close()
        return re.sub(rb"(?i)date: [^\r]*|\b[0-9a-f]{12}\b|/[\w./-]*/tmp\w+[\w./-]*|/tmp[\w./-]+", b"", said)


@contextlib.asynccontextmanager
async def served(*modules: Any, jobs: Any = None, **settings: Any) -> AsyncIterator[Served]:
    chosen = service.RuntimeSettings(**{"workers": 1, "client_max_size": 2_000_000, **settings})
    offered = [server.Offered(module) for module in modules]
    async with server.running(chosen, offered, jobs, on_log=lambda _: None) as made:
        both = Served(made)

        async def ordinary(scope: Any, receive: Any, send: Any) -> None:
            await both.inner(scope, receive, send)

        async with both.listening("direct", both.inner), both.listening("ordinary", ordinary):
            yield both


async def answer_of(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return await reader.readexactly(int(re.findall(rb"content-length: (\d+)", head)[0]))


class TestDirect:
    def test_answers_every_request_as_the_application_does(self, code: Make) -> None:
        async def body() -> None:
            async with served(code("Odd"), code("Talker")) as both:
                for name, request in {**CORPUS, **WITH_FILES}.items():
                    direct, ordinary = await both.ask("direct", request), await both.ask("ordinary", request)

                    assert direct == ordinary, name
                    assert direct.startswith(b"HTTP/1.1 "), name

        run(body)

    def test_lets_a_module_that_parses_requests_read_them(self, code: Make) -> None:
        async def body() -> None:
            async with served(code("old")) as both:
                for name, request in PARSED_BY_THE_MODULE.items():
                    first, known = await both.ask("direct", request), await both.ask("direct", request)

                    assert first == known == await both.ask("ordinary", request), name
                    assert first.startswith(b"HTTP/1.1 "), name
                asked = both.inner.asked
                reader, writer = await both.connect()
                for name in ("a form", "a quoted form", "JSON", "nothing at all", "headers and cookies"):
                    writer.write(PARSED_BY_THE_MODULE[name])
                    await answer_of(reader)
                writer.close()

                assert both.inner.asked == asked

        run(body)

    @pytest.mark.parametrize("name", ["a form", "the query", "JSON", "a long answer", "the model by name"])
    def test_does_not_ask_the_application_for_plain_ones(self, code: Make, name: str) -> None:
        async def body() -> None:
            async with served(code("Odd")) as both:
                reader, writer = await both.connect()
                for _ in range(3):
                    writer.write(CORPUS[name])
                    await answer_of(reader)
                writer.close()

                assert both.inner.asked == 0

        run(body)

    def test_remembers_a_trained_model(self, code: Make, tmp_path: Path) -> None:
        shelf = Shelf(tmp_path)
        model = shelf.add("odd")
        (shelf.jobs.run_folder(model).model / "name").write_text("mine")

        async def body() -> None:
            async with served(code("Odd"), jobs=shelf.jobs) as both:
                reader, writer = await both.connect()
                for asked in (1, 1, 1):
                    writer.write(post(f"model={model}"))

                    assert b'"model": "mine"' in await answer_of(reader)
                    assert both.inner.asked == asked
                writer.close()

        with contextlib.closing(shelf.database):
            run(body)

    def test_takes_a_body_in_any_pieces(self, code: Make) -> None:
        async def body() -> None:
            async with served(code("Odd")) as both:
                reader, writer = await both.connect()
                sent = WITH_FILES["a small file"]
                for start in range(0, len(sent), 97):
                    writer.write(sent[start : start + 97])
                    await writer.drain()
                    await asyncio.sleep(0)

                assert b'"size": 1000' in await answer_of(reader)
                assert both.inner.asked == 0
                writer.close()

        run(body)

    def test_counts_what_it_answers(self, code: Make) -> None:
        async def body() -> None:
            async with served(code("Odd")) as both:
                await both.ask("direct", CORPUS["a form"])
                await both.ask("direct", CORPUS["what the module refuses"])
                await both.ask("direct", CORPUS["events"])

                text = both.service.counters.text({})
                assert 'pelagos_requests_total{route="/v2/models/odd/predict/",status="200"} 1' in text
                assert 'pelagos_requests_total{route="/v2/models/odd/predict/",status="422"} 1' in text
                assert f"pelagos_upload_bytes_total {len('act=big&size=3') + len('act=bad')}" in text
                assert both.service.counters.in_flight == 0

        run(body)

    def test_frees_the_place_of_a_client_that_goes(self, code: Make) -> None:
        async def body() -> None:
            async with served(code("Odd")) as both:
                workers = both.service.modules["odd"].pool
                _, writer = await both.connect()
                writer.write(post("act=sleep&seconds=60"))
                await until(lambda: workers.running == 1)

                writer.close()

                await until(lambda: workers.running == 0)
                assert both.service.counters.in_flight == 0
                assert 'status="499"} 1' in both.service.counters.text({})
                assert b"200 OK" in await both.ask("direct", CORPUS["a form"])

        run(body)

    def test_forgets_a_client_that_goes_in_the_middle_of_its_body(self, code: Make) -> None:
        async def body() -> None:
            async with served(code("Odd")) as both:
                _, writer = await both.connect()
                writer.write(CORPUS["a form"][:-1])
                await writer.drain()

                writer.close()

                assert b"200 OK" in await both.ask("direct", CORPUS["a form"])
                assert both.service.counters.in_flight == 0

        run(body)

    def test_refuses_when_too_many_wait(self, code: Make) -> None:
        async def body() -> None:
            async with served(code("Odd"), queue_size=1) as both:
                clients = [await both.connect() for _ in range(8)]
                for _, writer in clients:
                    writer.write(post("act=sleep&seconds=0.3", FORM + "Connection: close\r\n"))

                said = [await reader.read() for reader, _ in clients]

                refused = [each for each in said if each.startswith(b"HTTP/1.1 429 ")]
                assert refused
                assert all(b"retry-after: " in each.lower() for each in refused)
                assert both.service.counters.in_flight == 0
                for _, writer in clients:
                    writer.close()

        run(body)

    def test_waits_for_a_client_that_reads_slowly(self, code: Make) -> None:
        async def body() -> None:
            async with served(code("Odd")) as both:
                reader, writer = await both.connect()
                writer.transport.pause_reading()  # type: ignore[attr-defined]
                writer.write(post("act=big&size=9000000") + 3 * post("act=big&size=9000000"))
                counters = both.service.counters
                await until(lambda: 'status="200"' in counters.text({}))
                writer.transport.resume_reading()  # type: ignore[attr-defined]

                for _ in range(4):
                    assert len(await answer_of(reader)) > 9_000_000
                writer.close()

        run(body)

    def test_ends_its_requests_before_the_server_stops(self, code: Make) -> None:
        async def body() -> None:
            async with served(code("Odd")) as both:
                reader, writer = await both.connect()
                writer.write(post("act=sleep&seconds=0.5"))
                await until(lambda: both.service.modules["odd"].pool.running == 1)

                both.servers[0].should_exit = True
                said = await reader.read()

                assert said.startswith(b"HTTP/1.1 200 OK")
                assert b"connection: close" in said
                writer.close()

        run(body)


class TestAHeadThatIsKnown:
    def test_changes_no_answer(self, code: Make) -> None:
        async def body() -> None:
            async with served(code("Odd"), code("Talker")) as both:
                # After a worker's death the answers depend on how soon there is another.
                requests = {name: each for name, each in {**CORPUS, **WITH_FILES}.items() if b"act=exit" not in each}
                for name, request in requests.items():
                    direct, ordinary = [
                        [await both.ask_in_parts(port, request, LAST) for _ in range(3)]
                        for port in ("direct", "ordinary")
                    ]

                    assert direct == ordinary, name

        run(body)

    def test_is_not_read_again_on_any_connection(self, code: Make) -> None:
        async def body() -> None:
            async with served(code("Odd")) as both:
                for size in "34":
                    reader, writer = await both.connect()
                    for _ in range(3):
                        writer.write(post(f"act=big&size={size}"))
                        assert b'"' + int(size) * b"x" + b'"' in await answer_of(reader)
                    writer.close()

                assert (both.inner.heads_read, both.inner.asked) == (1, 0)

        run(body)

    def test_is_forgotten_when_there_are_too_many(self, code: Make) -> None:
        async def body() -> None:
            async with served(code("Odd")) as both:
                reader, writer = await both.connect()
                for number in range(600):
                    writer.write(post("act=big&size=3", FORM + f"X: {number}\r\n"))
                    await answer_of(reader)
                writer.write(post("act=big&size=3", FORM + "X: 0\r\n"))
                await answer_of(reader)
                writer.close()

                assert both.inner.heads_read == 601

        run(body)

    @pytest.mark.parametrize(
        "parts",
        [
            # The end of a body that nobody waited for looks like a request.
            (b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(KNOWN), Begun(KNOWN), LAST),
            # Empty lines in front of a request, and what ends with them; a head of bare line feeds.
            (b"\r\n\r\n" + KNOWN, b"\r\n\r\n" + KNOWN, LAST),
            (post("act=big&size=3", FORM + "Y: 1\r\n").replace(b"\r\n", b"\n"), LAST),
            # The head of a second request is not that of the first one, nor the end of a body the begin of a head.
            (KNOWN + post("act=big&size=4", path=f"{ODD}?seconds=0")[:-1], b"4", KNOWN, LAST),
            (Begun(KNOWN[:-1]), b"3" + post("act=big&size=4") + KNOWN, LAST),
        ],
    )
    def test_cannot_be_forged(self, code: Make, parts: tuple[bytes, ...]) -> None:
        async def body() -> None:
            async with served(code("Odd")) as both:
                await both.ask_in_parts("direct", KNOWN, LAST)
                for _ in range(2):
                    direct, ordinary = [await both.ask_in_parts(port, *parts) for port in ("direct", "ordinary")]

                    assert direct == ordinary

                assert b'"xxx"' in await both.ask_in_parts("direct", KNOWN, LAST)

        run(body)

    def test_keeps_the_order_of_requests_that_come_before_the_answer(self, code: Make) -> None:
        async def body() -> None:
            async with served(code("Odd")) as both:
                reader, writer = await both.connect()
                for sent in ("act=sleep&seconds=0.0", "act=sleep&seconds=0.3"):
                    writer.write(post(sent))
                    if sent.endswith("0.0"):
                        await answer_of(reader)
                await until(lambda: both.service.modules["odd"].pool.running == 1)
                writer.write(post("act=big&size=3") + CORPUS["events"].replace(b"talker", b"odd"))

                said = [await answer_of(reader) for _ in range(2)]

                assert [b"null" in said[0], b'"xxx"' in said[1]] == [True, True]
                writer.close()

        run(body)

    @pytest.mark.parametrize("end", ["the server stops", "the client goes"])
    def test_is_dealt_with_like_any_when_the(self, code: Make, end: str) -> None:
        async def body() -> None:
            async with served(code("Odd")) as both:
                workers = both.service.modules["odd"].pool
                reader, writer = await both.connect()
                writer.write(post("act=sleep&seconds=0.0"))
                await answer_of(reader)
                writer.write(post("act=sleep&seconds=0.5" if end == "the server stops" else "act=sleep&seconds=9.0"))
                await until(lambda: workers.running == 1)

                if end == "the server stops":
                    both.servers[0].should_exit = True
                    said = await reader.read()
                    assert said.startswith(b"HTTP/1.1 200 OK")
                    assert b"connection: close" in said
                writer.close()

                await until(lambda: workers.running == 0)
                assert both.inner.heads_read == 1
                assert both.service.counters.in_flight == 0

        run(body)

    def test_lets_an_error_be_told_as_ever(self, code: Make) -> None:
        async def body() -> None:
            async with served(code("Odd")) as both:
                reader, writer = await both.connect()
                for act, answer in [(b"act=big&size=3", b'"xxx"'), (b"act=raise&abc=", b"ZeroDivisionError")] * 2:
                    writer.write(KNOWN.replace(b"act=big&size=3", act))

                    assert answer in await answer_of(reader)
                writer.close()

                assert both.inner.heads_read == 1

        run(body)

    def test_keeps_its_connection_open_as_long_as_it_is_used(self, code: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(server, "KEEP_ALIVE_S", 1)

        async def body() -> None:
            async with served(code("Odd")) as both:
                reader, writer = await both.connect()
                begun = time.monotonic()
                while time.monotonic() < begun + 1.5:
                    writer.write(post("act=sleep&seconds=0.1"))
                    await answer_of(reader)

                async with asyncio.timeout(10):
                    assert await reader.read() == b""
                assert both.inner.heads_read == 1
                writer.close()

        run(body)
