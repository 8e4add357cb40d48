from __future__ import annotations

import json
from typing import Any

import pytest

from pelagos.runtime.console import answers


def kinds(value: Any) -> list[str]:
    return [view.kind for view in answers.views(value)]


class TestBars:
    @pytest.mark.parametrize(
        "value",
        [
            {"labels": ["cat", "dog"], "probabilities": [0.9, 0.1]},
            {"classes": ["cat", "dog"], "scores": [0.9, 0.1]},
            [{"label": "cat", "score": 0.9}, {"label": "dog", "score": 0.1}],
            [{"class": "cat", "probability": 0.9}, {"class": "dog", "probability": 0.1}],
            {"dog": 0.1, "cat": 0.9},
        ],
    )
    def test_are_found_in_the_shapes_modules_use(self, value: Any) -> None:
        (view,) = answers.views(value)

        assert [(bar.label, bar.percent) for bar in view.bars] == [("cat", "90.0 %"), ("dog", "10.0 %")]

    @pytest.mark.parametrize(
        "value",
        [
            {"labels": ["cat"], "probabilities": [0.9, 0.1]},
            {"labels": ["cat"], "probabilities": ["much"]},
            {"labels": ["cat"], "probabilities": [90]},
            {"width": 0.5, "height": 0.7},
            {"labels": [], "probabilities": []},
        ],
    )
    def test_are_not_seen_where_there_are_none(self, value: Any) -> None:
        assert "bars" not in kinds(value)

    def test_show_what_is_said_of_each_class_and_web_links_only(self) -> None:
        value = {
            "labels": ["cat"],
            "probabilities": [0.9],
            "labels_info": ["Felis catus"],
            "links": {"Wikipedia": ["https://example.org/cat"], "bad": ["javascript:alert(1)"]},
        }

        (view,) = answers.views(value)

        assert view.bars[0].info == "Felis catus"
        assert view.bars[0].links == (("Wikipedia", "https://example.org/cat"),)

    def test_leave_the_rest_of_the_answer_to_be_shown_too(self) -> None:
        assert kinds({"labels": ["cat"], "probabilities": [0.9], "model": "a"}) == ["bars", "facts"]

    def test_come_once_for_each_picture(self) -> None:
        one = {"labels": ["cat"], "probabilities": [0.9]}

        found = answers.views([{**one, "file": "a.png"}, one])

        assert [(view.kind, view.title) for view in found] == [("bars", "a.png"), ("bars", "2")]


class TestOtherAnswers:
    def test_that_are_rows_make_a_table(self) -> None:
        (view,) = answers.views([{"x": 1, "y": 2}, {"x": 3, "z": {"deep": 1}}])

        assert (view.kind, view.columns) == ("table", ("x", "y", "z"))
        assert view.rows == ((1, 2, ""), (3, "", {"deep": 1}))

    def test_that_are_mappings_make_facts(self) -> None:
        assert kinds({"total": 3, "inside": {"a": 1}}) == ["facts"]

    @pytest.mark.parametrize("value", [3, "text", None, True, [], [1, 2, 3], {}])
    def test_never_fail(self, value: Any) -> None:
        assert kinds(value)[0] in ("value", "facts")


class TestBodies:
    def test_of_v2_are_unwrapped(self) -> None:
        shown = answers.show(b'{"status": "OK", "predictions": {"total": 3}}', "application/json")

        assert shown.views[0].rows == (("total", 3),)
        assert json.loads(shown.raw)["status"] == "OK"

    def test_that_are_large_are_cut_in_the_raw_part(self) -> None:
        shown = answers.show(json.dumps(["x" * 10] * 10_000).encode(), "application/json")

        assert len(shown.raw) < answers.RAW_CHARACTERS + 100
        assert "cut here" in shown.raw

    def test_that_are_pictures_are_shown(self) -> None:
        shown = answers.show(b"\x89PNG", "image/png")

        assert shown.views[0].kind == "picture"
        assert shown.views[0].value[0] == "data:image/png;base64,iVBORw=="

    def test_that_are_large_files_are_not_put_into_the_page(self) -> None:
        shown = answers.show(b"0" * (answers.SHOWN_BYTES + 1), "image/png")

        assert shown.views[0].kind == "file"
        assert shown.views[0].value == ("", answers.SHOWN_BYTES + 1)

    def test_that_are_text_are_shown_as_text(self) -> None:
        shown = answers.show("häl".encode(), "text/html; charset=utf-8")

        assert (shown.views[0].kind, shown.views[0].value) == ("text", "häl")

    def test_that_came_in_pieces_are_gathered(self) -> None:
        shown = answers.show(b'data: {"x": 1}\n\ndata: {"x": 2}\n\n', "text/event-stream")

        assert shown.views[0].rows == ((1,), (2,))
