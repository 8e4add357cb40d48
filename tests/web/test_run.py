from __future__ import annotations

import re

import pytest

from web import training
from web.visits import Visitor


class TestThePage:
    def test_of_a_finished_training_has_everything(self, visitor: Visitor) -> None:
        number = training.trained(visitor, epochs="4", _cpus="1")

        answer = visitor.get(f"/runs/{number}")

        for part in (
            '<span class="badge done">done</span>',
            "CPU h",
            "80.0 %",
            "Figures as a table",
            "epoch 4 of 4",
            "model/counting.json",
            "Model card",
            f'href="/models/{number}"',
            f'href="/modules/counting/deploy?model={number}"',
            f'href="/modules/counting/train?from={number}"',
            f"pelagos jobs show {number}",
        ):
            assert part in answer.text, part
        assert len(answer.content) < 130_000

    def test_compares_arguments_with_another_run(self, visitor: Visitor) -> None:
        first, second = training.trained(visitor, epochs="1"), training.trained(visitor, epochs="3")

        page = visitor.get(f"/runs/{second}?compare={first}").text

        assert page.count('<tr class="changed">') == 1
        assert f"in {first[:8]}" in page

    def test_filters_the_log_by_the_address(self, visitor: Visitor) -> None:
        page = visitor.get(f"/runs/{training.trained(visitor)}?log=EPOCH 2").text

        assert "epoch 2 of 2" in page
        assert "epoch 1 of 2" not in page

    def test_of_a_failure_says_why_and_offers_no_model(self, visitor: Visitor) -> None:
        number = training.begin(visitor, fail="true")
        training.ended(visitor, number)

        page = visitor.get(f"/runs/{number}").text

        assert "The module raised an error" in page
        assert "Deploy this model" not in page

    def test_of_no_run_is_not_there(self, visitor: Visitor) -> None:
        assert visitor.get(f"/runs/{'0' * 32}").status_code == 404

    def test_escapes_what_the_module_wrote(self, visitor: Visitor) -> None:
        number = training.trained(visitor)
        folder = visitor.hub.jobs.run_folder(number)
        (folder.path / "log").write_text(training.HOSTILE)
        (folder.model / "<b onmouseover=alert(1)>").write_text("1")

        page = visitor.get(f"/runs/{number}?log=<img").text

        assert "window.hacked" in page
        assert not re.search(r"<img src=x|<b onmouseover", page)


class TestItsFiles:
    def test_are_downloads_and_nothing_else(self, visitor: Visitor) -> None:
        number = training.trained(visitor)

        answer, log = visitor.get(f"/runs/{number}/files/model/counting.json"), visitor.get(f"/runs/{number}/log")

        assert answer.headers["content-disposition"].startswith("attachment")
        assert log.text == "epoch 1 of 2\nepoch 2 of 2\n"

    @pytest.mark.parametrize("name", ["spec.json", "model/%2e%2e/spec.json", "model/none"])
    def test_are_only_those_that_are_listed(self, visitor: Visitor, name: str) -> None:
        assert visitor.get(f"/runs/{training.trained(visitor)}/files/{name}").status_code == 404


class TestItsEnd:
    def test_is_asked_for_and_posted(self, visitor: Visitor) -> None:
        number = training.begin(visitor, delay_s="30")

        question = visitor.get(f"/runs/{number}/cancel").text
        visitor.post(f"/runs/{number}/cancel")

        assert "Cancel run" in question
        assert training.ended(visitor, number).state == "cancelled"
        # What ended cannot be cancelled again.
        assert visitor.get(f"/runs/{number}/cancel").status_code == 303

    def test_may_be_followed_by_deletion(self, visitor: Visitor) -> None:
        number = training.trained(visitor)

        visitor.post(f"/runs/{number}/delete")

        page = visitor.get(f"/runs/{number}").text
        assert "Its files were deleted" in page
        assert "sse-connect" not in page


class TestItsStream:
    def test_tells_all_that_happened_and_ends(self, visitor: Visitor) -> None:
        number = training.trained(visitor)

        text = visitor.get(f"/runs/{number}/stream").text

        assert [line for line in text.splitlines() if line.startswith("event:")] == [
            "event: status",
            "event: log",
            "event: metrics",
            "event: end",
        ]
