from collections.abc import Callable
from pathlib import Path

import pytest

import hub_world

AtHub = Callable[..., None]
SHAPE = {"code", "message", "hint", "faults"}


class TestError:
    def test_has_one_shape_wherever_it_comes_from(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            asked = [
                await world.client.get("/api/v1/nowhere"),
                await world.client.get("/api/v1/runs/none"),
                await world.client.get("/api/v1/runs", params={"limit": "many"}),
                await world.client.put("/api/v1/runs"),
                await world.client.post("/api/v1/runs", json={"module": "counting", "arguments": {"epochs": -1}}),
                await world.client.post("/api/v1/runs", content=b"{", headers={"Content-Type": "application/json"}),
                await world.client.post("/api/v1/runs", json={"module": "nothing"}),
            ]

            assert [each.status_code for each in asked] == [404, 404, 422, 405, 422, 400, 404]
            assert all(set(each.json()["error"]) == SHAPE for each in asked)

        at_hub(body)

    def test_names_every_fault_by_its_field(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            wrong = {"module": "counting", "arguments": {"epochs": 0, "delay_s": -1}}
            arguments = await world.client.post("/api/v1/runs", json=wrong)
            unknown = await world.client.post("/api/v1/deployments", json={"module": "trivial", "replica": 2})

            assert set(arguments.json()["error"]["faults"]) == {"epochs", "delay_s"}
            assert set(unknown.json()["error"]["faults"]) == {"replica"}

        at_hub(body)

    @pytest.mark.parametrize("route", ["runs", "deployments"])
    def test_refuses_half_a_character(self, at_hub: AtHub, route: str) -> None:
        async def body(world: hub_world.Here) -> None:
            half = {"runs": b'{"module": "\\ud800"}', "deployments": b'{"module": "trivial", "title": "\\ud800"}'}

            answer = await world.client.post(
                f"/api/v1/{route}", content=half[route], headers={"Content-Type": "application/json"}
            )

            assert answer.status_code == 422
            assert "half a character (\\\\ud800)" in answer.text

        at_hub(body)

    def test_of_a_fault_of_ours_tells_its_number_and_nothing_else(self, at_hub: AtHub, state: Path) -> None:
        async def body(world: hub_world.Here) -> None:
            (state / "datasets").write_text("no folder")

            answer = await world.client.get("/api/v1/datasets")

            assert answer.status_code == 500
            assert "log tells more" in answer.json()["error"]["hint"]
            assert str(state) not in answer.text

        at_hub(body)
