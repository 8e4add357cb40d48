from __future__ import annotations

import re
from pathlib import Path

from pelagos import orchestrator
from web.visits import Visitor


class TestTryingAModule:
    def test_draws_the_form_filled_in_with_the_example_that_was_chosen(self, visitor: Visitor) -> None:
        plain, filled = visitor.get("/modules/trivial/try").text, visitor.get("/modules/trivial/try?example=1").text

        values = [re.findall(r'name="(\w+)" id="field-\w+" value="([^"]*)"', page) for page in (plain, filled)]
        assert values == [[("text", ""), ("number", "1")], [("text", "hello"), ("number", "2")]]

    def test_offers_to_start_what_is_not_running(self, visitor: Visitor) -> None:
        assert ">Start it</button>" in visitor.get("/modules/trivial/try").text

    def test_starts_one_deployment_that_stops_by_itself(self, visitor: Visitor) -> None:
        answers = [visitor.post("/modules/trivial/try?example=1") for _ in range(2)]

        (made,) = visitor.hub.deployments.find(module="trivial")
        assert [(each.status_code, each.headers["location"]) for each in answers] == [
            (303, "/modules/trivial/try?example=1")
        ] * 2
        assert (made.wish.what, made.wish.idle_stop_s, made.person) == (orchestrator.What.MODULE, 900.0, "local")

    def test_waits_for_a_deployment_that_comes_up(self, visitor: Visitor) -> None:
        visitor.post("/modules/trivial/try")

        page = visitor.get("/modules/trivial/try").text

        assert "it is being started" in page
        assert ">Start it</button>" not in page

    def test_leads_to_the_card_of_a_module_that_is_not_installed(self, visitor: Visitor) -> None:
        visitor.put("plankton")

        answer = visitor.get("/modules/plankton/try")

        assert (answer.status_code, answer.headers["location"]) == (302, "/modules/plankton")

    def test_ignores_an_example_that_is_not_there(self, visitor: Visitor) -> None:
        assert [visitor.get(f"/modules/trivial/try?example={said}").status_code for said in ("9", "-1", "x")] == [
            200
        ] * 3


class TestTheFilesOfExamples:
    def test_are_those_of_the_module_only(self, visitor: Visitor, tmp_path: Path) -> None:
        shelf = tmp_path / "shelf"
        (shelf / "pictures").mkdir(parents=True)
        (shelf / "pictures" / "one.png").write_bytes(b"picture")
        (shelf / "secret").write_text("secret")
        (shelf / "pictures" / "module.toml").write_text(
            'title = "Pictures"\n[[examples]]\ninput = { image = "one.png", other = "../secret", much = 1 }\n'
        )
        source = visitor.hub.sources.add(str(shelf))
        visitor.hub.sources.refresh(source.id)

        found = {name: visitor.get(f"/modules/pictures/examples/1/{name}") for name in ("image", "other", "much", "no")}

        assert found["image"].content == b"picture"
        assert found["image"].headers["content-type"] == "application/octet-stream"
        assert [found[name].status_code for name in ("other", "much", "no")] == [404] * 3
        assert visitor.get("/modules/pictures/examples/2/image").status_code == 404
