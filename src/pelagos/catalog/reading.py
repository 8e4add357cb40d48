"""Turn a document into a card without losing anything.

A value goes into the card as it is, or stays in the card's `extra` under its own key: what was changed on the way is
kept in both. A value that the card refuses becomes a fault with its place, and the rest of the card stands.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from typing import Any

import pydantic

from pelagos.catalog import card, documents, faults, licences

_PLACEHOLDER = "add-some-"
"""The template of AI4OS modules fills its addresses with `http://add-some-...`."""
_UNTOLD = object()
_ATTEMPTS = 20
"""How often a card is tried without what it refused before."""
_SUGGESTIONS = {
    "string_type": "Put it into quotes.",
    "date_from_datetime_parsing": "Write the date as 2024-08-31.",
    "date_from_datetime_inexact": "Write the date as 2024-08-31.",
    "date_parsing": "Write the date as 2024-08-31.",
    "bool_type": "Write true or false.",
    "float_type": "Write a number, without quotes and unit.",
    "tuple_type": "Write a list.",
    "model_type": "Write a table of keys and values.",
    "model_attributes_type": "Write a table of keys and values.",
}


@dataclasses.dataclass(frozen=True)
class Imported:
    """A card, as far as its source could be read, and what is wrong with the source."""

    card: card.Card | None
    """None when nothing could be made of the source."""
    faults: tuple[faults.Fault, ...] = ()
    broken: bool = False
    """Whether a part of the source could not be read at all: an earlier card of it may be the better one."""


class Reading:
    """One document on its way to become a card."""

    def __init__(self, document: documents.Document) -> None:
        self._document = document
        self._values: dict[str, Any] = {}
        self._taken: set[documents.Keys] = set()
        self._origins: dict[documents.Keys, documents.Keys] = {}
        self._faults = list(document.faults)

    def look(self, *keys: str | int) -> Any:
        """Give a value of the document; None when it is not said."""
        found = self._find(keys)
        return None if found is _UNTOLD else found

    def move(self, field: documents.Keys, *keys: str | int) -> None:
        """Put a value into the card as it is."""
        self.put(field, self.look(*keys), *keys)

    def put(self, field: documents.Keys, value: Any, *keys: str | int, whole: bool = False) -> None:
        """Put a value that was read at `keys` into the card; when it was changed, `extra` keeps the original too.

        `whole` says that nothing was lost in the change. What is said already stays; None says nothing.
        """
        if value is None or self._said(field) is not None:
            return
        _set(self._values, field, value)
        self._origins[field] = keys
        if whole or value == self.look(*keys):
            self._taken.add(keys)

    def address(self, field: documents.Keys, *keys: str | int) -> None:
        """Put an address of the web into the card, unless it is the template's or none at all."""
        said = self.look(*keys)
        if not isinstance(said, str) or not said.strip():
            return
        if _PLACEHOLDER in said:
            self.warn("The address is the template's example.", "Write yours, or remove the key.", *keys)
            return
        try:
            self.put(field, card.web_address(said.strip()), *keys)
        except ValueError as error:
            self.say(f"“{said}” is no address: {error}.", "Correct it, or remove the key.", *keys)

    def licence(self, *keys: str | int) -> None:
        """Put a licence into the card as SPDX writes it."""
        said = self.look(*keys)
        if said is None:
            return
        expression = licences.spdx(said) if isinstance(said, str) else None
        if expression is None:
            self.say(f"“{said}” is no licence that SPDX knows.", "Take one from https://spdx.org/licenses/.", *keys)
        elif expression != said:
            self.warn(f"“{said}” is not written as SPDX does.", f"Write {expression}.", *keys)
        self.put(("licence",), expression, *keys)

    def say(self, message: str, suggestion: str, *keys: str | int) -> None:
        """Add a fault."""
        self._faults.append(self._document.fault(keys, message, suggestion))

    def warn(self, message: str, suggestion: str, *keys: str | int) -> None:
        """Add a fault that loses nothing."""
        self._faults.append(self._document.fault(keys, message, suggestion, faults.Severity.WARNING))

    def finish(self, name: str) -> Imported:
        """Make the card, under a name if it brings none. What the card refuses goes to `extra`, each with a fault.

        Raises ValueError for a name that no card can have.
        """
        if self._said(("title",)) is None and self._document.value:
            self.warn("The module has no title.", "Add one: a few words for people.", "title")
        for _ in range(_ATTEMPTS):
            values = {"name": name, "title": name} | self._values
            extra = self._rest()
            try:
                made = card.Card.model_validate({**values, "extra": extra} if extra else values)
            except pydantic.ValidationError as error:
                if any(one["loc"] == ("name",) for one in error.errors()) and "name" not in self._values:
                    raise ValueError(f"no card can be named “{name}”") from error
                self._take_back(error)
            else:
                return Imported(made, tuple(self._faults), self._document.broken)
        return Imported(None, tuple(self._faults), broken=True)

    def _take_back(self, error: pydantic.ValidationError) -> None:
        """Remove from the card what it refuses, so that the rest of it stands."""
        self._values = copy.deepcopy(self._values)
        # The last member of a list goes first, so that the places of the others stay.
        for one in reversed(error.errors(include_url=False, include_context=False)):
            place = one["loc"] or ("status",)
            keys = self._origin(place)
            said = one["msg"].removeprefix("Value error, ")
            self.say(f"{said[:1].upper()}{said[1:]}.", _SUGGESTIONS.get(one["type"], ""), *keys)
            _remove(self._values, place[:-1] if one["type"] == "missing" else place)
            self._taken -= {origin for origin in self._taken if origin == keys[: len(origin)]}

    def _origin(self, place: documents.Keys) -> documents.Keys:
        for length in range(len(place), 0, -1):
            if place[:length] in self._origins:
                return (*self._origins[place[:length]], *place[length:])
        return place

    def _said(self, field: documents.Keys) -> Any:
        found: Any = self._values
        for key in field:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found

    def _find(self, keys: documents.Keys) -> Any:
        found = self._document.value
        for key in keys:
            if isinstance(found, Mapping):
                found = found.get(str(key), _UNTOLD)
            elif isinstance(found, list) and isinstance(key, int) and key < len(found):
                found = found[key]
            else:
                return _UNTOLD
        return found

    def _rest(self) -> dict[str, Any]:
        """Give all that did not go into the card as it was."""
        whole = self._document.value
        if not isinstance(whole, Mapping):
            return {"source": whole} if whole not in (None, "") else {}
        left = self._left(whole, ())
        return left if isinstance(left, dict) else {}

    def _left(self, value: Any, keys: documents.Keys) -> Any:
        if keys in self._taken:
            return _UNTOLD
        if not isinstance(value, Mapping) or not value:
            return value
        members = {key: self._left(member, (*keys, key)) for key, member in value.items()}
        kept = {key: member for key, member in members.items() if member is not _UNTOLD}
        return kept or _UNTOLD


def _set(values: dict[str, Any], field: documents.Keys, value: Any) -> None:
    *outer, last = field
    for key in outer:
        values = values.setdefault(str(key), {})
    values[str(last)] = value


def _remove(values: Any, place: documents.Keys) -> None:
    """Remove a value, or the nearest thing around it that can be removed."""
    key, *inner = place
    within = values.get(key) if isinstance(values, dict) else values[int(key)]
    if inner and isinstance(within, dict | list) and _holds(within, inner[0]):
        _remove(within, tuple(inner))
    elif isinstance(values, dict):
        values.pop(str(key), None)
    else:
        del values[int(key)]


def _holds(container: dict[str, Any] | list[Any], key: str | int) -> bool:
    if isinstance(container, dict):
        return key in container
    return isinstance(key, int) and key < len(container)
