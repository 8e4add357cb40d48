from __future__ import annotations

import csv

from web import training
from web.visits import Visitor


class TestThePage:
    def test_shows_what_differs_first(self, visitor: Visitor) -> None:
        first, second = training.trained(visitor, epochs="1"), training.trained(visitor, epochs="3")

        page = visitor.get(f"/runs/compare?run={first}&run={second}").text

        different, same = page.split("Arguments that are the same")
        assert '<th scope="row">epochs</th><td class="mono">1</td><td class="mono">3</td>' in different
        assert '<th scope="row">stubborn</th>' in same
        assert f'href="/runs/compare?run={second}"' in page

    def test_shows_eight_at_most_and_each_once(self, visitor: Visitor) -> None:
        number = training.trained(visitor)

        page = visitor.get(f"/runs/compare?run={number}&run={number}&run=").text

        assert '<h2 id="table-name">1 run</h2>' in page

    def test_without_runs_says_where_to_choose_them(self, visitor: Visitor) -> None:
        assert 'href="/runs">the list of runs' in visitor.get("/runs/compare").text


class TestTheCurves:
    def test_have_a_chart_for_each_metric_with_a_line_for_each_run(self, visitor: Visitor) -> None:
        first, second = training.trained(visitor, epochs="1"), training.trained(visitor, epochs="2")

        told = visitor.get(f"/runs/compare/curves?run={first}&run={second}").json()

        assert [group["name"] for group in told["groups"]] == ["loss", "accuracy"]
        assert told["groups"][0]["series"] == [
            {"key": "0.loss", "label": first[:8]},
            {"key": "1.loss", "label": second[:8]},
        ]
        assert {"step": 2, "1.loss": 0.5, "1.accuracy": 1 - 1 / 3} in told["rows"]


class TestTheTable:
    def test_has_a_row_for_each_run(self, visitor: Visitor) -> None:
        first, second = training.trained(visitor, epochs="1"), training.trained(visitor, epochs="3")

        answer = visitor.get(f"/runs/compare.csv?run={first}&run={second}")

        rows = list(csv.DictReader(answer.text.splitlines()))
        assert [row["run"] for row in rows] == [first, second]
        assert answer.headers["content-disposition"] == 'attachment; filename="runs.csv"'

    def test_holds_no_formula(self, visitor: Visitor) -> None:
        number = training.trained(visitor)
        job = visitor.hub.jobs.get(number)
        visitor.hub.jobs._store.amend(job, arguments={"dataset": "=HYPERLINK(1)", "delay_s": -1.5})

        row = next(csv.DictReader(visitor.get(f"/runs/compare.csv?run={number}").text.splitlines()))

        assert (row["dataset"], row["delay_s"]) == ("'=HYPERLINK(1)", "-1.5")
