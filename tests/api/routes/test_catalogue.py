from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

import hub_world
from pelagos import catalog

AtHub = Callable[..., None]


def put(world: hub_world.Here, *cards: catalog.Card) -> None:
    now = world.hub.clock.now()
    world.hub.cards.put(catalog.Record(each, "test", "", now) for each in cards)


BIRDS = catalog.Card(name="birds", title="Birds of Europe", tags=["ornithology"], status=catalog.Status.LISTED)
TRIVIAL = catalog.Card(name="trivial", title="Echo", status=catalog.Status.LISTED)


class TestModules:
    def test_are_found_although_misspelt_and_say_which_are_installed(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            put(world, BIRDS, TRIVIAL)

            misspelt = (await world.client.get("/api/v1/modules", params={"q": "ornitology"})).json()
            everything = (await world.client.get("/api/v1/modules", params={"limit": "1"})).json()

            assert [each["name"] for each in misspelt["items"]] == ["birds"]
            assert misspelt["repaired"] == {"ornitology": "ornithology"}
            assert (everything["total"], len(everything["items"])) == (2, 1)
            assert everything["facets"]["tag"] == [{"value": "ornithology", "cards": 1}]

        at_hub(body)

    def test_give_their_card_in_every_format(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            put(world, BIRDS)

            shown = (await world.client.get("/api/v1/modules/birds")).json()
            files = {
                name: await world.client.get(f"/api/v1/modules/birds/card.{name}")
                for name in ("json", "codemeta", "ro-crate", "json-ld", "cff", "bibtex", "apa", "ris")
            }
            unknown = await world.client.get("/api/v1/modules/birds/card.doc")

            assert (shown["card"]["title"], shown["installed"]) == ("Birds of Europe", False)
            assert {each.status_code for each in files.values()} == {200}
            assert all("attachment" in each.headers["content-disposition"] for each in files.values())
            assert (unknown.status_code, "bibtex" in unknown.json()["error"]["hint"]) == (404, True)

        at_hub(body)

    def test_have_versions(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            put(world, BIRDS.model_copy(update={"version": "1.0"}))
            put(world, BIRDS.model_copy(update={"version": "2.0", "title": "All birds"}))

            listed = (await world.client.get("/api/v1/modules/birds/versions")).json()
            former = (await world.client.get("/api/v1/modules/birds", params={"version": "1.0"})).json()
            cited = await world.client.get("/api/v1/modules/birds/card.apa", params={"version": "1.0"})
            unknown = [
                await world.client.get(f"/api/v1/modules/{place}")
                for place in (
                    "birds?version=3.0",
                    "trivial?version=1",
                    "nobody/versions",
                    "birds/card.json?version=3.0",
                )
            ]

            told = {each["version"]: (each["newest"], each["installed"]) for each in listed["items"]}
            assert told == {"1.0": (False, False), "2.0": (True, False)}
            assert (former["version"], former["card"]["title"]) == ("1.0", "Birds of Europe")
            assert "Birds of Europe" in cited.text
            assert "/modules/birds?version=1.0" in cited.text
            assert [each.status_code for each in unknown] == [404] * 4

        at_hub(body)

    def test_keep_their_versions_when_they_leave(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            put(world, BIRDS.model_copy(update={"version": "1.0"}))
            world.hub.cards.remove(["birds"])

            (left,) = (await world.client.get("/api/v1/modules/birds/versions")).json()["items"]
            gone = (await world.client.get("/api/v1/modules/birds")).json()

            assert (left["version"], left["newest"]) == ("1.0", False)
            assert "has left the catalog" in gone["error"]["hint"]

        at_hub(body)

    def test_are_in_a_feed_of_their_tag(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            put(world, BIRDS, TRIVIAL)

            told = await world.client.get("/api/v1/modules.atom", params={"tag": "Ornithology"})

            titles = [each.text for each in ET.fromstring(told.content).iter("{http://www.w3.org/2005/Atom}title")]
            assert titles == ["Pelagos: Ornithology", "Birds of Europe"]

        at_hub(body)

    def test_are_described_when_they_are_installed(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            told = (await world.client.get("/api/v1/modules/trivial/description")).json()
            listed = (await world.client.get("/api/v1/installed")).json()

            assert told["name"] == "trivial"
            assert {"trivial", "counting"} <= {each["name"] for each in listed["items"]}

        at_hub(body)


class TestSources:
    def test_are_added_read_and_removed(self, at_hub: AtHub, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("source") / "birds"
        folder.mkdir()
        (folder / "module.toml").write_text('title = "Birds"\nsummary = "Names birds."\nlicence = "MIT"\n')

        async def body(world: hub_world.Here) -> None:
            added = (await world.client.post("/api/v1/sources", json={"location": str(folder.parent)})).json()
            found = (await world.client.get("/api/v1/modules", params={"q": "birds"})).json()
            again = await world.client.post("/api/v1/sources", json={"location": str(folder.parent)})
            gone = await world.client.delete(f"/api/v1/sources/{added['id']}")

            assert (added["cards"], added["error"]) == (1, "")
            assert found["total"] == 1
            assert (again.status_code, gone.status_code) == (409, 204)

        at_hub(body)

    def test_tell_of_faults(self, at_hub: AtHub, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("source") / "birds"
        folder.mkdir()
        (folder / "module.toml").write_text('title = "Birds\n')

        async def body(world: hub_world.Here) -> None:
            source = world.hub.sources.add(str(folder.parent))
            world.hub.sources.refresh(source.id)

            listed = (await world.client.get("/api/v1/sources")).json()["items"]

            (fault,) = next(each["faults"] for each in listed if each["id"] == source.id)
            assert (fault["module"], fault["file"], fault["line"], fault["column"]) == (
                "birds",
                "birds/module.toml",
                1,
                15,
            )
            assert fault["suggestion"].startswith("Write key")

        at_hub(body)


class TestSearch:
    def test_looks_in_everything(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            put(world, BIRDS)
            await world.client.post("/api/v1/runs", json={"module": "counting"})
            await world.client.post("/api/v1/deployments", json={"module": "trivial", "title": "Bird song"})

            birds = (await world.client.get("/api/v1/search", params={"q": "bird"})).json()["items"]
            counting = (await world.client.get("/api/v1/search", params={"q": "counting"})).json()["items"]

            assert {each["kind"] for each in birds} == {"module", "deployment"}
            assert [each["kind"] for each in counting] == ["run"]

        at_hub(body)
