"""What people upload by mistake, sent to the real picture classifier: a clear error, and nothing left behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from journeys import programs, training_pictures

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("classifier")]

ENDED = {"done", "error", "cancelled"}


@pytest.fixture
def left_behind(tmp_path_factory: pytest.TempPathFactory, classifier: programs.Program) -> Iterator[None]:
    """Check that a story leaves no file in the server's temporary folder."""
    before = temporary_files(tmp_path_factory)
    yield
    assert temporary_files(tmp_path_factory) <= before


def temporary_files(tmp_path_factory: pytest.TempPathFactory) -> set[Path]:
    folders = tmp_path_factory.getbasetemp().glob("classifier*/state/tmp")
    return {path for folder in folders for path in folder.rglob("*") if path.is_file()}


def png(width: int, height: int) -> bytes:
    """Make a grey picture whose pixels are all black, so that even a huge one is a small file."""
    return training_pictures.encoded(width, height, training_pictures.GREY, bytes((width + 1) * height))


PICTURE = png(32, 32)
NO_PICTURE = "expected a picture (JPEG, PNG"
BAD_FILES = {
    "an empty file": (b"", "the file 'mistake.jpg' is empty; expected at least one byte"),
    "text": (b"hello, I am not a picture\n" * 10, f"mistake.jpg: not a picture of a known format, {NO_PICTURE}"),
    "a zip archive": (b"PK\x03\x04" + bytes(200), f"mistake.jpg: a zip archive, {NO_PICTURE}"),
    "a truncated picture": (png(300, 300)[:150], "mistake.jpg: cut short or damaged, expected a complete picture"),
    "100 MB of zeros": (bytes(100_000_000), f"mistake.jpg: nothing but zero bytes, {NO_PICTURE}"),
    "a bomb of 10,000 x 10,000 pixels": (
        png(10_000, 10_000),
        "mistake.jpg: 10000 x 10000 pixels, expected at most 40 million",
    ),
}
TOP_K = "a whole number at least 1 and at most 50"


@pytest.mark.usefixtures("left_behind")
class TestPredict:
    def test_answers_a_good_picture(self, classifier: programs.Program) -> None:
        answer = classifier.predict({"image": ("black.png", PICTURE)})

        assert answer.status == 200
        assert len(answer.body["predictions"]["labels"]) == 5

    @pytest.mark.parametrize(("content", "said"), BAD_FILES.values(), ids=BAD_FILES)
    def test_names_the_file_that_is_no_picture(self, classifier: programs.Program, content: bytes, said: str) -> None:
        answer = classifier.predict({"image": ("mistake.jpg", content)})

        assert (answer.status, list(answer.body)) == (422, ["image"])
        assert answer.body["image"][0].startswith(said)

    @pytest.mark.parametrize(
        ("fields", "field", "said"),
        [
            ({"top_k": "many"}, "top_k", f"'many' is not {TOP_K}"),
            ({"top_k": "0"}, "top_k", f"0 is out of bounds; expected {TOP_K}"),
            ({"top_k": "51"}, "top_k", f"51 is out of bounds; expected {TOP_K}"),
            ({"model": "f" * 32}, "model", f"'{'f' * 32}' is not a trained model; expected one of pretrained"),
        ],
    )
    def test_names_field_value_and_expectation(
        self, classifier: programs.Program, fields: dict[str, str], field: str, said: str
    ) -> None:
        answer = classifier.predict({"image": ("black.png", PICTURE)}, **fields)

        assert (answer.status, list(answer.body)) == (422, [field])
        assert answer.body[field][0].startswith(said)

    def test_asks_for_a_picture_that_is_missing(self, classifier: programs.Program) -> None:
        answer = classifier.predict({}, top_k="3")

        assert (answer.status, list(answer.body)) == (422, ["image"])
        assert answer.body["image"][0].startswith("is missing; expected a file")

    def test_names_all_faults_at_once(self, classifier: programs.Program) -> None:
        answer = classifier.predict({}, top_k="many", abstain_below="2", model="nowhere")

        assert (answer.status, set(answer.body)) == (422, {"image", "top_k", "abstain_below", "model"})


def data_set(folder: Path, train: str, classes: str = "black\nalso black\n") -> str:
    (folder / "images").mkdir()
    (folder / "dataset_files").mkdir()
    for number in range(4):
        (folder / "images" / f"{number}.png").write_bytes(png(40 + number, 40))
    (folder / "dataset_files" / "train.txt").write_text(train)
    (folder / "dataset_files" / "classes.txt").write_text(classes)
    return str(folder)


def ended(classifier: programs.Program, **arguments: object) -> dict[str, str]:
    job = classifier.train(mode="fast", **arguments).body["uuid"]
    programs.until(lambda: classifier.get(f"/train/{job}").body["status"] in ENDED, 60)
    record: dict[str, str] = classifier.get(f"/train/{job}").body
    return record


@pytest.mark.usefixtures("left_behind")
class TestTrain:
    def test_refuses_a_folder_that_is_not_there(self, classifier: programs.Program) -> None:
        answer = classifier.train(dataset="/nowhere/pictures")

        assert answer.status == 422
        assert answer.body == {"dataset": ["'/nowhere/pictures' is not a folder on the machine that runs Pelagos"]}

    @pytest.mark.parametrize(
        ("train", "said"),
        [
            ("0.png 0\n1.png 1\ngone.png 1\n2.png 0\n", "train.txt line 3: 'gone.png' is not in {folder}/images"),
            ("0.png 0\n1.png 7\n2.png 1\n", "train.txt line 2: label 7, expected 0 to 1"),
            ("0.png 0\n1.png 0\n2.png 0\n", "class 1 ('also black') has no usable picture in train.txt"),
            ("0.png 0\n1.png 1\n0.png 1\n", "train.txt line 3: '0.png' is also in train.txt line 1"),
            ("0.png 0\n1.png one\n", "train.txt line 2: '1.png one' does not end in a label, expected: path label"),
            ("", "class 0 ('black') has no usable picture in train.txt"),
        ],
        ids=["missing file", "label out of range", "class without pictures", "duplicate", "no number", "empty list"],
    )
    def test_tells_what_is_wrong_with_a_data_set(
        self, classifier: programs.Program, tmp_path: Path, train: str, said: str
    ) -> None:
        record = ended(classifier, dataset=data_set(tmp_path, train))

        assert record["status"] == "error"
        assert record["message"].startswith(f"dataset: {said.format(folder=tmp_path)}")

    def test_learns_from_what_is_left_when_one_picture_is_broken(
        self, classifier: programs.Program, tmp_path: Path
    ) -> None:
        folder = data_set(tmp_path, "0.png 0\n1.png 1\n2.png 0\n3.png 1\nbroken.png 1\n")
        (tmp_path / "images" / "broken.png").write_bytes(PICTURE[:40])

        record = ended(classifier, dataset=folder)

        assert record["status"] == "done", record
        assert "broken.png" in str(record["result"])
