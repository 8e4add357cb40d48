"""The module as Pelagos sees it."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
from pelagos.module import BadInput, File, Folder, Training
from pelagos.module.describe import describe
from pelagos.module.native import NativeAdapter
from pelagos.runtime.arguments import Arguments, BadArguments, Given
from PIL import Image

import deep_form
from builders import encoded, noise, stripes
from pelagos_image_classification import ImageClassification, arguments

DEEP = {
    *("modelname", "image_size", "num_classes", "mode", "initial_lr", "batch_size", "epochs", "ckpt_freq"),
    *("lr_schedule_mode", "lr_step_decay", "lr_step_schedule", "lr_plateau_factor", "lr_plateau_patience", "l2_reg"),
    *("use_class_weights", "use_validation"),
    *("use_early_stopping", "use_tensorboard", "mean_RGB", "std_RGB", "train_mode", "val_mode", "split_ratios"),
    *("use_test", "use_best_model", "use_augmentation", "images_directory"),
}
"""The names of DEEP's arguments that this module takes."""


@pytest.fixture(scope="module")
def pretrained() -> ImageClassification:
    module = ImageClassification()
    module.load(None)
    return module


def file(content: bytes, name: str = "photo.jpg") -> File:
    return File(name, data=content)


class TestPredictingWithPretrainedWeights:
    def test_names_eighteen_of_twenty_photographs(
        self, pretrained: ImageClassification, photos: list[tuple[Path, int]]
    ) -> None:
        names = pretrained._classifier.classes

        answers = [pretrained.predict(file(path.read_bytes()))["labels"] for path, _ in photos]

        assert sum(answer[0] == names[label] for answer, (_, label) in zip(answers, photos, strict=True)) >= 18
        assert sum(names[label] in answer for answer, (_, label) in zip(answers, photos, strict=True)) >= 19

    def test_names_a_cat(self, pretrained: ImageClassification, skimage_data: Path) -> None:
        answer = pretrained.predict(file((skimage_data / "chelsea.png").read_bytes()), top_k=3)

        assert {"tabby", "tiger cat", "Egyptian cat"} == set(answer["labels"])
        assert answer["labels_info"][answer["labels"].index("tabby")] == "tabby, tabby cat"
        assert answer["links"]["Wikipedia"][answer["labels"].index("tabby")] == "https://en.wikipedia.org/wiki/tabby"

    def test_gives_as_many_as_asked_for_the_surest_first_and_always_the_same(
        self, pretrained: ImageClassification
    ) -> None:
        content = encoded(noise((300, 200)), "JPEG")

        first, second = (pretrained.predict(file(content), top_k=50) for _ in range(2))

        assert first == second
        assert json.loads(json.dumps(first)) == first
        assert [len(first[name]) for name in ("labels", "probabilities", "labels_info")] == [50, 50, 50]
        assert first["probabilities"] == sorted(first["probabilities"], reverse=True)
        assert first["confidence"] == first["probabilities"][0]

    def test_leaves_the_label_open_where_it_is_not_sure_enough(self, pretrained: ImageClassification) -> None:
        content = encoded(noise((300, 200)), "JPEG")

        assert pretrained.predict(file(content), abstain_below=1.0)["label"] is None
        assert pretrained.predict(file(content))["label"] is not None

    def test_can_look_ten_times(self, pretrained: ImageClassification, photos: list[tuple[Path, int]]) -> None:
        names, right = pretrained._classifier.classes, 0

        for path, label in photos[:10]:
            right += pretrained.predict(file(path.read_bytes()), ten_crop=True)["labels"][0] == names[label]

        assert right >= 8

    def test_answers_pictures_that_wait_together_as_it_answers_each(self, pretrained: ImageClassification) -> None:
        usual = {"top_k": 5, "ten_crop": False, "abstain_below": 0.0}
        pictures = [file(encoded(noise((200 + number, 300)), "JPEG")) for number in range(3)]
        asked = [{**usual, "image": each, "ten_crop": number == 1} for number, each in enumerate(pictures)]

        first, second, bad, third = pretrained.predict_batch(
            [*asked[:2], {**usual, "image": file(b"PK", "a.zip")}, asked[2]]
        )

        assert [first, second, third] == [pretrained.predict(**each) for each in asked]
        assert isinstance(bad, BadInput)
        assert "a.zip: a zip archive" in str(bad)

    def test_answers_nothing_where_no_picture_can_be_read(self, pretrained: ImageClassification) -> None:
        asked = {"image": file(b""), "top_k": 5, "ten_crop": False, "abstain_below": 0.0}

        assert [type(each) for each in pretrained.predict_batch([asked, asked])] == [BadInput, BadInput]

    def test_needs_no_torch(self, tmp_path: Path) -> None:
        code = (
            "import sys; from pelagos.module import File\n"
            "from pelagos_image_classification import ImageClassification\n"
            "module = ImageClassification(); module.load(None)\n"
            "module.predict(File('a.png', data=open(sys.argv[1], 'rb').read()))\n"
            "print('torch' in sys.modules)"
        )
        picture = tmp_path / "a.png"
        picture.write_bytes(encoded(noise()))

        done = subprocess.run(
            [sys.executable, "-c", code, picture], capture_output=True, text=True, check=True, timeout=60
        )

        assert done.stdout.strip() == "False"


