from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from web.visits import Visitor


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder with one module."""
    folder = tmp_path / "shelf"
    (folder / "birds").mkdir(parents=True)
    (folder / "birds" / "module.toml").write_text('title = "Birds"\n')
    return folder


def wait_for_read(visitor: Visitor, source: str) -> None:
    deadline = time.monotonic() + 20
    while visitor.hub.sources.get(source).tried is None:
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


class TestSources:
    def test_are_read_as_soon_as_they_are_added(self, visitor: Visitor, shelf: Path) -> None:
        answer = visitor.post("/sources", location=str(shelf), kind="")
        wait_for_read(visitor, "shelf")

        assert (answer.status_code, answer.headers["location"]) == (303, "/sources")
        assert str(shelf) in visitor.get("/sources").text
        assert visitor.get("/modules/birds").status_code == 200

    @pytest.mark.parametrize("location", ["", "/nowhere/at/all", "<script>"])
    def test_that_are_none_are_refused_beside_what_was_typed(self, visitor: Visitor, location: str) -> None:
        answer = visitor.post("/sources", location=location)

        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
        assert "<script>" not in answer.text.partition("<main")[2]

    def test_say_what_went_wrong_and_keep_their_cards(self, visitor: Visitor, shelf: Path) -> None:
        source = visitor.hub.sources.add(str(shelf))
        visitor.hub.sources.refresh(source.id)
        shelf.rename(shelf.with_name("moved"))
        visitor.hub.sources.refresh(source.id)

        page = visitor.get("/sources").text

        assert 'class="note bad small"' in page
        assert visitor.get("/modules/birds").status_code == 200

    def test_show_the_faults_of_their_cards_with_file_line_and_column(self, visitor: Visitor, shelf: Path) -> None:
        (shelf / "birds" / "module.toml").write_text('title = "Birds"\n"<script>" = \n')
        source = visitor.hub.sources.add(str(shelf))
        visitor.hub.sources.refresh(source.id)

        page = visitor.get("/sources").text.partition("<main")[2]

        assert "1 fault in its cards" in page
        assert "birds/module.toml:2:14" in page
        assert "This is not TOML: Invalid value." in page
        assert "a table begins with [name]." in page

    def test_are_removed_with_their_cards_after_a_question(self, visitor: Visitor, shelf: Path) -> None:
        source = visitor.hub.sources.add(str(shelf))
        visitor.hub.sources.refresh(source.id)

        asked = visitor.get(f"/sources/{source.id}/remove")
        visitor.post(f"/sources/{source.id}/remove")

        assert "Its 1 cards leave the catalog" in asked.text
        assert visitor.get("/modules/birds").status_code == 404

    def test_of_what_is_installed_cannot_be_removed(self, visitor: Visitor) -> None:
        assert 'href="/sources/installed/remove"' not in visitor.get("/sources").text
        assert visitor.post("/sources/installed/remove").status_code == 409
