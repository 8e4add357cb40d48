from __future__ import annotations

import pytest

import hub_world
from web import training
from web.visits import Visitor


def add(visitor: Visitor, *files: tuple[str, bytes], **said: str) -> int:
    parts = [("_upload", file) for file in files] or [("_upload", ("", b""))]
    sent = {"data": {"_data": "upload", **said}, "files": parts, "headers": {"Origin": hub_world.ORIGIN}}
    return visitor.ask("POST", "/datasets", **sent).status_code


BIRDS = ("birds.zip", training.zipped("birds/finch/1.txt", "birds/finch/2.txt", "birds/tern/3.txt", "birds/read.me"))


class TestTheList:
    def test_says_what_to_do_when_it_is_empty(self, visitor: Visitor) -> None:
        assert "There are no data sets yet." in visitor.get("/datasets").text

    def test_shows_what_an_archive_became(self, visitor: Visitor) -> None:
        assert add(visitor, BIRDS) == 303

        page = visitor.get("/datasets").text

        assert 'href="/datasets/birds"' in page
        assert "4 bytes" in page

    def test_refuses_nothing_a_bad_name_and_a_taken_one(self, visitor: Visitor) -> None:
        add(visitor, BIRDS)

        assert add(visitor) == 422
        assert add(visitor, BIRDS, _name="../birds") == 422
        assert add(visitor, BIRDS, _name="birds") == 422
        assert [each.name for each in visitor.hub.datasets.list()] == ["birds"]

    def test_refuses_an_address_of_the_hub_itself(self, visitor: Visitor) -> None:
        assert add(visitor, _data="url", _url="http://127.0.0.1:1/birds.zip") >= 400
        assert visitor.hub.datasets.list() == ()


class TestBrowsing:
    def test_goes_into_folders_and_fetches_files(self, visitor: Visitor) -> None:
        add(visitor, BIRDS)

        top, inside = visitor.get("/datasets/birds").text, visitor.get("/datasets/birds?in=finch").text

        assert "?in=finch" in top
        assert 'href="/datasets/birds/files/finch/1.txt"' in inside
        answer = visitor.get("/datasets/birds/files/finch/1.txt")
        assert (answer.text, answer.headers["content-type"]) == ("1", "application/octet-stream")

    @pytest.mark.parametrize("path", ["/datasets/none", "/datasets/birds?in=../..", "/datasets/birds/files/%2e%2e/x"])
    def test_stays_inside(self, visitor: Visitor, path: str) -> None:
        add(visitor, BIRDS)

        assert visitor.get(path).status_code == 404

    def test_escapes_names_and_never_shows_a_page_of_a_data_set(self, visitor: Visitor) -> None:
        add(visitor, ("a.zip", training.zipped(f"{training.HOSTILE}.html", "b")))

        page = visitor.get("/datasets/a").text
        answer = visitor.get(f"/datasets/a/files/{training.HOSTILE}.html")

        assert "window.hacked" in page
        assert "<img src=x" not in page
        assert answer.headers["content-disposition"].startswith("attachment")


class TestDeletion:
    def test_is_asked_for_and_posted(self, visitor: Visitor) -> None:
        add(visitor, BIRDS)

        assert "Delete data set birds?" in visitor.get("/datasets/birds/delete").text
        visitor.post("/datasets/birds/delete")

        assert visitor.hub.datasets.list() == ()
