from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import httpx

from journeys import stage

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


class TestGoingOn:
    def form(self, client: httpx.Client, number: str, dataset: Path, **more: str) -> dict[str, str]:
        key = key_of(client.get(f"{PAGE}?from={number}").text)
        return {"_sent": "1", "_key": key, "_from": number, "dataset": str(dataset), "epochs": "1", **more}

    def resume_of(self, served: stage.Served, answer: httpx.Response) -> str | None:
        number = answer.headers["location"].rpartition("/")[2]
        found: str | None = json.loads((served.state / "jobs" / number / "spec.json").read_bytes())["resume"]
        return found

    def test_is_from_what_the_earlier_training_saved_if_that_is_ticked(
        self, client: httpx.Client, served: stage.Served, train: Callable[..., str], dataset: Path
    ) -> None:
        number = train(epochs="1")
        form = self.form(client, number, dataset)

        anew, going_on = client.post(PAGE, data=form), client.post(PAGE, data={**form, "_resume": "1"})

        assert self.resume_of(served, anew) is None
        assert self.resume_of(served, going_on) == str(served.state / "jobs" / number / "model")

    def test_stays_ticked_when_something_else_is_wrong(
        self, client: httpx.Client, train: Callable[..., str], dataset: Path
    ) -> None:
        number = train(epochs="1")
        form = self.form(client, number, dataset, _resume="1", epochs="many")

        answer = client.post(PAGE, data=form)

        assert answer.status_code == 422
        assert re.search(r'name="_resume" value="1" checked', answer.text)
        assert f'name="_from" value="{number}"' in answer.text

    def test_is_neither_offered_nor_done_without_such_a_training(self, client: httpx.Client, dataset: Path) -> None:
        page = client.get(PAGE).text
        form = {"_sent": "1", "_key": key_of(page), "_resume": "1", "dataset": str(dataset), "epochs": "1"}

        answer = client.post(PAGE, data={**form, "_from": "0" * 32})

        assert 'name="_resume"' not in page
        assert answer.status_code == 404
        assert "There is no job 000" in answer.text
