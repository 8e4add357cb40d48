"""Opening what a training wrote."""

from collections.abc import Callable
from pathlib import Path

from pelagos.module import Training

from builders import stripes
from pelagos_image_classification import arguments, classifier, training


class TestATrainedClassifier:
    def test_knows_its_classes_its_info_and_its_framing(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        folder, run = stripes(tmp_path / "data"), new_run()
        (folder / "dataset_files" / "info.txt").write_text("like a fence\n-\n")
        training.train(run, folder, arguments.Options(mode="fast", image_size=64, framing="squash", epochs=2))

        opened = classifier.trained(run.model)
        [probabilities] = opened.classify([opened.views((folder / "images" / "test 0#1.png").read_bytes())])
        answer = opened.answer(probabilities, top_k=5, abstain_below=0)

        assert (opened.size, opened.framing, opened.calibrated) == (64, "squash", True)
        assert answer["labels"] == ["upright lines", "lying"]
        assert answer["labels_info"] == ["like a fence", ""]
        assert (run.model / "info.txt").read_text() == "like a fence\n-\n"
        assert abs(sum(answer["probabilities"]) - 1) < 1e-5  # type: ignore[arg-type]

    def test_answers_ten_crops_of_its_size(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        folder, run = stripes(tmp_path / "data"), new_run()
        training.train(run, folder, arguments.Options(mode="fast", image_size=64, epochs=2))

        content = (folder / "images" / "test 1#0.png").read_bytes()
        opened = classifier.trained(run.model)
        [probabilities] = opened.classify([opened.views(content, ten_crop=True)])

        assert probabilities.argmax() == 1
