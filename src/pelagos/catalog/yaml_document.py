"""Read YAML as text with places. Only plain data: no tags, and no aliases, which can make a gigabyte of ten lines."""

from __future__ import annotations

import math
from typing import Any

import yaml

from pelagos.catalog import documents, faults

_PLAIN = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null"}
_SUGGESTIONS = (
    ("cannot start any token", "Indent with spaces, and put text that begins with @, ` or % into quotes."),
    ("mapping values are not allowed", "Put text that holds a colon and a space into quotes."),
    ("expected <block end>", "Give all keys of one level the same indentation."),
    ("could not find expected ':'", "Write “key: value”, and indent the lines of a longer text."),
    ("quoted scalar", "Close the quotes."),
    ("special characters are not allowed", "Save the file as UTF-8 without control characters."),
)


def read(file: str, text: str) -> documents.Document:
    """Read a YAML text. Never raises for what is in it: see the document's faults; a moment stays the text it is."""
    refused = documents.too_large(file, text)
    if refused:
        return refused
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        return documents.Document(file, {}, faults=(_broken(file, error),), broken=True)
    except RecursionError:
        deep = faults.Fault(file, "Nested too deeply.", "Write it flatter.")
        return documents.Document(file, {}, faults=(deep,), broken=True)
    reader = _Reader(file)
    value = {} if root is None else reader.value(root, ())
    return documents.Document(file, value, reader.positions, tuple(reader.faults))


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self._numbers = yaml.SafeLoader("")
        self._seen: set[int] = set()
        self.positions: dict[documents.Keys, documents.Position] = {}
        self.faults: list[faults.Fault] = []

    def value(self, node: yaml.Node, keys: documents.Keys) -> Any:
        self.positions.setdefault(keys, _position(node.start_mark))
        if not isinstance(node, yaml.ScalarNode):
            if id(node) in self._seen or len(keys) > documents.DEEPEST:
                self._say(keys, "The value is an alias or nested too deeply.", "Write it out, and flatter.")
                return None
            self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, keys)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*keys, place)) for place, each in enumerate(node.value)]
        return self._scalar(node, keys) if isinstance(node, yaml.ScalarNode) else None

    def _mapping(self, node: yaml.MappingNode, keys: documents.Keys) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = documents.sound(str(key.value))
            if name in found:
                self.positions[*keys, name] = _position(key.start_mark)
                self._say((*keys, name), "The key comes twice; the last one counts.", "Remove one.")
            self.positions[*keys, name] = _position(key.start_mark)
            found[name] = self.value(value, (*keys, name))
        return found

    def _scalar(self, node: yaml.ScalarNode, keys: documents.Keys) -> Any:
        text = documents.sound(node.value)
        if node.tag not in _PLAIN:
            return text
        try:
            value = yaml.SafeLoader.yaml_constructors[node.tag](self._numbers, node)
        except (ValueError, KeyError, yaml.YAMLError):
            self._say(keys, f"“{text[:40]}” is no value of its type.", "Put it into quotes.")
            return text
        return text if isinstance(value, float) and not math.isfinite(value) else value

    def _say(self, keys: documents.Keys, message: str, suggestion: str) -> None:
        line, column = self.positions[keys]
        self.faults.append(faults.Fault(self._file, message, suggestion, documents.dotted(keys), line, column))


def _broken(file: str, error: yaml.YAMLError) -> faults.Fault:
    said = str(getattr(error, "problem", None) or error).splitlines()[0]
    mark = getattr(error, "problem_mark", None)
    line, column = _position(mark) if mark else documents.Position(1, 1)
    suggestion = next((fix for sign, fix in _SUGGESTIONS if sign in str(error)), "See https://yaml.org/spec/1.2.2/.")
    return faults.Fault(file, f"This is not YAML: {said}.", suggestion, "", line, column)


def _position(mark: Any) -> documents.Position:
    return documents.Position(mark.line + 1, mark.column + 1)
