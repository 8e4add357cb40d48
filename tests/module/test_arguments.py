"""`Arg` and `BadInput`."""

from pelagos.module import Arg, BadInput


class TestArg:
    def test_gives_only_the_bounds_that_were_set(self) -> None:
        assert Arg("help", ge=0, lt=1.5, max_length=3).keywords() == {
            "minimum": 0,
            "exclusiveMaximum": 1.5,
            "maxLength": 3,
        }

    def test_counts_the_items_of_a_list(self) -> None:
        assert Arg(min_length=1, max_length=3).keywords(of_list=True) == {"minItems": 1, "maxItems": 3}

    def test_gives_choices_as_an_enumeration(self) -> None:
        assert Arg(choices=("a", "b")).keywords() == {"enum": ["a", "b"]}


class TestBadInput:
    def test_names_the_field_of_one_fault(self) -> None:
        error = BadInput("no picture in it", field="dataset")

        assert error.faults == {"dataset": ["no picture in it"]}
        assert str(error) == "dataset: no picture in it"

    def test_carries_all_faults(self) -> None:
        error = BadInput({"a": ["one", "two"], "b": ["three"]})

        assert str(error) == "a: one\ntwo; b: three"
