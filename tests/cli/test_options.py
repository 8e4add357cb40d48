import pytest

from pelagos.cli import options
from pelagos.domain import errors


def bad(name: str) -> int:
    raise errors.InvalidInput({name: ["is bad"]})


class TestTogether:
    def test_gives_what_both_give(self) -> None:
        assert options.together(lambda: 1, lambda: "a") == (1, "a")

    def test_collects_the_faults_of_both(self) -> None:
        with pytest.raises(errors.InvalidInput) as caught:
            options.together(lambda: bad("--a"), lambda: bad("--b"))

        assert caught.value.faults == {"--a": ["is bad"], "--b": ["is bad"]}

    def test_gives_the_faults_of_one(self) -> None:
        with pytest.raises(errors.InvalidInput) as caught:
            options.together(lambda: 1, lambda: bad("--b"))

        assert list(caught.value.faults) == ["--b"]
