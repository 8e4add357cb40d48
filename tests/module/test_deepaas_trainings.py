"""Tests of pelagos.module.deepaas_trainings."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from marshmallow import fields, validate

from pelagos.module import answers, deepaas_trainings, deepaas_uploads
from pelagos.module.adapter import Refused
from pelagos.module.deepaas_parsing import Reader
from pelagos.module.files import File


@pytest.fixture(autouse=True)
def _deepaas() -> None:
    deepaas_uploads.offer_shim()


class Doubling(fields.Field):
    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return {value + value}


READER = Reader(
    {
        "epochs": fields.Int(load_default=3, validate=validate.Range(min=1)),
        "day": fields.Date(),
        "twice": Doubling(),
        "data": fields.Raw(data_key="the-data"),
        "more": fields.List(fields.Raw()),
    }
)


def through_json(arguments: Any) -> Any:
    return json.loads(answers.encode(arguments))


class TestChecked:
    def test_gives_arguments_after_defaults(self) -> None:
        assert deepaas_trainings.checked(READER, {}) == {"arguments": {"epochs": 3}}

    def test_refuses_what_the_module_refuses(self) -> None:
        with pytest.raises(Refused):
            deepaas_trainings.checked(READER, {"query": [["epochs", "0"]]})

    def test_names_files_by_their_place_in_the_form(self) -> None:
        form = [["more", File("a", data=b"")], ["the-data", File("b", data=b"")], ["more", File("c", data=b"")]]

        found = deepaas_trainings.checked(READER, {"form": form})["arguments"]

        assert (found["data"], found["more"]) == ({"$upload": 1}, [{"$upload": 0}, {"$upload": 2}])

    @pytest.mark.parametrize("value", [{"$file": {"path": "/etc/passwd"}}, [{"a": {"$upload": 9}}], {"$load": 1}])
    def test_refuses_what_would_be_taken_for_ours(self, value: Any) -> None:
        with pytest.raises(Refused, match="expected none"):
            deepaas_trainings.checked(READER, {"json": {"more": value}})


class TestReady:
    def test_brings_back_what_json_does_not_know(self) -> None:
        sent = deepaas_trainings.checked(READER, {"query": [["day", "2026-01-31"], ["twice", "ab"]]})["arguments"]

        arrived = deepaas_trainings.ready(READER, through_json(sent))

        assert arrived == {"epochs": 3, "day": datetime.date(2026, 1, 31), "twice": {"abab"}}

    def test_hands_files_over_under_their_name_on_the_wire(self) -> None:
        arguments = {"data": File("b.txt", data=b"1"), "more": [File("c", data=b"2")]}

        arrived = deepaas_trainings.ready(READER, arguments)

        assert (arrived["data"].name, arrived["data"].original_filename) == ("the-data", "b.txt")
        assert arrived["more"][0].original_filename == "c"
