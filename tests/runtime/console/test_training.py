from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest

from journeys import stage
from pelagos.runtime.console import following, logs


def page(client: httpx.Client, number: str, query: str = "") -> str:
    answer = client.get(f"/console/trainings/{number}{query}")
    assert answer.status_code == 200
    assert len(answer.content) < 130_000
    return answer.text


class TestPage:
    def test_of_a_finished_training_has_everything(self, client: httpx.Client, train: Callable[..., str]) -> None:
        number = train()

        text = page(client, number)

        for part in (
            '<span class="badge done">done</span>',
            "82.1 %",
            "Confusion matrix",
            "Each class",
            "epoch 2/2: accuracy",
            f"/console/modules/pictures/predict?model={number}",
            f"/console/modules/pictures/train?from={number}",
            "model/shift.json",
            "outputs/report.txt",
            "Figures as a table",
            f"pelagos jobs show {number}",
        ):
            assert part in text, part

    def test_reads_without_a_script_to_the_last_figure(self, client: httpx.Client, train: Callable[..., str]) -> None:
        text = page(client, train())

        assert re.search(r'<tr><th scope="row">2</th>.*?0.4375', text, re.DOTALL)

    def test_compares_the_arguments_with_another_run(self, client: httpx.Client, train: Callable[..., str]) -> None:
        first, second = train(epochs="1"), train(epochs="2")

        text = page(client, second, f"?compare={first}")

        assert text.count('<tr class="changed">') == 1
        assert f"in {first[:8]}" in text

    def test_folds_away_the_arguments_at_their_defaults(self, client: httpx.Client, train: Callable[..., str]) -> None:
        text = page(client, train(epochs="7", use_augmentation="true"))

        chosen, usual = text.split('At their defaults <span class="muted">(6)</span>')
        assert '<th scope="row">epochs</th>' in chosen
        assert '<th scope="row">initial_lr</th>' in usual

    def test_hides_secrets(self, client: httpx.Client, train: Callable[..., str]) -> None:
        text = page(client, train(token="hunter2"))

        assert "hunter2" not in text
        assert "(secret)" in text

    def test_filters_the_log_by_the_address(self, client: httpx.Client, train: Callable[..., str]) -> None:
        text = page(client, train(), "?log=EPOCH 2")

        assert "epoch 2/2" in text
        assert "epoch 1/2" not in text

    def test_of_a_failed_training_says_why(self, client: httpx.Client) -> None:
        answer = client.post("/console/modules/hostile/train", data={"_sent": "1", "fail": "true"})
        path = answer.headers["location"]

        wait_for(client, path, "failed")

        text = client.get(path).text
        assert "The module raised an error" in text
        assert "<script>window" not in text

    def test_of_an_unknown_training_is_a_page(self, client: httpx.Client) -> None:
        answer = client.get(f"/console/trainings/{'0' * 32}")

        assert answer.status_code == 404
        assert "<h1>" in answer.text


class TestLog:
    def test_is_cut_in_the_page_and_whole_in_the_download(
        self, client: httpx.Client, served: stage.Served, train: Callable[..., str]
    ) -> None:
        number = train()
        written = b"".join(b"line %d of a long log \xe2\x9c\x93\n" % place for place in range(20_000))
        (served.state / "jobs" / number / "log").write_bytes(written)

        text = page(client, number)
        download = client.get(f"/console/trainings/{number}/log")

        assert text.count("of a long log") == logs.TAIL_LINES
        assert "line 19999 of" in text
        assert "the beginning is left out" in text
        assert download.content == written
        assert "attachment" in download.headers["content-disposition"]


class TestFiles:
    def test_are_downloads_whatever_they_hold(self, client: httpx.Client) -> None:
        path = client.post("/console/modules/hostile/train", data={"_sent": "1"}).headers["location"]
        wait_for(client, path, "done")

        answer = client.get(f"{path}/files/model/model.html")

        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")

    @pytest.mark.parametrize(
        "name",
        [
            "../../pelagos.sqlite3",
            "model/../../../pelagos.sqlite3",
            "spec.json",
            "inputs/x",
            "model",
            "model/no",
            "link",
        ],
    )
    def test_are_only_those_of_the_training(
        self, client: httpx.Client, train: Callable[..., str], name: str, served: stage.Served
    ) -> None:
        number = train()
        link = served.state / "jobs" / number / "model" / "link"
        link.symlink_to("/etc/passwd")

        wanted = "model/link" if name == "link" else name
        # The client would resolve the dots itself.
        answer = client.get(f"/console/trainings/{number}/files/" + wanted.replace("..", "%2e%2e"))

        assert answer.status_code == 404


class TestPlace:
    def test_is_read_from_the_last_event_before_the_address(self) -> None:
        class Asked:
            headers = {"last-event-id": "12.34"}  # noqa: RUF012
            query_params = {"from": "1.2"}  # noqa: RUF012

        assert following.place(Asked()) == following.Place(12, 34)  # type: ignore[arg-type]


def wait_for(client: httpx.Client, path: str, state: str) -> None:
    with client.stream("GET", f"{path}/stream") as stream:
        for line in stream.iter_lines():
            if line == f"data: {state}":
                return
    raise AssertionError(f"{path} was never {state}")
