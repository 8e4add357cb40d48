from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx

PAGE = "/console/modules/pictures/train"


def key_of(page: str) -> str:
    found = re.search(r'name="_key" value="([0-9a-f]{32})"', page)
    assert found
    return found[1]


class TestForm:
    def test_shows_basic_arguments_first_and_folds_the_advanced(self, client: httpx.Client) -> None:
        text = client.get(PAGE).text

        basic, advanced = text.split('<details class="more"')
        assert 'name="epochs"' in basic
        assert 'name="initial_lr"' in advanced
        assert "(5 arguments with good defaults)" in advanced

    def test_takes_the_arguments_of_an_earlier_run(
        self, client: httpx.Client, train: Callable[..., str], dataset: Path
    ) -> None:
        number = train(epochs="3", initial_lr="0.5", token="hunter2")

        text = client.get(f"{PAGE}?from={number}").text

        assert re.search(r'name="epochs"[^>]*value="3"', text)
        assert re.search(r'name="initial_lr"[^>]*value="0.5"', text)
        assert f'value="{dataset}"' in text
        assert '<details class="more" open>' in text
        assert "hunter2" not in text

    def test_offers_folders_used_before(self, client: httpx.Client, train: Callable[..., str], dataset: Path) -> None:
        train()

        assert f'<option value="{dataset}"></option>' in client.get(PAGE).text


class TestLaunch:
    def test_goes_to_the_page_of_the_new_training(self, client: httpx.Client, train: Callable[..., str]) -> None:
        number = train(use_augmentation="")

        job = client.get(f"/v2/models/pictures/train/{number}").json()
        assert job["args"]["epochs"] == 2
        assert job["args"]["use_augmentation"] is False

    def test_sent_twice_is_one_training(self, client: httpx.Client, dataset: Path) -> None:
        form = {"_sent": "1", "_key": key_of(client.get(PAGE).text), "dataset": str(dataset), "epochs": "1"}

        first, second = (client.post(PAGE, data=form).headers["location"] for _ in range(2))

        assert first == second
        assert client.post(PAGE, data={**form, "epochs": "2"}).headers["location"] != first

    def test_shows_all_faults_and_keeps_what_was_typed(self, client: httpx.Client) -> None:
        form = {"_sent": "1", "_key": "a" * 32, "epochs": "abc", "initial_lr": "7", "dataset": "/nowhere"}

        answer = client.post(PAGE, data=form)

        assert answer.status_code == 422
        for name, value in (("epochs", "abc"), ("initial_lr", "7"), ("dataset", "/nowhere")):
            assert re.search(rf'name="{name}"[^>]*value="{value}"[^>]*aria-invalid="true"', answer.text), name
        assert key_of(answer.text) == "a" * 32
        assert '<details class="more" open>' in answer.text

    def test_of_a_module_that_cannot_be_trained_is_declined(self, client: httpx.Client) -> None:
        assert "This module cannot be trained." in client.get("/console/modules/talking/train").text
        assert client.post("/console/modules/talking/train", data={"_sent": "1"}).status_code == 404
