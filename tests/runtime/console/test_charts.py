from __future__ import annotations

from pelagos.runtime.console import charts


class TestGroups:
    def test_put_training_and_validation_into_one_chart(self) -> None:
        found = charts.groups(["loss", "val_loss", "val_accuracy", "accuracy"])

        assert found == [
            {
                "name": "accuracy",
                "series": [{"key": "accuracy", "label": "train"}, {"key": "val_accuracy", "label": "validation"}],
            },
            {
                "name": "loss",
                "series": [{"key": "loss", "label": "train"}, {"key": "val_loss", "label": "validation"}],
            },
        ]

    def test_know_prefixes_suffixes_and_separators(self) -> None:
        found = charts.groups(["train/loss", "loss_test", "validation.loss"])

        assert [(group["name"], [one["label"] for one in group["series"]]) for group in found] == [
            ("loss", ["train", "validation", "test"])
        ]

    def test_leave_a_metric_that_stands_alone_without_a_label(self) -> None:
        assert charts.groups(["learning_rate"]) == [
            {"name": "learning_rate", "series": [{"key": "learning_rate", "label": ""}]}
        ]

    def test_are_not_made_without_end(self) -> None:
        assert len(charts.groups(f"m{number}" for number in range(100))) == charts.CHARTS


class TestNames:
    def test_are_those_of_metrics_only(self) -> None:
        assert charts.names([{"step": 1, "time": 2.0, "loss": 3}, {"step": 2, "f1": None}]) == ["loss", "f1"]


class TestThinning:
    def test_keeps_few_rows_as_they_are(self) -> None:
        rows = [{"step": number} for number in range(5)]

        assert charts.thinned(rows, 5) == rows

    def test_keeps_the_first_and_the_last_of_many(self) -> None:
        rows = [{"step": number} for number in range(100_001)]

        found = charts.thinned(rows, 2000)

        assert len(found) <= 2000
        assert (found[0], found[-1]) == (rows[0], rows[-1])
