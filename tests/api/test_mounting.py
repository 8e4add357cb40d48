import re
from collections.abc import Callable
from pathlib import Path

import hub_world
from pelagos.api import mounting

AtHub = Callable[..., None]
GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "api.md"


class TestApi:
    def test_is_described_by_openapi_3_1(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            told = (await world.client.get("/api/v1/openapi.json")).json()

            assert told["openapi"].startswith("3.1")
            assert "/runs/{run_id}/events" in told["paths"]

        at_hub(body)

    def test_shows_its_description_without_another_host(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            page = await world.client.get("/api/docs")
            places = re.findall(r'(?:src|href|data-specification)="([^"]+)"', page.text)
            found = [await world.client.get(place) for place in places if place.startswith("/")]

            assert "//" not in "".join(place for place in places)
            assert {each.status_code for each in found} == {200}
            assert len(found) >= 4

        at_hub(body)

    def test_is_for_people_who_have_logged_in_only(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            paths = (await world.client.get("/api/v1/openapi.json")).json()["paths"]

            for path, methods in paths.items():
                for method in methods:
                    answer = await world.nobody.request(method.upper(), f"/api/v1{path}")
                    assert answer.status_code == 401, f"{method} {path}"

        at_hub(body)

    def test_has_a_heading_in_the_guide_for_each_route(self) -> None:
        told = mounting.application().openapi()["paths"]
        routes = {f"{method.upper()} {path}" for path, methods in told.items() for method in methods}

        assert set(re.findall(r"^### `([A-Z]+ \S+)`$", GUIDE.read_text(), re.MULTILINE)) == routes

    def test_says_in_the_guide_of_each_route_what_openapi_says(self) -> None:
        guide = GUIDE.read_text()

        for path, methods in mounting.application().openapi()["paths"].items():
            for method, told in methods.items():
                assert f"### `{method.upper()} {path}`\n\n{told['description']}\n" in guide
