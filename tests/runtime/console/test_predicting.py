from __future__ import annotations

import ast
import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from runtime.console.conftest import PICTURE

PAGE = "/console/modules/pictures/predict"
HTMX = {"hx-request": "true"}


def predict(client: httpx.Client, *, headers: dict[str, str] | None = None, **said: str) -> httpx.Response:
    files = {"image": ("reef.png", PICTURE, "image/png")}
    return client.post(PAGE, data={"_sent": "1", **said}, files=files, headers=headers or {})


class TestForm:
    def test_is_drawn_from_the_modules_description(self, client: httpx.Client) -> None:
        text = client.get(PAGE).text

        assert 'type="file" name="image"' in text
        assert re.search(r'name="top_k"[^>]*value="3"', text)
        assert "whole number, 1 to 3, default 3" in text
        assert "Classes shown" in text

    def test_is_filled_in_by_the_address(self, client: httpx.Client) -> None:
        text = client.get(f"{PAGE}?top_k=2&unknown=1").text

        assert re.search(r'name="top_k"[^>]*value="2"', text)

    def test_offers_the_pretrained_model_and_finished_trainings(
        self, client: httpx.Client, train: Callable[..., str]
    ) -> None:
        number = train()

        text = client.get(f"{PAGE}?model={number}").text

        assert '<option value="pretrained">pretrained</option>' in text
        assert re.search(rf'<option value="{number}" selected>[^<]*accuracy 82.1 %[^<]*{number[:8]}</option>', text)


class TestAnswer:
    def test_is_shown_as_bars_on_a_whole_page_without_scripts(self, client: httpx.Client) -> None:
        answer = predict(client)

        assert answer.status_code == 200
        assert answer.text.count('<svg class="bar"') == 3
        assert "by the pretrained model" in answer.text
        assert "<html" in answer.text

    def test_is_only_the_changing_parts_for_htmx(self, client: httpx.Client) -> None:
        answer = predict(client, headers=HTMX, top_k="1")

        assert "<html" not in answer.text
        assert answer.text.count('<svg class="bar"') == 1
        assert 'id="fault-field-image" hx-swap-oob="true"' in answer.text
        assert "pelagos predict pictures reef.png --top-k 1" in answer.text

    def test_comes_from_the_chosen_model(self, client: httpx.Client, train: Callable[..., str]) -> None:
        number = train()

        assert f"by model {number[:8]}" in predict(client, model=number).text


class TestFaults:
    def test_stand_all_at_their_fields_and_what_was_typed_stays(self, client: httpx.Client) -> None:
        answer = client.post(PAGE, data={"_sent": "1", "top_k": "99"})

        assert answer.status_code == 422
        assert re.search(r'id="fault-field-image">[^<]*missing', answer.text)
        assert re.search(r'id="fault-field-top-5f-k">[^<]*99', answer.text)
        assert re.search(r'name="top_k"[^>]*value="99"[^>]*aria-invalid="true"', answer.text)

    def test_of_the_modules_own_stand_at_the_field_too(self, client: httpx.Client) -> None:
        answer = client.post(PAGE, data={"_sent": "1"}, files={"image": ("<b>.zip", b"PK")}, headers=HTMX)

        assert answer.status_code == 422
        assert "&lt;b&gt;.zip is no PNG or JPEG picture" in answer.text

    def test_name_an_unknown_model(self, client: httpx.Client) -> None:
        answer = predict(client, model="0" * 32)

        assert answer.status_code == 422
        assert "is not a trained model" in answer.text

    def test_of_a_broken_body_are_told_on_a_page(self, client: httpx.Client) -> None:
        answer = client.post(PAGE, content=b"xx", headers={"content-type": "multipart/form-data; boundary=x"})

        assert answer.status_code == 400
        assert "That did not work" in answer.text


class TestStream:
    def test_sends_finished_parts_of_the_page_and_the_rest_at_the_end(self, client: httpx.Client) -> None:
        answer = client.post("/console/modules/talking/predict/stream", data={"_sent": "1", "words": "2"})

        parts = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]

        assert [part.strip() for part in parts[:2]] == [
            f"<span>word {number} &lt;b&gt;bold&lt;/b&gt; </span>" for number in (1, 2)
        ]
        assert "Answered in" in parts[2]
        assert "--words 2" in parts[3]

    def test_tells_faults(self, client: httpx.Client) -> None:
        answer = client.post("/console/modules/talking/predict/stream", data={"_sent": "1", "words": "many"})

        assert "Please look at the marked fields" in answer.text

    def test_is_gathered_where_there_are_no_scripts(self, client: httpx.Client) -> None:
        answer = client.post("/console/modules/talking/predict", data={"_sent": "1", "words": "2"})

        assert "word 1 &lt;b&gt;" in answer.text
        assert "word 2 &lt;b&gt;" in answer.text


class TestRecipe:
    @pytest.mark.parametrize("language", ["Python", "curl"])
    def test_does_the_same(self, client: httpx.Client, tmp_path: Path, language: str) -> None:
        text = predict(client, headers=HTMX, top_k="2").text
        (tmp_path / "reef.png").write_bytes(PICTURE)
        lines = html.unescape(re.search(rf'aria-label="{language}">(.*?)</pre>', text, re.DOTALL)[1])  # type: ignore[index]
        command = [sys.executable, "-c", lines] if language == "Python" else ["sh", "-c", lines]
        if language == "curl" and shutil.which("curl") is None:
            pytest.skip("curl is not installed")

        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)

        answer = ast.literal_eval(done.stdout) if language == "Python" else json.loads(done.stdout)
        assert answer["status"] == "OK"
        assert len(answer["predictions"]["labels"]) == 2
