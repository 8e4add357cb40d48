"""Trainings from the data set to the written model."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy
import onnxruntime
import pytest
from pelagos.module import BadInput, Training

from builders import encoded, noise, stripes, write
from pelagos_image_classification import arguments, augment, classifier, dataset, extras, stages, training

FAST = {"mode": "fast", "epochs": 3}


def options(**given: object) -> arguments.Options:
    return arguments.Options(**{**FAST, "image_size": 64, **given})  # type: ignore[arg-type]


def metrics(run: Training) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]


def predictions(run: Training) -> list[dict[str, str]]:
    return list(csv.DictReader((run.outputs / "test_predictions.csv").read_text().splitlines()))


def notes(report: Mapping[str, list[str]]) -> list[str]:
    """Give the notes but those about stripes that are alike in two lists, which our small data sets cannot help."""
    return [note for note in report["notes"] if not note.endswith("also training pictures, so the judgement flatters")]


class TestAFastTrainingOnPlankton:
    def test_ends_with_a_judged_model_and_its_papers(self, plankton: Path, new_run: Callable[..., Training]) -> None:
        run = new_run()

        report = training.train(run, plankton, arguments.Options(mode="fast", epochs=5))

        assert report["accuracy"] >= 0.75
        assert report["judged_by"] == "test"
        assert (report["val"]["pictures"], report["test"]["pictures"]) == (15, 8)
        assert numpy.sum(report["confusion_matrix"]) == 8
        assert [row["class"] for row in report["per_class"]] == report["classes"]
        assert report["rung"] == 1
        assert report["broken"] == []
        assert report["timings_s"]["total"] > 0
        assert [line["step"] for line in metrics(run)] == [1, 2, 3, 4, 5]
        assert metrics(run)[-1].keys() >= {"loss", "accuracy", "val_loss", "val_accuracy"}
        assert {path.name for path in run.model.iterdir()} == {
            "model.onnx",
            "conf.json",
            "stats.json",
            "classes.txt",
            "README.md",
        }
        stats = json.loads((run.model / "stats.json").read_text())
        assert len(stats["acc"]) == len(stats["val_loss"]) == 5
        assert json.loads((run.outputs / "report.json").read_text())["accuracy"] == report["accuracy"]
        rows = predictions(run)
        assert sum(row["label"] == row["predicted"] for row in rows) == round(report["accuracy"] * 8)

    def test_computes_nothing_twice_for_other_arguments(
        self, plankton: Path, new_run: Callable[..., Training], run_cache: Path
    ) -> None:
        training.train(new_run("first"), plankton, arguments.Options(mode="fast", epochs=2))
        before = {path: path.stat().st_size for path in run_cache.rglob("keys")}

        training.train(
            new_run("second"), plankton, arguments.Options(mode="fast", epochs=4, use_class_weights=True, seed=5)
        )

        assert {path: path.stat().st_size for path in run_cache.rglob("keys")} == before

    def test_needs_no_torch(self, tmp_path: Path) -> None:
        code = (
            "import sys; from pathlib import Path; from pelagos.module import Training\n"
            "from pelagos_image_classification import arguments, training\n"
            "run = Training(Path(sys.argv[1]) / 'run', id='x', cache=Path(sys.argv[1]) / 'cache')\n"
            "training.train(run, Path(sys.argv[2]), arguments.Options(mode='fast', epochs=1, image_size=64))\n"
            "print('torch' in sys.modules)"
        )
        command = [sys.executable, "-c", code, str(tmp_path), str(stripes(tmp_path / "data"))]

        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

        assert done.stdout.strip().endswith("False")


class TestTheWrittenGraph:
    def test_stands_alone(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        run = new_run()

        training.train(run, stripes(tmp_path / "data"), options())

        session = onnxruntime.InferenceSession(run.model / "model.onnx")
        answer = session.run(None, {"pictures": numpy.zeros((3, 64, 64, 3), numpy.uint8)})[0]
        assert answer.shape == (3, 2)
        assert json.loads(session.get_modelmeta().custom_metadata_map["classes"]) == ["upright lines", "lying"]


class TestBrokenFiles:
    def test_are_left_out_and_listed_while_enough_remain(
        self, tmp_path: Path, new_run: Callable[..., Training], capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = stripes(tmp_path / "data")
        write(folder / "images" / "train 0#0.png", b"not a picture")
        write(folder / "images" / "val 1#1.png", encoded(noise())[:60])

        report = training.train(new_run(), folder, options())

        assert [broken["file"] for broken in report["broken"]] == ["train 0#0.png", "val 1#1.png"]
        assert "not a picture of a known format" in report["broken"][0]["reason"]
        assert report["pictures"] == {"train": 11, "val": 5, "test": 4}
        assert "left out train 0#0.png" in capsys.readouterr().out

    def test_end_the_training_when_a_class_has_no_other(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        folder = stripes(tmp_path / "data", count=1)
        write(folder / "images" / "train 1#0.png", b"\0" * 500)

        with pytest.raises(dataset.BadDataSet) as caught:
            training.train(new_run(), folder, options())

        assert caught.value.faults[0] == "class 1 ('lying') has no usable picture to learn from"
        assert caught.value.faults[1].startswith("train 1#0.png: nothing but zero bytes")


class TestUnusualTrainings:
    def test_do_without_validation_and_test(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        report = training.train(new_run(), stripes(tmp_path / "data"), options(use_validation=False, use_test=False))

        assert (report["judged_by"], report["accuracy"], report["val"]) == (None, None, None)

    def test_do_with_one_picture_a_class(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        folder = stripes(tmp_path / "data", count=1, val=0, test=0)

        report = training.train(new_run(), folder, options())

        assert report["pictures"]["train"] == 2

    def test_predict_test_pictures_without_labels(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        folder, run = stripes(tmp_path / "data"), new_run()
        write(folder / "dataset_files" / "test.txt", b"test 0#0.png\ntest 1#1.png\n")

        report = training.train(run, folder, options())

        rows = predictions(run)
        assert [(row["label"], row["predicted"]) for row in rows] == [("", "upright lines"), ("", "lying")]
        assert report["judged_by"] == "val"
        assert notes(report) == ["2 of 2 test pictures have no label: they are predicted, not judged"]

    def test_judge_by_those_test_pictures_that_have_a_label(
        self, tmp_path: Path, new_run: Callable[..., Training]
    ) -> None:
        folder, run = stripes(tmp_path / "data"), new_run()
        write(folder / "dataset_files" / "test.txt", b"test 0#0.png\ntest 1#1.png 1\ntest 0#1.png 1\n")

        report = training.train(run, folder, options())

        assert (report["judged_by"], report["test"]["pictures"], report["accuracy"]) == ("test", 2, 0.5)
        assert report["confusion_matrix"] == [[0, 0], [1, 1]]
        assert notes(report) == ["1 of 3 test pictures have no label: they are predicted, not judged"]
        assert [row["label"] for row in predictions(run)] == ["", "lying", "lying"]
        assert "- Accuracy on the test pictures: 0.500 of 2\n" in (run.model / "README.md").read_text()

    def test_learn_from_views_and_judge_by_views(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        recipe = augment.Recipe(blur=0.5, pixel_noise=0.5)

        report = training.train(
            new_run(),
            stripes(tmp_path / "data"),
            options(
                use_augmentation=True, train_mode=recipe, val_mode=recipe, mean_RGB=(90, 90, 90), std_RGB=(80, 80, 80)
            ),
        )

        assert report["accuracy"] == 1.0

    def test_refuse_a_count_of_classes_that_is_not_the_data_set_s(
        self, tmp_path: Path, new_run: Callable[..., Training]
    ) -> None:
        with pytest.raises(BadInput, match="3 given, but the data set has 2 classes"):
            training.train(new_run(), stripes(tmp_path / "data"), options(num_classes=3))


class TestAPictureInTwoLists:
    def test_under_two_names_is_noted(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        folder = stripes(tmp_path / "data")
        write(folder / "images" / "test 0#0.png", (folder / "images" / "train 0#0.png").read_bytes())

        report = training.train(new_run(), folder, options())

        assert "test pictures are also training pictures" in report["notes"][-1]


class TestCancelling:
    def test_ends_the_training_in_its_phase(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        run = new_run()
        (run.folder / "cancel").touch()

        with pytest.raises(stages.Cancelled, match=r"^cancelled during: decode the pictures$"):
            training.train(run, stripes(tmp_path / "data"), options())


class TestWithoutTorch:
    @pytest.fixture(autouse=True)
    def _hidden(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "torch", None)

    def test_a_normal_training_says_what_is_missing_wherever_its_result_is_read(
        self, tmp_path: Path, new_run: Callable[..., Training], capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = new_run()

        report = training.train(run, stripes(tmp_path / "data"), options(mode="normal"))

        note = f"only rung 1 was climbed, for PyTorch is not installed: {extras.command('train')}"
        assert report["rung"] == 1
        assert notes(report) == [note]
        assert json.loads((run.outputs / "report.json").read_text())["notes"] == report["notes"]
        assert f"- Note: {note}\n" in (run.model / "README.md").read_text()
        assert note in capsys.readouterr().out.splitlines()

    def test_a_full_training_ends_before_any_picture_is_looked_at(self, new_run: Callable[..., Training]) -> None:
        run = new_run()

        with pytest.raises(BadInput) as caught:
            training.train(run, Path("nowhere"), options(mode="full"))

        missing = f"'full' needs PyTorch, which is not installed: {extras.command('train')}; 'fast' does without"
        assert caught.value.faults == {"mode": [missing]}
        assert not list(run.model.iterdir())


class TestArgumentsOfFurtherRungs:
    def test_are_named_where_only_rung_1_was_climbed(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        asked = options(initial_lr=0.1, use_best_model=False, lr_schedule_mode="plateau", use_class_weights=True)

        report = training.train(new_run(), stripes(tmp_path / "data"), asked)

        assert notes(report) == ["not used, for only rungs 2 and 3 do: initial_lr, use_best_model, lr_schedule_mode"]

    def test_are_not_named_at_their_defaults(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        assert notes(training.train(new_run(), stripes(tmp_path / "data"), options())) == []


class TestFurtherRungs:
    @pytest.mark.parametrize("mode", ["normal", "full"])
    def test_train_on_and_write_what_they_learned(
        self, mode: arguments.Mode, tmp_path: Path, new_run: Callable[..., Training]
    ) -> None:
        pytest.importorskip("torch", reason="torch is an extra")
        run = new_run()

        report = training.train(run, stripes(tmp_path / "data"), options(mode=mode, epochs=2, use_best_model=False))

        reached = [line["rung"] for line in metrics(run)]
        assert reached[:4] == [1, 1, 2, 2] if mode == "normal" else reached == [1, 1, 3, 3]
        assert report["rung"] > 1
        assert notes(report) == []
        assert report["accuracy"] == 1.0
        assert not (run.model / "checkpoint").exists()

    @pytest.mark.parametrize("mode", ["normal", "full"])
    def test_leave_the_model_of_rung_1_where_they_are_cut_short(
        self, mode: arguments.Mode, tmp_path: Path, new_run: Callable[..., Training]
    ) -> None:
        pytest.importorskip("torch", reason="torch is an extra")
        run, folder = new_run(), stripes(tmp_path / "data")
        log = run.log

        def cut(step: int, **figures: float) -> None:
            log(step, **figures)
            if figures["rung"] > 1:
                (run.folder / "cancel").touch()

        run.log = cut  # type: ignore[method-assign]
        with pytest.raises(stages.Cancelled, match=r"^cancelled during: rung"):
            training.train(run, folder, options(mode=mode, epochs=2))

        model = classifier.trained(run.model)
        views = model.views((folder / "images" / "test 1#0.png").read_bytes())
        answer = model.answer(model.classify([views])[0], top_k=1, abstain_below=0.0)
        assert answer["label"] == "lying"
        assert "trained: head on frozen features" in (run.model / "README.md").read_text()
        assert json.loads((run.outputs / "report.json").read_text())["accuracy"] == 1.0
        assert not list(run.folder.rglob("*.tmp"))

    def test_take_views_too(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        pytest.importorskip("torch", reason="torch is an extra")
        recipe = augment.Recipe(blur=0.5)

        for mode in ("normal", "full"):
            report = training.train(
                new_run(mode),
                stripes(tmp_path / "data"),
                options(mode=mode, epochs=1, use_augmentation=True, train_mode=recipe),
            )

            assert report["accuracy"] == 1.0

    def test_go_on_after_an_interruption(
        self, tmp_path: Path, new_run: Callable[..., Training], capsys: pytest.CaptureFixture[str]
    ) -> None:
        pytest.importorskip("torch", reason="torch is an extra")
        from pelagos.module import Folder  # noqa: PLC0415 - beside its use

        first, asked = new_run("first"), options(mode="full", epochs=3)
        log, seen = first.log, []

        def cut(step: int, **figures: float) -> None:
            log(step, **figures)
            seen.append(step)
            if len(seen) == 5:
                (first.folder / "cancel").touch()

        first.log = cut  # type: ignore[method-assign]
        with pytest.raises(stages.Cancelled):
            training.train(first, stripes(tmp_path / "data"), asked)
        second = new_run("second", resume=Folder(first.model))

        training.train(second, tmp_path / "data", asked)

        assert [line["step"] for line in metrics(second)] == [1, 2, 3, 4, 5, 6]
        assert "rung 3 goes on after epoch 1" in capsys.readouterr().out
        assert metrics(second)[3]["loss"] == metrics(first)[3]["loss"]
