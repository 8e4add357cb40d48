"""A signature becomes a description."""

import datetime
import enum
import importlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from pelagos.module import Arg, File, Folder, Module, Training, describe


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Flowers(Module):
    """Tells roses from daisies.

    A longer story.
    """

    threads = 2

    def predict(
        self,
        image: File,
        top_k: Annotated[int, Arg("how many classes", ge=1, le=50, unit="classes", advanced=True)] = 5,
    ) -> dict[str, Any]:
        return {}

    def train(
        self,
        run: Training,
        dataset: Folder,
        mode: Literal["fast", "normal"] = "fast",
        colour: Colour = Colour.RED,
        seed: int | None = None,
    ) -> dict[str, Any]:
        return {}


def parameters(method: str) -> dict[str, dict[str, Any]]:
    described = describe.describe(Flowers, name="flowers")
    return {parameter["name"]: parameter for parameter in described[method]["parameters"]}


class TestDescribe:
    def test_takes_the_summary_from_the_first_paragraph(self) -> None:
        assert describe.describe(Flowers, name="flowers")["summary"] == "Tells roses from daisies."

    def test_is_plain_json(self) -> None:
        described = describe.describe(Flowers, name="flowers", metadata={"version": "1.2"})

        assert json.loads(json.dumps(described)) == described

    def test_tells_what_the_module_can_do(self) -> None:
        described = describe.describe(Flowers, name="flowers", metadata={"version": "1.2"})

        assert (described["kind"], described["version"], described["threads"]) == ("native", "1.2", 2)
        assert (described["batch"], described["predict"]["stream"]) == (False, False)

    def test_leaves_out_what_pelagos_gives(self) -> None:
        assert list(parameters("train")) == ["dataset", "mode", "colour", "seed"]

    def test_asks_for_what_has_no_default(self) -> None:
        assert parameters("predict")["image"]["required"]
        assert not parameters("predict")["top_k"]["required"]

    def test_gives_bounds_help_and_unit(self) -> None:
        top_k = parameters("predict")["top_k"]

        assert top_k["schema"] == {
            "type": "integer",
            "minimum": 1,
            "maximum": 50,
            "description": "how many classes",
            "default": 5,
        }
        assert (top_k["unit"], top_k["advanced"]) == ("classes", True)

    def test_gives_the_value_of_an_enumeration(self) -> None:
        assert parameters("train")["colour"]["schema"] == {"type": "string", "enum": ["red", "blue"], "default": "red"}

    def test_marks_what_may_be_null(self) -> None:
        assert parameters("train")["seed"]["schema"] == {"type": "integer", "nullable": True, "default": None}

    def test_has_null_for_a_method_that_is_not_there(self) -> None:
        class Mute(Module):
            """Does nothing."""

        described = describe.describe(Mute, name="mute")

        assert (described["predict"], described["train"]) == (None, None)

    def test_sees_a_generator_as_a_stream(self) -> None:
        class Talker(Module):
            """Talks."""

            def predict(self, words: int = 3) -> Any:
                yield from range(words)

        assert describe.describe(Talker, name="talker")["predict"]["stream"]

    def test_names_the_parameter_that_cannot_be_described(self) -> None:
        class Odd(Module):
            """Odd."""

            def predict(self, thing: Path) -> None: ...

        with pytest.raises(TypeError, match=r"Odd\.predict: parameter 'thing'"):
            describe.describe(Odd, name="odd")

    def test_refuses_arguments_without_a_name(self) -> None:
        class Loose(Module):
            """Loose."""

            def predict(self, **anything: int) -> None: ...

        with pytest.raises(TypeError, match="use named parameters"):
            describe.describe(Loose, name="loose")


class TestSchemaOf:
    @pytest.mark.parametrize(
        ("annotation", "schema"),
        [
            (bool, {"type": "boolean"}),
            (float, {"type": "number"}),
            (str, {"type": "string"}),
            (dict[str, Any], {"type": "object"}),
            (dict, {"type": "object"}),
            (list, {"type": "array"}),
            (list[float], {"type": "array", "items": {"type": "number"}}),
            (list[File], {"type": "array", "items": {"type": "string", "format": "binary"}}),
            (
                Annotated[list[float], Arg(min_length=1, max_length=9)],
                {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 9},
            ),
            (Annotated[str, Arg(min_length=1)], {"type": "string", "minLength": 1}),
            (Folder, {"type": "string", "format": "folder"}),
            (datetime.date, {"type": "string", "format": "date"}),
            (Literal[1, 2], {"type": "integer", "enum": [1, 2]}),
            (str | None, {"type": "string", "nullable": True}),
            (int | str, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
            (list[Annotated[int, Arg(ge=0)]], {"type": "array", "items": {"type": "integer", "minimum": 0}}),
        ],
    )
    def test_writes_a_type_as_json_schema(self, annotation: Any, schema: dict[str, Any]) -> None:
        assert describe.schema_of(annotation) == schema


class TestCardText:
    def test_finds_the_card_beside_the_package(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        package = tmp_path / "src" / "carded"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("from pelagos.module import Module\nclass Carded(Module):\n    'Has.'\n")
        (tmp_path / "module.toml").write_text('title = "Carded"\n')
        monkeypatch.syspath_prepend(str(package.parent))
        carded = importlib.import_module("carded")

        assert describe.card_text(carded.Carded) == 'title = "Carded"\n'

    def test_is_none_for_a_class_that_was_typed_in(self) -> None:
        typed: dict[str, Any] = {"__name__": "__typed__", "Module": Module}
        exec("class Typed(Module):\n    'Typed.'", typed)

        assert describe.card_text(typed["Typed"]) is None
