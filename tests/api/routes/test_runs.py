import asyncio
import json
from collections.abc import Callable
from typing import Any

import hub_world

AtHub = Callable[..., None]
RUNS = "/api/v1/runs"


async def ended(world: hub_world.Here, run_id: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            found: dict[str, Any] = (await world.client.get(f"{RUNS}/{run_id}")).json()
            if found["state"] in ("done", "failed", "cancelled", "lost"):
                return found
            await asyncio.sleep(0.05)


class TestRuns:
    def test_are_one_for_one_key_however_many_ask_at_once(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            headers = {"Idempotency-Key": "once"}
            asked = [world.client.post(RUNS, json={"module": "counting"}, headers=headers) for _ in range(10)]

            answers = await asyncio.gather(*asked)

            assert {each.status_code for each in answers} == {201}
            assert len({each.json()["id"] for each in answers}) == 1
            assert (await world.client.get(RUNS)).json()["total"] == 1

        at_hub(body)

    def test_take_files_as_parts_of_a_form(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            run = {"module": "counting", "arguments": {"epochs": 2}}
            begun = await world.client.post(RUNS, data={"run": json.dumps(run)}, files={"nothing": b"1"})

            assert (begun.status_code, begun.json()["arguments"]["epochs"]) == (201, 2)

        at_hub(body)

    def test_are_narrowed_and_paged(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            for epochs in (1, 2, 3):
                await world.client.post(RUNS, json={"module": "counting", "arguments": {"epochs": epochs}})

            page = (await world.client.get(RUNS, params={"limit": 2, "offset": 1})).json()
            none = (await world.client.get(RUNS, params={"module": "trivial"})).json()

            assert (page["total"], [each["arguments"]["epochs"] for each in page["items"]]) == (3, [2, 1])
            assert none == {"items": [], "total": 0}

        at_hub(body)

    def test_refuse_an_offset_that_no_database_counts_to(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            for listed in (RUNS, "/api/v1/deployments", "/api/v1/models"):
                answer = await world.client.get(listed, params={"offset": 10**20})

                assert answer.status_code == 422
                assert "offset" in str(answer.json()["error"]["faults"])

        at_hub(body)

    def test_are_followed_from_where_the_reader_left_off(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            run = (await world.client.post(RUNS, json={"module": "counting", "arguments": {"epochs": 2}})).json()
            await ended(world, run["id"])

            whole = (await world.client.get(f"{RUNS}/{run['id']}/events")).text
            last = [line for line in whole.splitlines() if line.startswith("id: ")][-1][4:]
            rest = (await world.client.get(f"{RUNS}/{run['id']}/events", headers={"Last-Event-ID": last})).text

            assert ("event: log" in whole, "event: metrics" in whole, "event: end" in whole) == (True, True, True)
            assert ("event: log" in rest, "event: end" in rest) == (False, True)

        at_hub(body, loops=True)

    def test_give_their_log_from_a_byte_on_and_its_last_lines(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            run = (await world.client.post(RUNS, json={"module": "counting", "arguments": {"epochs": 3}})).json()
            await ended(world, run["id"])

            whole = await world.client.get(f"{RUNS}/{run['id']}/log")
            rest = await world.client.get(f"{RUNS}/{run['id']}/log", params={"start": 5})
            tail = await world.client.get(f"{RUNS}/{run['id']}/log", params={"lines": 1})
            end = await world.client.get(f"{RUNS}/{run['id']}/log", params={"start": whole.headers["x-log-end"]})

            assert (whole.text[5:], tail.text, end.text) == (rest.text, "epoch 3 of 3\n", "")

        at_hub(body, loops=True)

    def test_give_only_files_of_their_own_folder(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            run = (await world.client.post(RUNS, json={"module": "counting"})).json()
            await ended(world, run["id"])

            good = await world.client.get(f"{RUNS}/{run['id']}/files/model/counting.json")
            bad = [
                await world.client.get(f"{RUNS}/{run['id']}/files/{name}")
                for name in ("spec.json", "model/..%2f..%2f..%2fhub.token", "..%2f..%2fhub.token")
            ]

            assert (good.status_code, good.headers["content-type"]) == (200, "application/octet-stream")
            assert {each.status_code for each in bad} == {404}

        at_hub(body, loops=True)
