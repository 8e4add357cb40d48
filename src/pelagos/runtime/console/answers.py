"""Find the clearest way to show what a module answered: bars, a table, facts, a tree, a picture or plain text."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

SHOWN_BYTES = 4_000_000
"""Larger pictures and files are not put into the page: it says how to fetch them."""
RAW_CHARACTERS = 40_000
ROWS = 200
"""Longest table, tree level or list of bars that is drawn; the raw answer has the rest."""

_SCORES = ("probabilities", "scores", "confidences", "probability", "score", "confidence")
_NAMES = ("labels", "classes", "names", "label", "class", "name", "species", "category")


@dataclasses.dataclass(frozen=True)
class Bar:
    """One class and how likely it is."""

    label: str
    fraction: float
    info: str = ""
    links: tuple[tuple[str, str], ...] = ()
    """(text, address) of pages about the class; web addresses only."""

    @property
    def percent(self) -> str:
        """The fraction for people."""
        return f"{self.fraction * 100:.1f} %"


@dataclasses.dataclass(frozen=True)
class View:
    """One part of an answer, drawn as `kind` says: bars, table, facts, value, picture, text or file."""

    kind: str
    title: str = ""
    bars: tuple[Bar, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    value: Any = None


@dataclasses.dataclass(frozen=True)
class Shown:
    """A whole answer, ready to be drawn."""

    views: tuple[View, ...]
    raw: str = ""


def show(body: bytes, media_type: str) -> Shown:
    """Prepare an answer of any media type."""
    kind = media_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return _json(body)
    if kind == "text/event-stream":
        return _events(body)
    if kind.startswith("text/") and len(body) <= SHOWN_BYTES:
        return Shown((View("text", value=body.decode("utf-8", "replace")[:RAW_CHARACTERS]),))
    # SVG can carry scripts; in a picture element they do not run.
    pictured = kind.startswith("image/")
    address = f"data:{kind};base64,{base64.b64encode(body).decode()}" if len(body) <= SHOWN_BYTES else ""
    return Shown((View("picture" if pictured and address else "file", title=kind, value=(address, len(body))),))


def views(value: Any) -> tuple[View, ...]:
    """Choose the views of a JSON value."""
    bars = _bars(value)
    if bars:
        rest = _rest(value)
        return (View("bars", bars=bars), *(views(rest) if rest else ()))
    if _rows(value):
        many = [_bars(item) for item in value]
        if all(many):
            titles = [_title(item, place) for place, item in enumerate(value)]
            return tuple(View("bars", title=title, bars=found) for title, found in zip(titles, many, strict=True))
        return (_table(value),)
    if isinstance(value, Mapping):
        return (View("facts", rows=tuple((str(key), item) for key, item in list(value.items())[:ROWS])),)
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return (View("facts", rows=tuple((str(place), item) for place, item in enumerate(value[:ROWS]))),)
    return (View("value", value=value),)


def _json(body: bytes) -> Shown:
    value = json.loads(body)
    inside = value["predictions"] if isinstance(value, dict) and set(value) == {"status", "predictions"} else value
    raw = json.dumps(value, indent=2, ensure_ascii=False)
    cut = "" if len(raw) <= RAW_CHARACTERS else "\n… cut here: the command below gives the whole answer"
    return Shown(views(inside), raw[:RAW_CHARACTERS] + cut)


def _events(body: bytes) -> Shown:
    values = [json.loads(line[5:]) for line in body.decode().splitlines() if line.startswith("data:")]
    return Shown(views(values), "\n".join(json.dumps(value, ensure_ascii=False) for value in values)[:RAW_CHARACTERS])


def _bars(value: Any) -> tuple[Bar, ...]:
    """Find classes with probabilities in the shapes that modules use."""
    if isinstance(value, Mapping):
        return _parallel(value) or _by_name(value)
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return _listed(value)
    return ()


def _parallel(value: Mapping[str, Any]) -> tuple[Bar, ...]:
    names, scores = _first(value, _NAMES), _first(value, _SCORES)
    if not isinstance(names, list) or not isinstance(scores, list) or len(names) != len(scores) or not names:
        return ()
    if not all(map(_fraction, scores)):
        return ()
    infos = value.get("labels_info")
    said = infos if isinstance(infos, list) and len(infos) == len(names) else [""] * len(names)
    pairs = list(zip(names, scores, said, strict=True))[:ROWS]
    return tuple(
        Bar(str(name), float(score), _text(info), _links(value, place))
        for place, (name, score, info) in enumerate(pairs)
    )


def _by_name(value: Mapping[str, Any]) -> tuple[Bar, ...]:
    if len(value) < 2 or not all(map(_fraction, value.values())) or abs(sum(value.values()) - 1) > 0.02:
        return ()
    ordered = sorted(value.items(), key=lambda pair: -pair[1])
    return tuple(Bar(name, float(score)) for name, score in ordered[:ROWS])


def _listed(value: Sequence[Mapping[str, Any]]) -> tuple[Bar, ...]:
    pairs = [(_first(item, _NAMES), _first(item, _SCORES)) for item in value[:ROWS]]
    if not all(isinstance(name, str) and _fraction(score) for name, score in pairs):
        return ()
    return tuple(Bar(str(name), float(score)) for name, score in pairs)


def _rest(value: Any) -> dict[str, Any]:
    """Give what the bars of a mapping of parallel lists did not show."""
    if not isinstance(value, Mapping) or not isinstance(_first(value, _NAMES), list):
        return {}
    used = {next(key for key in _NAMES if key in value), next(key for key in _SCORES if key in value)}
    return {key: item for key, item in value.items() if key not in used | {"labels_info", "links"}}


def _links(value: Mapping[str, Any], place: int) -> tuple[tuple[str, str], ...]:
    links = value.get("links")
    if not isinstance(links, Mapping):
        return ()
    lists = [(str(text), items) for text, items in links.items() if isinstance(items, list) and place < len(items)]
    found = [(text, items[place]) for text, items in lists]
    return tuple((text, item) for text, item in found if isinstance(item, str) and item.startswith("https://"))


def _rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _table(value: Sequence[Mapping[str, Any]]) -> View:
    columns = tuple(dict.fromkeys(str(key) for item in value[:ROWS] for key in item))[:20]
    rows = tuple(tuple(item.get(column, "") for column in columns) for item in value[:ROWS])
    return View("table", columns=columns, rows=rows)


def _title(item: Mapping[str, Any], place: int) -> str:
    named = next((item[key] for key in ("file", "filename", "image", "name", "title") if key in item), None)
    return named if isinstance(named, str) else f"{place + 1}"


def _first(value: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((value[key] for key in keys if key in value), None)


def _fraction(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e-6 <= value <= 1 + 1e-6


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
