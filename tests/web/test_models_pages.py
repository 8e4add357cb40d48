from __future__ import annotations

import io
import zipfile
from pathlib import Path

from web import training
from web.visits import Visitor


class TestTheList:
    def test_says_what_to_do_when_it_is_empty(self, visitor: Visitor) -> None:
        assert "No model has been trained yet." in visitor.get("/models").text

    def test_shows_what_trainings_left(self, visitor: Visitor) -> None:
        number = training.trained(visitor, epochs="4")

        page = visitor.get("/models").text

        assert f'href="/models/{number}"' in page
        assert "80.0 %" in page
        assert "No model is like that." in visitor.get("/models?module=trivial").text


class TestAModel:
    def test_is_named_described_and_aliased(self, visitor: Visitor) -> None:
        number = training.trained(visitor)

        visitor.post(f"/models/{number}", title="Good one", description=training.HOSTILE)
        visitor.post(f"/models/{number}", alias="production")

        page = visitor.get(f"/models/{number}").text
        assert "Good one" in page
        assert '<span class="badge done">production</span>' in page
        assert "<img src=x" not in page

    def test_loses_an_alias(self, visitor: Visitor) -> None:
        number = training.trained(visitor)
        visitor.hub.models.alias(number, "production")

        visitor.post(f"/models/{number}", remove="production")

        assert visitor.hub.models.get(number).aliases == ()

    def test_refuses_a_bad_alias_and_keeps_what_was_typed(self, visitor: Visitor) -> None:
        number = training.trained(visitor)

        answer = visitor.post(f"/models/{number}", alias="not a word!")

        assert answer.status_code == 422
        assert 'value="not a word!"' in answer.text

    def test_is_downloaded_as_a_zip_file(self, visitor: Visitor) -> None:
        answer = visitor.get(f"/models/{training.trained(visitor)}/download")

        with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
            assert any(name.endswith("counting.json") for name in packed.namelist())

    def test_predicts_for_every_file_of_a_data_set(self, visitor: Visitor, tmp_path: Path) -> None:
        number = training.trained(visitor, epochs="4")
        (tmp_path / "one").write_text("2")
        visitor.hub.datasets.add_files("numbers", [("a.txt", tmp_path / "one"), ("b.txt", tmp_path / "one")])

        answer = visitor.post(f"/models/{number}/batch", dataset="numbers")

        # The module wants `values` too, which a batch of files does not give.
        assert answer.status_code == 422
        assert "values" in answer.text
        assert "There is no data set" in visitor.post(f"/models/{number}/batch", dataset="none").text

    def test_is_deleted_when_that_is_confirmed(self, visitor: Visitor) -> None:
        number = training.trained(visitor)

        assert "Delete" in visitor.get(f"/models/{number}/delete").text
        visitor.post(f"/models/{number}/delete")

        assert visitor.get(f"/models/{number}").status_code == 404
