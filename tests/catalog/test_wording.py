"""Words of older cards in the catalog's own."""

from __future__ import annotations

from pelagos.catalog import wording


class TestKnown:
    def test_picks_words_once_in_one_spelling(self) -> None:
        assert wording.known(["Tensorflow", "tensorflow-v1", "cnn", "keras"], wording.LIBRARIES) == [
            "TensorFlow",
            "Keras",
        ]


class TestTags:
    def test_leave_out_what_is_said_elsewhere(self) -> None:
        said = ["docker", "api-v2", "trainable", "pytorch", "image", "plankton", "Plankton ", "Other"]

        assert wording.tags(said) == ["Plankton"]


class TestTasks:
    def test_are_written_as_other_catalogs_do(self) -> None:
        assert wording.tasks(["Computer Vision", "Other"]) == ["computer-vision"]
