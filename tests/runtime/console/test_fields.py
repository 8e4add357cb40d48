from __future__ import annotations

from typing import Any

from pelagos.runtime import calls
from pelagos.runtime.console import fields


def parameter(name: str = "epochs", required: bool = False, **more: Any) -> dict[str, Any]:
    facts = {"label": "", "unit": "", "advanced": False, "secret": False}
    schema = {key: value for key, value in more.items() if key not in facts}
    said = {key: value for key, value in more.items() if key in facts}
    return {"name": name, "keyword": name, "required": required, "in": None, "schema": schema, **facts, **said}


def method(*parameters: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": list(parameters)}


def upload(name: str, data: bytes = b"") -> calls.Upload:
    return calls.Upload(name, size=len(data), data=data)


class TestDrawing:
    def test_gives_a_number_its_bounds_unit_and_default(self) -> None:
        one = parameter(type="integer", minimum=1, maximum=50, default=5, description="how long", unit="epochs")

        (field,) = fields.fields(method(one))

        assert (field.widget, field.label, field.value, field.unit) == ("number", "Epochs", "5", "epochs")
        assert (field.help, field.hint) == ("how long", "whole number, 1 to 50, default 5")

    def test_names_open_bounds(self) -> None:
        (field,) = fields.fields(method(parameter(type="number", exclusiveMinimum=0, maximum=1)))

        assert field.hint == "number, at most 1, more than 0"

    def test_makes_a_list_of_choices_with_an_empty_one_when_nothing_is_the_default(self) -> None:
        (field,) = fields.fields(method(parameter(enum=["fast", "full"], default=None, nullable=True)))

        assert [choice.value for choice in field.choices] == ["", "fast", "full"]

    def test_makes_no_empty_choice_when_there_is_a_default(self) -> None:
        (field,) = fields.fields(method(parameter(enum=["fast", "full"], default="fast")))

        assert [choice.value for choice in field.choices] == ["fast", "full"]

    def test_never_shows_a_secret(self) -> None:
        one = parameter(type="string", default="hunter2", secret=True)

        (field,) = fields.fields(method(one), values={"epochs": "other"})

        assert (field.widget, field.value) == ("secret", "")
        assert "hunter2" not in field.hint

    def test_fills_in_what_was_said_before(self) -> None:
        (field,) = fields.fields(method(parameter(type="integer", default=5)), values={"epochs": "abc"})

        assert field.value == "abc"

    def test_shows_faults_and_flattens_those_of_list_elements(self) -> None:
        (field,) = fields.fields(method(parameter(type="array")), faults={"epochs": {"0": ["bad"], "2": ["worse"]}})  # type: ignore[dict-item]

        assert field.faults == ("0: bad", "2: worse")

    def test_never_folds_a_required_field_away(self) -> None:
        (field,) = fields.fields(method(parameter(type="integer", required=True, advanced=True)))

        assert not field.advanced

    def test_makes_an_id_that_is_safe_and_unique(self) -> None:
        found = [fields.Field(name, name, "text").id for name in ("a b", "a-b", 'a"b', "ab")]

        assert len(set(found)) == 4
        assert not any(set(text) & set(" \"'<>") for text in found)

    def test_knows_every_widget(self) -> None:
        schemas: list[tuple[dict[str, Any], str]] = [
            ({"type": "string", "format": "binary"}, "file"),
            ({"type": "array", "items": {"type": "string", "format": "binary"}}, "files"),
            ({"anyOf": [{"format": "binary"}, {"type": "array", "items": {"format": "binary"}}]}, "files"),
            ({"type": "string", "format": "folder"}, "folder"),
            ({"type": "string", "format": "date"}, "date"),
            ({"type": "boolean"}, "switch"),
            ({"type": "number"}, "number"),
            ({"type": "string"}, "text"),
            ({"type": "array", "items": {"type": "number"}}, "json"),
            ({"type": "object"}, "json"),
            ({"anyOf": [{"type": "number"}, {"type": "string"}]}, "json"),
            ({}, "json"),
        ]

        assert [fields.widget(schema) for schema, _ in schemas] == [name for _, name in schemas]


class TestLooseFaults:
    def test_are_those_of_no_field(self) -> None:
        found = fields.loose_faults(method(parameter("epochs", type="integer")), {"epochs": ["x"], "site": ["gone"]})

        assert found == ("site: gone",)


class TestPostedArguments:
    def test_leave_out_what_was_left_empty(self) -> None:
        form = method(parameter("epochs", type="integer"), parameter("note", type="string", default=""))

        assert fields.arguments(form, [("epochs", ""), ("note", "")]) == []

    def test_keep_a_text_that_was_emptied_on_purpose(self) -> None:
        form = method(parameter("note", type="string", default="hello"))

        assert fields.arguments(form, [("note", "")]) == [("note", "")]

    def test_say_false_for_a_switch_that_is_off_only_when_the_form_was_sent(self) -> None:
        form = method(parameter("fast", type="boolean", default=True))

        assert fields.arguments(form, [(fields.SENT, "1")]) == [("fast", "false")]
        assert fields.arguments(form, []) == []

    def test_leave_out_a_file_field_without_a_file(self) -> None:
        form = method(parameter("image", type="string", format="binary"))
        picture = upload("a.png", b"1")

        assert fields.arguments(form, [("image", upload(""))]) == []
        assert fields.arguments(form, [("image", picture)]) == [("image", picture)]

    def test_ignore_unknown_names(self) -> None:
        assert fields.arguments(method(parameter("epochs", type="integer")), [("_key", "1"), ("x", "2")]) == []


class TestShownValues:
    def test_read_as_a_person_would_type_them(self) -> None:
        values = [None, "text", 1.5, True, [0.7, 0.3], {"$folder": "/data"}, {"$file": {"name": "a.png", "path": "/x"}}]

        assert [fields.shown(value) for value in values] == [
            "", "text", "1.5", "true", "[0.7, 0.3]", "/data", "a.png",
        ]  # fmt: skip
