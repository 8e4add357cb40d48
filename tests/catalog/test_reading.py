"""Whatever a source says, a card comes of it, and it can be kept."""

from __future__ import annotations

import json
import string
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest
import yaml

from catalog import sources
from pelagos.catalog import ai4os_v2, card, deep_v1, native, reading

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "x", "2024-01-01", "https://a.example", "10.1/2", "MIT", "listed", "superseded"])
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "value", "doi", "url", "cpus", "sha256", "extra", "predict"]), inner)
    ),
    max_leaves=6,
)
V1_KEYS = (
    "title",
    "summary",
    "description",
    "keywords",
    "license",
    "date_creation",
    "sources",
    "cite_url",
    "x",
    "extra",
)
V2_KEYS = (
    "title",
    "description",
    "dates",
    "links",
    "tags",
    "tasks",
    "categories",
    "resources",
    "doi",
    "data-type",
    "x",
)
OF_OUR_OWN = st.dictionaries(
    st.sampled_from([*card.Card.model_fields, "task", "license", "colour"]), VALUES, max_size=5
)


def kept(found: reading.Imported) -> list[Any]:
    """The values of the card, after it was written and read back."""
    assert found.card is not None
    plain = json.loads(json.dumps(found.card.plain(), allow_nan=False))
    assert card.Card.model_validate(plain) == found.card
    return list(sources.leaves(plain))


class TestFinish:
    @hypothesis.given(st.dictionaries(st.sampled_from(V1_KEYS), VALUES, max_size=5))
    def test_makes_a_card_of_any_deep_v1(self, said: dict[str, Any]) -> None:
        found = deep_v1.read("a", json.dumps(said))

        values = kept(found)
        assert found.card is not None
        lost = [leaf for leaf in sources.leaves(said) if leaf not in values and leaf != ""]
        assert [leaf for leaf in lost if not isinstance(leaf, str) or leaf not in found.card.readme] == []

    @hypothesis.given(st.dictionaries(st.sampled_from(V2_KEYS), VALUES, max_size=5))
    def test_makes_a_card_of_any_ai4os_v2(self, said: dict[str, Any]) -> None:
        found = ai4os_v2.read("a", yaml.safe_dump(said))

        values = kept(found)
        assert [leaf for leaf in sources.leaves(said) if leaf not in values and leaf != ""] == []

    @hypothesis.given(OF_OUR_OWN)
    def test_makes_a_card_of_any_native_one(self, said: dict[str, Any]) -> None:
        found = native.read("a", "".join(f"{key} = {toml(value)}\n" for key, value in said.items()))

        assert kept(found)

    @pytest.mark.parametrize(
        ("read", "text"),
        [
            (deep_v1.read, '{"title": "a\\ud800\\u0000", "x": "\\ud800", "y": 1e999, "z": ' + "9" * 5000 + "}"),
            (ai4os_v2.read, 'title: "a\\ud800\\0"\nx: "\\ud800"\ny: .inf\nz: ' + "9" * 5000 + "\n"),
            (native.read, 'title = "a\\u0000"\ny = inf\nz = nan\nwhen = 2024-01-01T00:00:00Z\n'),
        ],
    )
    def test_keeps_only_what_a_database_takes(self, read: Any, text: str) -> None:
        found = read("a", text)

        values = kept(found)
        assert found.card.title.startswith("a\ufffd")
        assert not any("\0" in value for value in values if isinstance(value, str))

    def test_refuses_a_name_that_no_card_can_have(self) -> None:
        with pytest.raises(ValueError, match="named"):
            deep_v1.read("../etc", "{}")


def toml(value: Any) -> str:
    """A value in TOML, which knows no null."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(member) for member in value) + "]"
    if isinstance(value, str):
        return json.dumps("".join(sign for sign in value if sign in string.ascii_letters + string.digits + ":/.-"))
    if isinstance(value, float):
        return format(value, ".6f")
    return "false" if value is None else json.dumps(value)
