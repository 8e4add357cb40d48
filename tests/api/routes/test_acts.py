import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

import hub_world
import slow_site
import waiting
from pelagos import identity

AtHub = Callable[..., None]
PLACE = "/api/v1/datasets/birds/url"


async def until(world: hub_world.Here, act: dict[str, Any], holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    async with asyncio.timeout(waiting.WITHIN_S):
        while not holds(found := (await world.client.get(f"/api/v1/acts/{act['id']}")).json()):
            await asyncio.sleep(0.02)
    return dict(found)


def final(act: dict[str, Any]) -> bool:
    return bool(act["state"] != "running")


class TestFetchedDataset:
    def test_is_one_act_of_twenty_posts_with_one_key_and_tells_its_bytes(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            with slow_site.slow_site() as site:
                said = {"json": {"url": site.url}, "headers": {"Idempotency-Key": "k"}}
                posts: list[httpx.Response] = await asyncio.gather(
                    *(world.client.post(PLACE, **said) for _ in range(20))
                )
                act = posts[0].json()
                seen = await until(world, act, lambda found: found["done"] == 2000)
                site.go_on.set()
                done = await until(world, act, final)
            late = await world.client.post(PLACE, **said)
            dataset = (await world.client.get("/api/v1/datasets/birds")).json()

            assert {each.status_code for each in posts} == {202}
            assert {each.json()["id"] for each in posts} == {act["id"]} == {late.json()["id"]}
            assert (len(site.asked), seen["total"], act["kind"], act["about"]) == (1, 4000, "dataset", "birds")
            assert (done["state"], done["result"]["name"], done["result"]["bytes"]) == ("done", "birds", 4000)
            assert dataset["bytes"] == 4000

        at_hub(body, hub__private_urls=True)

    def test_is_cancelled_and_leaves_nothing(self, at_hub: AtHub, state: Path) -> None:
        async def body(world: hub_world.Here) -> None:
            with slow_site.slow_site() as site:
                act = (await world.client.post(PLACE, json={"url": site.url})).json()
                await until(world, act, lambda found: found["done"] == 2000)
                asked = await world.client.post(f"/api/v1/acts/{act['id']}/cancel")
                site.go_on.set()
                ended = await until(world, act, final)

            assert asked.json()["cancelling"]
            assert ended["state"] in ("cancelled", "done")
            assert [path.name for path in (state / "datasets" / ".staging").iterdir()] == []

        at_hub(body, hub__private_urls=True)

    def test_is_refused_at_once_when_that_can_be_told(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            bad = await world.client.post(PLACE, json={"url": "ftp://x/y"})
            mine = await world.client.post(PLACE, json={"url": "http://127.0.0.1:1/x.zip"})

            assert (bad.status_code, list(bad.json()["error"]["faults"])) == (422, ["url"])
            assert mine.status_code == 422
            assert (await world.client.get("/api/v1/acts")).json()["total"] == 0

        at_hub(body)


class TestInstallationAndProposal:
    def test_are_refused_at_once_when_that_can_be_told(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            install = await world.client.post("/api/v1/installed", json={"source": "./nowhere"})
            propose = await world.client.post("/api/v1/proposals", json={"path": "/nowhere"})

            assert (install.status_code, propose.status_code) == (422, 422)
            assert list(propose.json()["error"]["faults"]) == ["path"]

        at_hub(body)


class TestSource:
    def test_is_added_once_with_one_key(self, at_hub: AtHub, tmp_path: Path) -> None:
        async def body(world: hub_world.Here) -> None:
            said = {"json": {"location": str(tmp_path)}, "headers": {"Idempotency-Key": "k"}}
            posts = await asyncio.gather(*(world.client.post("/api/v1/sources", **said) for _ in range(5)))
            again = await world.client.post("/api/v1/sources", json={"location": str(tmp_path)})

            assert {each.status_code for each in posts} == {201}
            assert len({each.json()["id"] for each in posts}) == 1
            assert again.status_code == 409

        at_hub(body)


class TestActs:
    def test_are_listed_by_kind_and_state(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            with slow_site.slow_site() as site:
                act = (await world.client.post(PLACE, json={"url": site.url})).json()
                site.go_on.set()
                await until(world, act, final)
            found = {
                query: (await world.client.get(f"/api/v1/acts?{query}")).json()["total"]
                for query in ("kind=dataset", "kind=installation", "state=done", "state=running&state=failed")
            }

            assert list(found.values()) == [1, 0, 1, 0]
            assert (await world.client.get(f"/api/v1/acts/{'0' * 32}")).status_code == 404

        at_hub(body, hub__private_urls=True)

    def test_but_data_sets_are_cancelled_by_admins_only(self, at_hub: AtHub, tmp_path: Path) -> None:
        async def body(world: hub_world.Here) -> None:
            said = {"json": {"location": str(tmp_path)}, "headers": {"Idempotency-Key": "k"}}
            await world.client.post("/api/v1/sources", **said)
            (act,) = (await world.client.get("/api/v1/acts")).json()["items"]

            async with hub_world.somebody(world, identity.Role.USER) as user:
                refused = await user.post(f"/api/v1/acts/{act['id']}/cancel")

            assert refused.status_code == 403

        at_hub(body)
