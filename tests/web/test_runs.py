from __future__ import annotations

from web import training
from web.visits import Visitor


class TestTheList:
    def test_says_what_to_do_when_it_is_empty(self, visitor: Visitor) -> None:
        assert "Nothing has been run yet." in visitor.get("/runs").text

    def test_shows_what_was_set_and_what_came_of_it(self, visitor: Visitor) -> None:
        number = training.trained(visitor, epochs="4")

        page = visitor.get("/runs").text

        assert f'href="/runs/{number}"' in page
        assert "80.0 %" in page
        assert "epochs 4" in page
        assert "stubborn" not in page

    def test_is_narrowed_by_the_address(self, visitor: Visitor) -> None:
        number = training.trained(visitor)

        for query in ("state=done", "kind=training", "module=counting", f"text={number}", "state=nonsense"):
            assert f'href="/runs/{number}"' in visitor.get(f"/runs?{query}").text, query
        for query in ("state=failed", "kind=batch_prediction", "module=trivial", "text=plankton"):
            assert "No run is like that." in visitor.get(f"/runs?{query}").text, query

    def test_hides_deleted_runs_until_asked(self, visitor: Visitor) -> None:
        number = training.trained(visitor)
        visitor.hub.jobs.delete(number)

        assert number not in visitor.get("/runs").text
        assert number in visitor.get("/runs?deleted=1").text

    def test_survives_a_module_that_is_gone(self, visitor: Visitor) -> None:
        number = training.trained(visitor)
        (visitor.hub.modules.root.parent / "modules").unlink()

        assert number in visitor.get("/runs").text
