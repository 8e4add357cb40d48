"""A server elsewhere is listed in the catalog of a hub, and its module is used there as any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import hub_world
import waiting
from journeys import programs
from pelagos import environments
from pelagos.cli import client as clients

WITHIN_S = 60.0


class World(NamedTuple):
    """A hub that has nothing but what another server has."""

    far: programs.Program
    hub: hub_world.Process
    client: clients.Client

    def page(self, path: str) -> str:
        """Give the text of a page."""
        with self.hub.client() as client:
            answer = client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, installed_modules: environments.Environments) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("server")
    (folder / "near").mkdir()
    with (
        programs.running("counting", folder / "far", installed_modules.root) as far,
        hub_world.process(folder / "near") as hub,
    ):
        client = clients.Client(hub.address, token=hub.token)
        client.modules.install(far.url)
        yield World(far, hub, client)
        # What is deployed would outlive the hub, and the tests.
        for each in client.deployments.list():
            each.delete()
        waiting.until(lambda: not client.deployments.list(), WITHIN_S)


class TestModuleOfAServer:
    def test_has_a_card(self, world: World) -> None:
        waiting.until(lambda: [each.name for each in world.client.modules.search("counting")] == ["counting"], WITHIN_S)

        card = world.client.modules.get("counting").card

        assert (card["inference"], card["trainable"]) == (True, True)
        assert "/modules/counting" in world.page("/modules?q=counting")

    def test_has_a_page_and_a_form_of_its_arguments(self, world: World) -> None:
        assert "/modules/counting/train" in world.page("/modules/counting")
        assert 'name="values"' in world.page("/modules/counting/try")

    def test_predicts_by_the_client_and_over_rest(self, world: World) -> None:
        answer = world.client.predict("counting", values=[1, 2])

        (deployment,) = world.client.deployments.list(module="counting")
        with world.hub.client() as client:
            form = {"values": ["3", "4"]}
            second = client.post(f"{deployment.path}v2/models/counting/predict/", data=form)
            console = client.get(f"{deployment.path}console/modules/counting/predict")

        assert answer["predictions"]["total"] == 3.0
        assert second.json()["predictions"]["total"] == 7.0
        assert 'name="values"' in console.text

    def test_trains_there_and_is_followed_here(self, world: World) -> None:
        run = world.client.train("counting", epochs=2).wait()

        assert run.result["epochs"] == 2
        assert "epoch 2 of 2" in run.log()
        ((there,),) = [world.far.get("/train/").body]
        assert there["uuid"] in run.log()


class TestServerThatIsGone:
    def test_is_said_to_be_on_the_page(self, tmp_path: Path, installed_modules: environments.Environments) -> None:
        (tmp_path / "near").mkdir()
        with hub_world.process(tmp_path / "near") as hub:
            with programs.running("trivial", tmp_path / "far", installed_modules.root) as far:
                clients.Client(hub.address, token=hub.token).modules.install(far.url)
            with hub.client() as client:
                page = client.get("/modules/trivial")

        assert page.status_code == 200
        assert f"{far.url} does not answer" in page.text
