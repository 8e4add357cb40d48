"""Tests of pelagos.module.deepaas_functions."""

from __future__ import annotations

from typing import Any

import marshmallow
import pytest

from pelagos.module.deepaas_functions import Functions


class Full:
    def __init__(self) -> None:
        self.warmed = 0

    def get_metadata(self) -> dict[str, Any]:
        return {"name": "full", "extra": 1}

    def get_predict_args(self) -> dict[str, Any]:
        return {"text": marshmallow.fields.Str()}

    def warm(self) -> None:
        self.warmed += 1


class Unfinished:
    def get_metadata(self) -> dict[str, Any]:
        raise NotImplementedError

    def get_predict_args(self) -> dict[str, Any]:
        raise NotImplementedError

    def warm(self) -> None:
        raise NotImplementedError


class Wanted(marshmallow.Schema):
    text = marshmallow.fields.Str()
    number = marshmallow.fields.Int()


class TestFunctions:
    def test_are_those_of_an_instance(self) -> None:
        functions = Functions(Full(), "full")

        assert functions.metadata() == {"name": "full", "extra": 1}

    def test_are_those_of_a_class_which_is_made_once(self) -> None:
        functions = Functions(Full, "full")

        functions.warm()
        functions.warm()

        warm: Any = functions.function("warm")
        assert warm.__self__.warmed == 2

    @pytest.mark.parametrize("target", [object(), Unfinished()], ids=["absent", "not written"])
    def test_that_are_missing_leave_a_description_that_says_so(self, target: object) -> None:
        functions = Functions(target, "shell")

        functions.warm()

        assert functions.metadata()["description"].endswith("(loaded 'shell')")
        assert functions.fields("predict") == {}

    def test_may_give_their_fields_as_a_schema_class(self) -> None:
        class Model:
            def get_train_args(self) -> type[marshmallow.Schema]:
                return Wanted

        assert list(Functions(Model(), "m").fields("train")) == ["text", "number"]

    def test_may_give_their_fields_as_a_schema(self) -> None:
        class Model:
            def get_train_args(self) -> marshmallow.Schema:
                return Wanted()

        assert list(Functions(Model(), "m").fields("train")) == ["text", "number"]

    def test_with_an_attribute_error_inside_count_as_missing_and_show_it(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        class Model:
            def get_predict_args(self) -> Any:
                return None.nothing  # type: ignore[attr-defined]

        fields = Functions(Model(), "m").fields("predict")

        assert fields == {}
        assert "'NoneType' object has no attribute 'nothing'" in capsys.readouterr().err

    def test_that_fail_to_warm_stop_the_start(self) -> None:
        class Model:
            def warm(self) -> None:
                raise OSError("no weights")

        with pytest.raises(OSError, match="no weights"):
            Functions(Model(), "m").warm()
