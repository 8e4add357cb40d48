"""The error tree."""

import inspect

import pytest

from pelagos.domain import errors

CLASSES = [
    member
    for _, member in inspect.getmembers(errors, inspect.isclass)
    if issubclass(member, errors.PelagosError) and member not in (errors.InvalidInput, errors.PelagosError)
]


class TestPelagosError:
    @pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
    def test_says_its_docstring_by_default(self, kind: type[errors.PelagosError]) -> None:
        error = kind()

        assert str(error) == (kind.__doc__ or "").splitlines()[0]

    def test_keeps_a_hint_beside_the_message(self) -> None:
        error = errors.NotFound("no module 'x'", hint="pelagos modules lists them")

        assert (str(error), error.hint) == ("no module 'x'", "pelagos modules lists them")

    @pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
    def test_has_a_code_of_its_own(self, kind: type[errors.PelagosError]) -> None:
        others = {other.code for other in CLASSES if other is not kind}

        assert kind.code not in others

    def test_is_drawn_as_a_tree_at_the_top_of_the_file(self) -> None:
        drawn = errors.__doc__ or ""

        assert [kind.__name__ for kind in CLASSES if f"+- {kind.__name__}" not in drawn] == []


class TestInvalidInput:
    def test_makes_a_sentence_of_all_faults(self) -> None:
        error = errors.InvalidInput({"epochs": ["must be at least 1"], "mode": ["unknown"]})

        assert str(error) == "epochs: must be at least 1; mode: unknown"

    def test_keeps_the_faults_by_field(self) -> None:
        error = errors.InvalidInput({"epochs": ("a", "b")})

        assert error.faults == {"epochs": ["a", "b"]}


class TestPlain:
    @pytest.mark.parametrize(
        "error",
        [
            errors.NotFound("no such", hint="look"),
            errors.InvalidInput({"url": ["is nowhere"]}, hint="x"),
            errors.Busy(),
            errors.PelagosError("what"),
        ],
    )
    def test_is_read_back_as_what_it_was(self, error: errors.PelagosError) -> None:
        read = errors.of_plain(error.plain())

        assert (type(read), read.plain()) == (type(error), error.plain())

    def test_of_an_unknown_kind_is_an_error_still(self) -> None:
        assert errors.of_plain({"code": "new", "message": "what"}).message == "what"
