"""Names of data sets and files."""

from __future__ import annotations

import pytest

from pelagos.domain import errors
from pelagos.storage import names


class TestCheckDataset:
    @pytest.mark.parametrize("name", ["flowers", "Flowers-2026_05.v2", "0", "a" * 100])
    def test_lets_plain_names_pass(self, name: str) -> None:
        assert names.check_dataset(name) == name

    @pytest.mark.parametrize("name", ["", ".", "..", ".staging", "a/b", "a b", "-rf", "ü", "a\n", "a" * 101, "a\0"])
    def test_refuses_all_others(self, name: str) -> None:
        with pytest.raises(errors.InvalidInput, match="no name of a data set"):
            names.check_dataset(name)


class TestInside:
    @pytest.mark.parametrize(
        ("name", "path"),
        [("a//b/./c", "a/b/c"), ("./a", "a"), ("a/", "a"), ("", "."), ("...", "..."), ("a\\b", "a/b"), ("ü", "ü")],
    )
    def test_gives_a_path_below(self, name: str, path: str) -> None:
        assert str(names.inside(name)) == path


class TestShown:
    @pytest.mark.parametrize(
        ("name", "shown"), [("ü.jpg", "'ü.jpg'"), ("\x1b[31m", "'\\x1b[31m'"), ("a\u202egpj", "'a\\u202egpj'")]
    )
    def test_quotes_a_name_and_takes_the_sting_out(self, name: str, shown: str) -> None:
        assert names.shown(name) == shown

    def test_is_short(self) -> None:
        assert len(names.shown("x" * 10_000)) < 100