class TestABadPicture:
    @pytest.mark.parametrize("content", [b"", b"\0" * 100_000_000, b"PK\3\4 an archive", b"text"])
    def test_is_a_fault_of_the_field_that_names_the_file(self, pretrained: ImageClassification, content: bytes) -> None:
        with pytest.raises(BadInput) as caught:
            pretrained.predict(file(content, "odd.jpg"))

        assert caught.value.faults.keys() == {"image"}
        assert caught.value.faults["image"][0].startswith("odd.jpg: ")

    def test_of_a_hundred_million_pixels_is_refused_before_it_is_decoded(self, pretrained: ImageClassification) -> None:
        target = io.BytesIO()
        Image.new("1", (10_000, 10_000)).save(target, "PNG")

        with pytest.raises(BadInput, match="10000 x 10000 pixels, expected at most 40 million"):
            pretrained.predict(file(target.getvalue()))

    def test_inside_an_archive_is_not_looked_for(self, pretrained: ImageClassification) -> None:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("a.png", encoded(noise()))

        with pytest.raises(BadInput, match="a zip archive"):
            pretrained.predict(file(target.getvalue()))


class TestTrainingThroughTheModule:
    def test_makes_a_model_that_another_worker_predicts_with(
        self, tmp_path: Path, new_run: Callable[..., Training]
    ) -> None:
        run, folder = new_run(), stripes(tmp_path / "data")

        report = ImageClassification().train(run, Folder(folder), mode="fast", epochs=3)
        module = ImageClassification()
        module.load(Folder(run.model))
        answer = module.predict(File("test 0#0.png", data=(folder / "images" / "test 0#0.png").read_bytes()))

        assert report["accuracy"] == 1.0
        assert answer["label"] == "upright lines"
        assert answer["confidence"] > 0.5
        assert json.loads(json.dumps(report, allow_nan=False))["classes"] == ["upright lines", "lying"]

    def test_takes_what_deep_clients_send(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        run = new_run()

        report = ImageClassification().train(
            run,
            Folder(stripes(tmp_path / "data")),
            mode="fast",
            modelname="Xception",
            epochs="2",
            train_mode='{"h_flip": 0.5}',
            num_classes="2",
            use_tensorboard=False,
        )  # type: ignore[arg-type]

        assert any("'Xception' is understood as an alias" in note for note in report["notes"])
        assert report["network"] == "EfficientNetLite0"
        assert run.tensorboard is False

    def test_names_the_field_of_bad_arguments_and_data(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        folder = Folder(stripes(tmp_path / "data"))
        cases = (({"num_classes": 5}, "num_classes"), ({"split_ratios": [1]}, "split_ratios"))

        for given, field in cases:
            with pytest.raises(BadInput) as caught:
                ImageClassification().train(new_run(), folder, mode="fast", **given)  # type: ignore[arg-type]
            assert list(caught.value.faults) == [field]
        with pytest.raises(BadInput) as caught:
            ImageClassification().train(new_run(), Folder(tmp_path / "nothing"), mode="fast")
        assert list(caught.value.faults) == ["dataset"]


def received(**form: str) -> dict[str, object]:
    """Read a form as the runtime does, with nothing but the module's description."""
    parameters = describe(ImageClassification, name="image-classification")["train"]["parameters"]
    return Arguments(parameters).read(Given(form={name: [value] for name, value in form.items()}))


class TestDeepsForm:
    @pytest.fixture(params=["installed", "kept"])
    def form(self, request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
        source = deep_form.KEPT if request.param == "kept" else deep_form.installed()
        if source is None:
            pytest.skip("the original is not installed: pip install --no-deps planktonclas==0.2.4")
        return {**deep_form.form(source), "dataset": str(stripes(tmp_path / "data"))}

    def test_is_taken_with_all_its_defaults(self, form: dict[str, str]) -> None:
        given = received(**form)
        del given["dataset"]

        options = arguments.normalised(given)

        assert len(form) > 30
        assert (options.lr_schedule_mode, options.lr_plateau_factor, options.lr_plateau_patience) == ("plateau", 0.1, 3)
        assert (options.image_size, options.initial_lr, options.batch_size, options.epochs) == (100, 0.001, 16, 15)
        assert (options.modelname, options.mode, options.ckpt_freq, options.colours) == (
            *("EfficientNetV2B0", "normal", None),
            None,
        )
        assert options.use_augmentation is False

    def test_trains(self, form: dict[str, str], new_run: Callable[..., Training]) -> None:
        given = received(**{**form, "mode": '"fast"', "epochs": "2"})

        report = NativeAdapter(ImageClassification, name="image-classification").train(new_run(), given)

        assert report["accuracy"] == 1.0
        assert report["image_size"] == 100

    @pytest.mark.parametrize("schedule", ["step", "plateau", "none"])
    def test_may_name_each_of_its_schedules(self, schedule: str, tmp_path: Path) -> None:
        given = received(dataset=str(tmp_path), lr_schedule_mode=json.dumps(schedule))

        assert given["lr_schedule_mode"] == schedule

    def test_has_no_argument_that_is_neither_taken_nor_explained(self, form: dict[str, str]) -> None:
        readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")

        missing = form.keys() - received(**form).keys()

        assert "lr_plateau_monitor" in missing
        assert [name for name in missing if f"`{name}`" not in readme] == []

    def test_is_refused_clearly_without_epochs(self, tmp_path: Path) -> None:
        with pytest.raises(BadArguments) as caught:
            received(dataset=str(tmp_path), epochs="0")

        assert caught.value.faults == {
            "epochs": ["0 is out of bounds; expected a whole number at least 1 and at most 1000"]
        }


class TestAugmentation:
    @pytest.mark.parametrize(("said", "heard"), [(None, None), ("null", None), ("false", False), ("true", True)])
    def test_is_left_open_by_a_form_that_says_nothing(
        self, said: str | None, heard: bool | None, tmp_path: Path
    ) -> None:
        form = {"use_augmentation": said} if said else {}

        assert received(dataset=str(tmp_path), **form)["use_augmentation"] is heard


class TestTheDescription:
    def test_offers_deep_s_arguments_by_name(self) -> None:
        description = describe(ImageClassification, name="image-classification")

        names = {parameter["name"] for parameter in description["train"]["parameters"]}
        assert names >= DEEP
        assert json.dumps(description)
        assert "image-classification" in (description["card"] or "")

    def test_explains_every_argument(self) -> None:
        description = describe(ImageClassification, name="image-classification")

        parameters = description["train"]["parameters"] + description["predict"]["parameters"]
        assert all(parameter["schema"].get("description") for parameter in parameters)
        assert [p["name"] for p in description["predict"]["parameters"] if p["required"]] == ["image"]


class TestDeterminism:
    def test_holds_for_trainings_too(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        folder = Folder(stripes(tmp_path / "data"))

        reports = [ImageClassification().train(new_run(name), folder, mode="fast", epochs=2) for name in ("a", "b")]

        assert reports[0]["temperature"] == reports[1]["temperature"]
        assert numpy.array_equal(reports[0]["confusion_matrix"], reports[1]["confusion_matrix"])
