from __future__ import annotations

from collections.abc import Callable

import httpx

from journeys import stage


class TestCancel:
    def test_asks_back_and_then_ends_the_training(self, client: httpx.Client, train: Callable[..., str]) -> None:
        number = train(wait=False, epochs="300", pause_s="0.1")
        page = f"/console/trainings/{number}"

        question = client.get(f"{page}/cancel").text
        answer = client.post(f"{page}/cancel")

        assert "Cancel the training" in question
        assert f"pelagos jobs cancel {number}" in question
        assert (answer.status_code, answer.headers["location"]) == (303, page)
        assert "badge cancelled" in client.get(page).text

    def test_of_one_that_has_ended_is_not_asked(self, client: httpx.Client, train: Callable[..., str]) -> None:
        number = train()

        answer = client.get(f"/console/trainings/{number}/cancel")

        assert (answer.status_code, answer.headers["location"]) == (303, f"/console/trainings/{number}")


class TestDelete:
    def test_removes_the_files_and_keeps_the_record(
        self, client: httpx.Client, served: stage.Served, train: Callable[..., str]
    ) -> None:
        number = train()

        client.post(f"/console/trainings/{number}/delete")

        text = client.get(f"/console/trainings/{number}").text
        assert "Its files were deleted on" in text
        assert not (served.state / "jobs" / number).exists()
        assert number not in client.get("/console/modules/pictures/predict").text
        assert number in client.get("/console/trainings/?deleted=1").text
        assert number not in client.get("/console/trainings/").text

    def test_of_a_running_one_is_refused(self, client: httpx.Client, train: Callable[..., str]) -> None:
        number = train(wait=False, epochs="300", pause_s="0.1")

        answer = client.post(f"/console/trainings/{number}/delete")

        assert answer.status_code == 409
        assert "Cancel it first." in answer.text
        client.post(f"/console/trainings/{number}/cancel")

    def test_is_never_done_by_a_link(self, client: httpx.Client, train: Callable[..., str]) -> None:
        number = train()

        client.get(f"/console/trainings/{number}/delete")

        assert "Its files were deleted" not in client.get(f"/console/trainings/{number}").text
