"""Predictions over HTTP."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from pelagos.runtime import bodies, calls, predictions
from pelagos.runtime import service as services
from runtime.conftest import Make, client_of, run

ODD = "/v2/models/odd/predict/"


def left(service: services.Service) -> list[Path]:
    return [path for path in service.uploads.iterdir() if path.name != ".lock"]


class TestPredict:
    def test_takes_arguments_from_query_form_multipart_and_json(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (client, _):
                answers = [
                    await client.post(ODD, params={"act": "big", "size": "2"}),
                    await client.post(ODD, data={"act": "big", "size": "2"}),
                    await client.post(ODD, files={"act": (None, "big"), "size": (None, "2")}),
                    await client.post(ODD, json={"act": "big", "size": 2}),
                ]

                assert [answer.status_code for answer in answers] == [200] * 4
                assert {answer.text for answer in answers} == {'{"status": "OK", "predictions": "xx"}'}
                assert answers[0].headers["content-type"] == "application/json; charset=utf-8"

        run(body)

    def test_is_served_without_the_slash_too(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (client, _):
                assert (await client.post(ODD.rstrip("/"))).status_code == 200

        run(body)

    @pytest.mark.parametrize("size", [3, 3_000_000])
    def test_takes_files_small_and_large_and_leaves_nothing_behind(self, code: Make, size: int) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (client, service):
                image = ("../../a b.PNG", b"\0" * size, "image/png")

                answer = await client.post(ODD, data={"act": "file"}, files={"image": image})

                said = answer.json()["predictions"]
                assert (said["name"], said["size"], said["suffix"]) == ("a b.PNG", size, ".PNG")
                assert left(service) == []

        run(body)

    def test_takes_several_files_under_one_name(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (client, _):
                sent = [("files", ("a.txt", b"one")), ("files", ("b.txt", b"two"))]

                answer = await client.post(ODD, data={"act": "files"}, files=sent)

                assert answer.json()["predictions"] == [["a.txt", "one"], ["b.txt", "two"]]

        run(body)

    def test_streams_as_server_sent_events(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Talker")) as (client, _):
                answer = await client.post("/v2/models/talker/predict/", data={"pieces": "2", "fail": "true"})

                assert answer.headers["content-type"] == "text/event-stream"
                assert answer.text.startswith('data: {"piece": 0}\n\ndata: {"piece": 1}\n\nevent: error\n')

        run(body)


def form(*parts: bytes) -> tuple[bodies.Head, bytes]:
    body = b"".join(b"--b\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--b--\r\n"
    headers = [(b"content-type", b"multipart/form-data; boundary=b"), (b"content-length", b"%d" % len(body))]
    return bodies.Head({"headers": headers, "query_string": b""}), body


PICTURE = 'name="image"; filename="día.png"\r\nContent-Type: image/png\r\n\r\n\x00\xff'.encode()


class TestOneFileAlone:
    """A form with one file and nothing else is the usual one; a second field that nobody knows makes no difference."""

    def test_is_called_as_with_a_field_that_nobody_knows(self, code: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (_, service):
                answering = predictions.Predictions(service, service.modules["odd"])
                taker: asyncio.Future[calls.Reply] = asyncio.get_running_loop().create_future()
                longer = answering.call(*form(PICTURE, b'name="nobody"\r\n\r\n1'), taker)
                monkeypatch.delattr(calls, "prepare")
                alone = answering.call(*form(PICTURE), taker)

                assert alone is not None
                assert longer is not None
                assert json.loads(alone.head) == json.loads(longer.head)
                assert json.loads(alone.head)["files"][0][:3] == ["image", "día.png", "image/png"]
                assert list(alone.body) == list(longer.body)

        run(body)

    def test_goes_to_the_model_that_is_the_default(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd"), default_model="0" * 32) as (_, service):
                answering = predictions.Predictions(service, service.modules["odd"])
                taker: asyncio.Future[calls.Reply] = asyncio.get_running_loop().create_future()

                # It is not there, and only the ordinary way tells of it.
                assert answering.call(*form(PICTURE), taker) is None

        run(body)


def refused(code: Any, expected: int, **request: Any) -> httpx.Response:
    answers: list[httpx.Response] = []

    async def body() -> None:
        async with client_of(code("Odd"), client_max_size=4_000_000) as (client, service):
            answers.append(await client.post(ODD, **request))
            assert left(service) == []
            assert (await client.post(ODD)).status_code == 200

    run(body)
    assert answers[0].status_code == expected
    return answers[0]


class TestBadInput:
    def test_names_the_field_the_value_and_what_was_expected(self, code: Make) -> None:
        answer = refused(code, 422, data={"seconds": "soon", "size": "1.5"})

        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == {"seconds": ["'soon' is not a number"], "size": ["1.5 is not a whole number"]}

    def test_includes_an_unknown_model(self, code: Make) -> None:
        answer = refused(code, 422, data={"model": "0" * 32})

        assert answer.json()["model"][0].endswith("is not a trained model; expected one of pretrained")

    def test_names_an_unknown_model_together_with_all_other_faults(self, code: Make) -> None:
        answer = refused(code, 422, data={"model": "nowhere", "seconds": "soon"})

        assert set(answer.json()) == {"model", "seconds"}

    @pytest.mark.parametrize("size", [0, 2_000_000])
    def test_includes_text_where_a_file_is_expected_and_files_that_are_empty(self, code: Make, size: int) -> None:
        sent = {"other": ("big.bin", b"\0" * size), "image": ("none.png", b"")}
        answer = refused(code, 422, data={"files": "text"}, files=sent)

        assert "is empty" in answer.json()["image"][0]
        assert "is not a file" in answer.json()["files"]["0"][0]

    def test_includes_what_the_module_refuses(self, code: Make) -> None:
        assert refused(code, 422, data={"act": "bad"}).json() == {"act": ["is bad", "very bad"]}

    @pytest.mark.parametrize("text", ["{bad", "[" * 100_000, '{"a": 1e99999'])
    def test_includes_broken_json(self, code: Make, text: str) -> None:
        answer = refused(code, 400, content=text, headers={"Content-Type": "application/json"})

        assert answer.json() == {"json": ["Invalid JSON body."]}

    @pytest.mark.parametrize(
        "content",
        [b"", b"nothing", b"--b\r\n\r\n\r\n--b--\r\n", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx'],
    )
    def test_includes_broken_multipart(self, code: Make, content: bytes) -> None:
        kind = {"Content-Type": "multipart/form-data; boundary=b"}

        assert "Invalid multipart body" in refused(code, 400, content=content, headers=kind).json()["form"][0]

    def test_includes_multipart_without_a_boundary(self, code: Make) -> None:
        refused(code, 400, content=b"x", headers={"Content-Type": "multipart/form-data"})

    def test_includes_text_in_no_known_encoding(self, code: Make) -> None:
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        part = b'--b\r\nContent-Disposition: form-data; name="act"\r\n\r\n\xff\xfe\r\n--b--\r\n'

        assert "act" in refused(code, 400, content=part, headers=kind).json()

    def test_includes_what_is_too_large(self, code: Make) -> None:
        answer = refused(code, 413, files={"image": ("zeros", b"\0" * 5_000_000)})

        assert "4000000 bytes" in answer.text

    def test_includes_too_many_fields(self, code: Make) -> None:
        refused(code, 413, data={f"f{number}": "" for number in range(2000)})
        refused(code, 413, files=[("f", (None, "x"))] * 2000)


class TestErrors:
    def test_of_the_module_give_its_message_and_an_id_but_no_traceback(self, code: Make) -> None:
        answer = refused(code, 500, data={"act": "raise"})

        assert answer.text.startswith("500: ZeroDivisionError: division by zero (error ")
        assert "odd.py" not in answer.text

    def test_are_json_when_the_client_names_it(self, code: Make) -> None:
        answer = refused(code, 500, data={"act": "raise"}, headers={"Accept": "application/json"})

        error = answer.json()["error"]
        assert (error["code"], error["message"]) == ("module_error", "ZeroDivisionError: division by zero")
        assert len(error["id"]) == 12

    def test_of_a_dying_worker_say_why_and_when_to_come_back(self, code: Make) -> None:
        answer = refused(code, 503, data={"act": "kill"})

        assert "SIGKILL" in answer.text
        assert answer.headers["retry-after"] == "1"

    def test_of_a_full_queue_are_429(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd"), queue_size=1) as (client, _):
                sent = [client.post(ODD, data={"act": "sleep", "seconds": "0.5"}) for _ in range(6)]

                statuses = [answer.status_code for answer in await asyncio.gather(*sent)]

                assert set(statuses) == {200, 429}

        run(body)

    def test_of_time_are_504(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd"), predict_timeout_s=0.2) as (client, _):
                answer = await client.post(ODD, data={"act": "sleep", "seconds": "50"})

                assert (answer.status_code, answer.text) == (504, "504: no answer within 0.2 s")

        run(body)

    def test_of_a_module_that_cannot_predict_are_501(self, code: Make, tmp_path: Path) -> None:
        async def body() -> None:
            async with client_of(code("Odd"), predict_endpoint=False) as (client, _):
                assert (await client.post(ODD)).status_code == 402

        run(body)


class TestCounters:
    def test_see_every_prediction(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (client, _):
                await client.post(ODD, content=json.dumps({}), headers={"Content-Type": "application/json"})
                await client.post(ODD, data={"size": "x"})

                text = (await client.get("/metrics")).text

                for status in (200, 422):
                    assert f'pelagos_requests_total{{route="{ODD}",status="{status}"}} 1' in text
                assert "pelagos_upload_bytes_total 8" in text
                assert 'pelagos_workers{module="odd",phase="ready"} 1' in text

        run(body)
