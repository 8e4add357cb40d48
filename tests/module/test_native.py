"""A class derived from Module, behind the adapter."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from pelagos.module import Folder, Module, Training, native
from pelagos.module.adapter import Request


class Counter(Module):
    """Counts its loads."""

    loaded: ClassVar[list[str | None]] = []

    def load(self, model: Folder | None) -> None:
        self.model = None if model is None else model.path.name
        self.loaded.append(self.model)

    def predict(self, words: int = 0) -> Any:
        return self._words(words) if words else self.model

    def train(self, run: Training, folder: Folder) -> Any:
        return {"folder": str(folder.path), "pair": (1, 2)}

    def _words(self, count: int) -> Iterator[int]:
        yield from range(count)


def adapter() -> native.NativeAdapter:
    Counter.loaded.clear()
    return native.NativeAdapter(Counter, name="counter", metadata=lambda: {"version": "3"})


def body(answer: Any) -> Any:
    return json.loads(answer.body)["predictions"]


class TestNativeAdapter:
    def test_describes_the_class_with_the_facts_of_its_distribution(self) -> None:
        described = adapter().description()

        assert (described["name"], described["version"]) == ("counter", "3")

    def test_loads_every_model_once(self) -> None:
        counter = adapter()
        counter.warm()

        answers = [body(counter.predict(Request({}, model))) for model in (None, Folder("/m/a"), Folder("/m/a"), None)]

        assert answers == [None, "a", "a", None]
        assert Counter.loaded == [None, "a"]

    def test_forgets_the_model_that_was_unused_for_longest(self) -> None:
        counter = adapter()
        for name in "abcdea":
            counter.predict(Request({}, Folder(f"/m/{name}")))

        assert Counter.loaded == list("abcdea")
        counter.predict(Request({}, Folder("/m/e")))
        assert len(Counter.loaded) == 6

    def test_streams_what_a_generator_yields(self) -> None:
        answer = adapter().predict(Request({"words": 2}))

        assert answer.media_type == "text/event-stream"
        assert list(answer.body) == [b"data: 0\n\n", b"data: 1\n\n"]

    def test_trains_with_typed_arguments_and_gives_plain_json(self, tmp_path: Path) -> None:
        run = Training(tmp_path, id="1", cache=tmp_path)

        result = adapter().train(run, {"folder": "/data"})

        assert result == {"folder": "/data", "pair": [1, 2]}
