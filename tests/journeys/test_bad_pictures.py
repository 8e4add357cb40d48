"""What people upload by mistake, sent to the real picture classifier: a clear error, and nothing left behind."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from journeys import programs
from pelagos import environments

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("classifier")]

MODULE = Path(__file__).parents[2] / "modules" / "image-classification"
ENDED = {"done", "error", "cancelled"}


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[programs.Program]:
    """The picture classifier in an environment of its own, served."""
    folder = tmp_path_factory.mktemp("classifier")
    found = environments.Environments(folder / "modules")
    found.install(str(MODULE))
    with programs.running("image-classification", folder / "state", found.root) as program:
        yield program


@pytest.fixture
def left_behind(tmp_path_factory: pytest.TempPathFactory, classifier: programs.Program) -> Iterator[None]:
    """Check that a story leaves no file in the server's temporary folder."""
    before = temporary_files(tmp_path_factory)
    yield
    assert temporary_files(tmp_path_factory) <= before


def temporary_files(tmp_path_factory: pytest.TempPathFactory) -> set[Path]:
    folders = tmp_path_factory.getbasetemp().glob("classifier*/state/tmp")
    return {path for folder in folders for path in folder.rglob("*") if path.is_file()}


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def png(width: int, height: int) -> bytes:
    """Make a grey PNG whose pixels are all black, so that even a huge one is a small file."""
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    pixels = zlib.compress(bytes((width + 1) * height), 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


PICTURE = png(32, 32)
BAD_FILES = {
    "an empty file": b"",
    "text": b"hello, I am not a picture\n" * 10,
    "a zip archive": b"PK\x03\x04" + bytes(200),
    "a truncated picture": PICTURE[: len(PICTURE) // 2],
    "100 MB of zeros": bytes(100_000_000),
    "a bomb of 10,000 x 10,000 pixels": png(10_000, 10_000),
}


@pytest.mark.usefixtures("left_behind")
class TestPredict:
    def test_answers_a_good_picture(self, classifier: programs.Program) -> None:
        answer = classifier.predict({"image": ("black.png", PICTURE)})

        assert answer.status == 200
        assert len(answer.body["predictions"]["labels"]) == 5

    @pytest.mark.parametrize("content", BAD_FILES.values(), ids=BAD_FILES)
    def test_names_the_file_that_is_no_picture(self, classifier: programs.Program, content: bytes) -> None:
        answer = classifier.predict({"image": ("mistake.jpg", content)})

        assert answer.status in {413, 422}
        assert "mistake.jpg" in str(answer.body) or answer.status == 413

    @pytest.mark.parametrize(
        ("fields", "field", "said"),
        [
            ({"top_k": "many"}, "top_k", "many"),
            ({"top_k": "0"}, "top_k", "1"),
            ({"top_k": "51"}, "top_k", "50"),
            ({"model": "ffffffffffffffffffffffffffffffff"}, "model", "ffffffff"),
        ],
    )
    def test_names_field_value_and_expectation(
        self, classifier: programs.Program, fields: dict[str, str], field: str, said: str
    ) -> None:
        answer = classifier.predict({"image": ("black.png", PICTURE)}, **fields)

        assert answer.status == 422
        assert said in " ".join(answer.body[field])

    def test_asks_for_a_picture_that_is_missing(self, classifier: programs.Program) -> None:
        answer = classifier.predict({}, top_k="3")

        assert (answer.status, list(answer.body)) == (422, ["image"])

    def test_names_all_faults_at_once(self, classifier: programs.Program) -> None:
        answer = classifier.predict({}, top_k="many", abstain_below="2", model="nowhere")

        assert set(answer.body) == {"image", "top_k", "abstain_below", "model"}


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
        assert "/nowhere/pictures" in " ".join(answer.body["dataset"])

    @pytest.mark.parametrize(
        ("train", "said"),
        [
            ("0.png 0\n1.png 1\ngone.png 1\n2.png 0\n", "gone.png"),
            ("0.png 0\n1.png 7\n2.png 1\n", "7"),
            ("0.png 0\n1.png 0\n2.png 0\n", "also black"),
            ("0.png 0\n1.png 1\n0.png 1\n", "0.png"),
            ("0.png 0\n1.png one\n", "one"),
            ("", "train.txt"),
        ],
        ids=["missing file", "label out of range", "class without pictures", "duplicate", "no number", "empty list"],
    )
    def test_tells_what_is_wrong_with_a_data_set(
        self, classifier: programs.Program, tmp_path: Path, train: str, said: str
    ) -> None:
        record = ended(classifier, dataset=data_set(tmp_path, train))

        assert record["status"] == "error"
        assert said in record["message"]

    def test_learns_from_what_is_left_when_one_picture_is_broken(
        self, classifier: programs.Program, tmp_path: Path
    ) -> None:
        folder = data_set(tmp_path, "0.png 0\n1.png 1\n2.png 0\n3.png 1\nbroken.png 1\n")
        (tmp_path / "images" / "broken.png").write_bytes(PICTURE[:40])

        record = ended(classifier, dataset=folder)

        assert record["status"] == "done", record
        assert "broken.png" in str(record["result"])
