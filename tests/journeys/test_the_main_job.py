"""The main job with the real picture classifier: train on pictures, predict meanwhile, predict with the new model."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from journeys import programs, training_pictures

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("classifier")]

DEMO = training_pictures.REPOSITORY / "modules" / "image-classification" / "demo.py"
WITHIN_S = 120.0


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> training_pictures.Pictures:
    """Real pictures if they are there."""
    return training_pictures.find(tmp_path_factory.mktemp("pictures"))


def upload(path: Path) -> dict[str, tuple[str, bytes]]:
    return {"image": (path.name, path.read_bytes())}


class TestTheMainJob:
    def test_is_done_from_pictures_to_a_prediction_by_the_new_model(
        self, classifier: programs.Program, pictures: training_pictures.Pictures
    ) -> None:
        first = pictures.held_back[0][0]
        dataset, images = str(pictures.dataset), str(pictures.images)
        job = classifier.train(mode="fast", dataset=dataset, images_directory=images, epochs=200).body["uuid"]

        programs.until(lambda: classifier.get(f"/train/{job}/progress").body["metrics"], WITHIN_S)
        meanwhile = classifier.predict(upload(first))
        state = classifier.get(f"/train/{job}/progress").body["state"]
        programs.until(lambda: classifier.get(f"/train/{job}").body["status"] != "running", WITHIN_S)
        answers = [(classifier.predict(upload(path), model=job), label) for path, label in pictures.held_back]

        assert (meanwhile.status, state) == (200, "running")
        assert meanwhile.body["predictions"]["labels"][0] not in pictures.classes
        record = classifier.get(f"/train/{job}").body
        assert record["status"] == "done", record
        assert {answer.status for answer, _ in answers} == {200}
        right = sum(answer.body["predictions"]["labels"][0] == label for answer, label in answers)
        assert right >= 0.75 * len(answers)


class TestTheDemonstration:
    def test_works(self, classifier_modules: Path, pictures: training_pictures.Pictures, tmp_path: Path) -> None:
        (tmp_path / "modules").symlink_to(classifier_modules)
        with socket.socket() as asked:
            asked.bind(("127.0.0.1", 0))
            port = asked.getsockname()[1]
        words = ["--state", str(tmp_path), "--pictures", str(pictures.installed), "--port", str(port)]

        command = [sys.executable, str(DEMO), *words]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)

        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "with the pretrained model: " in ran.stdout
        assert f"Accuracy on {len(pictures.held_back)} held-back pictures: " in ran.stdout


@pytest.fixture(scope="module")
def demo() -> ModuleType:
    """The demonstration's code."""
    spec = importlib.util.spec_from_file_location("demo", DEMO)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


class Training:
    """A runtime whose training is over when a prediction has been answered, as if that had waited for its end."""

    def __init__(self, *, answers_after_s: float) -> None:
        self.now = 0.0
        self._answers_after_s = answers_after_s

    def training(self, _: str) -> dict[str, Any]:
        return {"status": "running" if self.now == 0 else "done"}

    def progress(self, _: str) -> dict[str, Any]:
        return {"state": "running", "fraction": 0.5, "message": "", "metrics": []}

    def predict(self, _: Path) -> dict[str, Any]:
        self.now += self._answers_after_s
        return {"labels": ["a cat"]}


class TestADemonstrationWithoutAPredictionMeanwhile:
    def test_fails_when_the_answer_waited_for_the_end(self, demo: ModuleType) -> None:
        client = Training(answers_after_s=5.0)

        with pytest.raises(SystemExit, match=r"no prediction came while the training ran.* 5\.0 s"):
            demo._follow(client, "0f3c", Path("a.jpg"), clock=lambda: client.now)

    def test_is_well_when_the_training_was_too_quick(self, demo: ModuleType) -> None:
        client = Training(answers_after_s=0.2)

        assert demo._follow(client, "0f3c", Path("a.jpg"), clock=lambda: client.now) == {"status": "done"}
