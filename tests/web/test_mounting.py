from __future__ import annotations

import re

import pytest

from pelagos import web
from pelagos.domain import errors
from pelagos.web import desk
from web.visits import Visitor

PAGES = (
    "/",
    "/modules",
    "/modules/counting",
    "/modules/counting/try",
    "/proposals",
    "/sources",
    "/sites",
    "/settings",
    "/search",
)


class TestAllPages:
    @pytest.mark.parametrize("path", PAGES)
    def test_have_strict_headers_one_heading_and_lines_to_copy(self, visitor: Visitor, path: str) -> None:
        answer = visitor.get(path)

        assert (answer.status_code, answer.headers["x-frame-options"]) == (200, "DENY")
        assert "script-src 'self'; style-src 'self'" in answer.headers["content-security-policy"]
        assert len(re.findall("<h1", answer.text)) == 1
        assert "The same from a terminal or a script" in answer.text

    @pytest.mark.parametrize("path", PAGES)
    def test_hold_no_script_and_no_style_of_their_own(self, visitor: Visitor, path: str) -> None:
        page = visitor.get(path).text

        assert not re.findall(r"<style|\sstyle=|\son\w+=|javascript:", page)
        assert not re.findall(r"<script(?![^>]*(src=|application/ld\+json))", page)
        assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!example\.org)', page.partition("<main")[0])

    def test_say_what_is_not_there(self, visitor: Visitor) -> None:
        answer = visitor.get("/nowhere")

        assert (answer.status_code, "Nothing is at /nowhere." in answer.text) == (404, True)

    def test_point_to_files_that_are_there(self, visitor: Visitor) -> None:
        named = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', visitor.get("/modules/counting/try").text))

        assert len(named) > 6
        assert [path for path in named if visitor.get(path).status_code != 200] == []


class TestThePageForStrangers:
    def test_says_how_to_sign_in_and_escapes(self) -> None:
        page = web.refused(401, errors.Unauthenticated("<b>who</b>"))

        assert "pelagos login" in page
        assert "&lt;b&gt;who" in page
        assert "<script" not in page

    def test_needs_no_file_that_strangers_cannot_have(self) -> None:
        named = re.findall(r'(?:src|href)="([^"]+)"', web.refused(403, errors.Forbidden()))

        assert [path for path in named if path != "/" and not path.startswith("/static/")] == []


class TestTheColourOfAState:
    @pytest.mark.parametrize(
        ("state", "colour"),
        [
            ("CREATE_COMPLETE", "done"),
            ("UPDATE_IN_PROGRESS", "running"),
            ("CREATE_FAILED", "failed"),
            ("STOP_COMPLETE", "ended"),
        ],
    )
    def test_is_that_of_runs(self, state: str, colour: str) -> None:
        assert desk.badge(state) == colour
