"""The V2 contract, as CONTRACT says DEEPaaS 2.6.0 behaves."""

import asyncio
import dataclasses
from typing import Any

import pytest

from pelagos.runtime import routes
from runtime.conftest import Make, client_of, run

VERSION = {"version": "stable", "id": "v2", "links": [{"rel": "self", "type": "application/json", "href": "/v2/"}]}


class TestRoutes:
    def test_answer_as_deepaas_does(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (client, _):
                assert (await client.get("/v2/")).json() == VERSION
                assert (await client.get("/")).json()["versions"] == [VERSION]
                assert (await client.get("/v2/debug/")).status_code == 204
                models = (await client.get("/v2/models/")).json()
                assert models == {"models": [(await client.get("/v2/models/odd/")).json()]}
                assert list(models["models"][0])[:3] == ["id", "name", "links"]
                assert models["models"][0]["links"] == [{"rel": "self", "href": "/v2/models/odd"}]
                assert models["models"][0]["description"] == "Does what it is told, good or bad."

        run(body)

    def test_list_the_links_of_a_card_beside_their_own(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (_, made):
                metadata = {"Summary": "Odd.", "links": {"source": "https://example.org/odd"}}
                described = {**made.modules["odd"].description, "metadata": metadata}

                told = routes.meta(dataclasses.replace(made.modules["odd"], description=described))

                own = {"rel": "self", "href": "/v2/models/odd"}
                assert told["links"] == [own, {"rel": "source", "href": "https://example.org/odd"}]
                assert told["summary"] == "Odd."

        run(body)

    @pytest.mark.parametrize(
        ("path", "location"),
        [
            ("/v2", "/v2/"),
            ("/v2/models?x=1&y=%20", "/v2/models/?x=1&y=%20"),
            ("//v2//models", "/v2/models/"),
            ("/v2/models/odd", "/v2/models/odd/"),
            ("/v2//models/odd/train", "/v2/models/odd/train/"),
            ("/v2/models/odd//train/abc", "/v2/models/odd/train/abc"),
        ],
    )
    def test_redirect_to_the_normal_path(self, code: Make, path: str, location: str) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (client, _):
                answer = await client.get(f"http://test{path}")

                assert (answer.status_code, answer.headers["location"]) == (308, location)
                assert answer.text == "308: Permanent Redirect"

        run(body)

    @pytest.mark.parametrize(
        ("method", "path", "allow"),
        [
            ("HEAD", "/v2/", "GET"),
            ("OPTIONS", "/v2/models/", "GET"),
            ("GET", "/v2/models/odd/predict/", "POST"),
            ("PUT", "/v2/models/odd/train/", "GET,POST"),
            ("PUT", "/v2/models/odd/train/1", "DELETE,GET"),
        ],
    )
    def test_say_what_is_allowed(self, code: Make, method: str, path: str, allow: str) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (client, _):
                answer = await client.request(method, path)

                assert (answer.status_code, answer.headers["allow"]) == (405, allow)

        run(body)

    @pytest.mark.parametrize("path", ["/nothing", "/v2/models/none/", "/v2/models/odd/train/123/", "/v2x/"])
    def test_are_not_there_in_text_and_in_json(self, code: Make, path: str) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (client, _):
                text = await client.get(path)
                named = await client.get(path, headers={"Accept": "application/json"})

                assert (text.status_code, text.text) == (404, "404: Not Found")
                assert text.headers["content-type"] == "text/plain; charset=utf-8"
                assert named.json()["error"]["message"] == "Not Found"

        run(body)

    def test_lie_under_the_base_path(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd"), base_path="/my/base/") as (client, _):
                assert (await client.get("/my/base/v2/")).json()["links"][0]["href"] == "/my/base/v2/"
                assert (await client.get("/my/base")).json()["links"][1]["href"] == "/my/base/swagger.json"
                assert (await client.post("/my/base/v2/models/odd/predict/")).status_code == 200
                assert (await client.get("/my/base/v2")).headers["location"] == "/my/base/v2/"
                assert (await client.get("/my/base/ui")).headers["location"] == "/my/base/api"
                assert (await client.get("/v2/")).status_code == 404
                assert (await client.get("/my/basement/v2/")).status_code == 404

        run(body)

    def test_show_a_debug_text_when_asked_for(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd"), debug_endpoint=True) as (client, _):
                await client.post("/v2/models/odd/predict/", data={"act": "print"})
                async with asyncio.timeout(10):
                    while "raw bytes on 2" not in (text := (await client.get("/v2/debug/")).text):
                        await asyncio.sleep(0.01)

                assert "odd: 0 waiting, 0 running, workers: ready" in text

        run(body)

    def test_tell_about_health(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (client, _):
                assert (await client.get("/healthz")).json() == {"status": "ok"}

        run(body)

    def test_count_unknown_paths_under_one_name(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (client, _):
                for number in range(3):
                    await client.get(f"/nothing/{number}")

                text = (await client.get("/metrics")).text

                assert 'pelagos_requests_total{route="other",status="404"} 3' in text

        run(body)


class TestDocumentation:
    def test_is_a_page_with_its_own_files_under_a_strict_policy(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (client, _):
                for path in ("/api", "/docs"):
                    page = await client.get(path)
                    assert "script-src 'self';" in page.headers["content-security-policy"]
                for name, kind in (("start.js", "text/javascript"), ("swagger-ui.css", "text/css")):
                    answer = await client.get(f"/docs/static/{name}")
                    assert answer.headers["content-type"].startswith(kind)
                assert (await client.get("/docs/static/manifest.json")).status_code == 404
                assert (await client.get("/docs/static/..%2f..%2fapp.py")).status_code == 404

        run(body)

    def test_can_be_switched_off(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd"), doc_endpoint=False) as (client, _):
                statuses = [(await client.get(path)).status_code for path in ("/api", "/docs", "/ui")]

                assert statuses == [404] * 3
                assert (await client.get("/swagger.json")).status_code == 200
                assert [link["rel"] for link in (await client.get("/")).json()["links"]] == ["describedby"]

        run(body)

    def test_describes_predict_for_clients_that_are_generated(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Typed")) as (client, _):
                document = (await client.get("/swagger.json")).json()

                post = document["paths"]["/v2/models/typed/predict/"]["post"]
                told: dict[str, Any] = {each["name"]: each for each in post["parameters"]}
                assert document["swagger"] == "2.0"
                assert post["produces"] == ["application/json"]
                assert told["day"] == {
                    "in": "query",
                    "name": "day",
                    "required": True,
                    "type": "string",
                    "format": "date",
                }
                assert (told["colour"]["enum"], told["colour"]["default"]) == (["red", "blue"], "red")
                assert (told["count"]["minimum"], told["count"]["format"]) == (1, "int32")
                assert told["model"]["enum"] == ["pretrained"]

        run(body)

    def test_describes_files_as_form_fields(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (client, _):
                swagger = (await client.get("/swagger.json")).json()
                openapi = (await client.get("/openapi.json")).json()

                told = {
                    each["name"]: each for each in swagger["paths"]["/v2/models/odd/predict/"]["post"]["parameters"]
                }
                assert (told["image"]["in"], told["image"]["type"]) == ("formData", "file")
                taken = openapi["paths"]["/v2/models/odd/predict/"]["post"]["requestBody"]["content"]
                properties = taken["multipart/form-data"]["schema"]["properties"]
                assert properties["image"]["type"] == ["string", "null"]
                assert properties["files"]["items"] == {"type": "string", "format": "binary"}

        run(body)

    def test_leaves_out_what_is_switched_off(self, code: Make) -> None:
        async def body() -> None:
            async with client_of(code("Trainable"), train_endpoint=False, predict_endpoint=False) as (client, _):
                for path in ("/swagger.json", "/openapi.json"):
                    paths = (await client.get(path)).json()["paths"]
                    assert not any("train" in path.removeprefix("/v2/models/trainable") for path in paths)
                    assert "/v2/models/trainable/predict/" not in paths

        run(body)
