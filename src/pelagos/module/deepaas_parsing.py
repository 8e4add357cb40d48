"""Read the arguments of one request as DEEPaaS does: where webargs looks, with the module's own marshmallow.

`raw` is the request as it came: `query` and `form` are lists of (name, value), files are `File`; `json` is the body if
it is JSON, `invalid_json` is true when it claims to be and is not; names of `headers` are in lower case.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple

from pelagos.module import deepaas_accept, deepaas_fields, deepaas_library, deepaas_uploads
from pelagos.module.adapter import Refused
from pelagos.module.files import File

Raw = Mapping[str, Any]
_MISSING, _ASK = object(), object()
_NONE: Mapping[str, List[Any]] = {}
_ANYWHERE = ("query", "form", "json")


class Reader:
    """The arguments of one function of the module, ready to read requests."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        prepared = deepaas_accept.prepare(fields)
        self._schema = deepaas_library.schema_of(prepared)
        self._wanted = {
            field.attribute or name: _Wanted(name, field)
            for name, field in self._schema.fields.items()
            if not field.dump_only
        }
        self._invalid = deepaas_library.marshmallow().ValidationError
        # marshmallow makes nested dictionaries of a dotted attribute.
        self._deep = any("." in keyword for keyword in self._wanted)
        accept = prepared.get(deepaas_accept.NAME)
        self.media_types = [] if accept is None else deepaas_accept.media_types(accept)
        """What the module says it can answer with; empty when it does not say."""

    def read(self, raw: Raw) -> Dict[str, Any]:
        """Give the arguments by keyword. Raises Refused (422, or 400 for broken JSON) with the module's own words."""
        return {name: deepaas_uploads.handed(value) for name, value in self.load(self.find(raw)).items()}

    def by_keyword(self, arguments: Mapping[str, Any]) -> Dict[str, Any]:
        """Read arguments that are given by keyword, not by a request. Raises Refused (422)."""
        given = {
            wanted.name: wanted.received(arguments[name]) for name, wanted in self._wanted.items() if name in arguments
        }
        return {name: deepaas_uploads.handed(value) for name, value in self.load(self._negotiated(given)).items()}

    def load(self, found: Mapping[str, Any]) -> Dict[str, Any]:
        """Validate what was found, with the module's own fields; gives it by keyword. Raises Refused (422)."""
        try:
            # The fields alone, when nothing is wrong: half the time of the schema around them.
            if not self._deep:
                each = [(keyword, wanted.converted(found)) for keyword, wanted in self._wanted.items()]
                return {keyword: value for keyword, value in each if value is not _MISSING}
        except self._invalid:
            pass
        try:
            return deepaas_library.load(self._schema, found)
        except self._invalid as error:
            raise Refused(422, json.dumps(error.messages, default=str).encode()) from None

    def load_one(self, keyword: str, value: Any) -> Any:
        """Convert one value that was validated before."""
        name = self._wanted[keyword].name
        return self._wanted[keyword].field.deserialize(value, name, {name: value})

    def wire_name(self, keyword: str) -> str:
        """Give the name in requests of an argument."""
        return self._wanted[keyword].name if keyword in self._wanted else keyword

    def find(self, raw: Raw) -> Dict[str, Any]:
        """Give what the request says, by wire name and not yet validated."""
        sources = {place: _by_name(raw[place]) if raw.get(place) else _NONE for place in ("query", "form")}
        found = {wanted.name: wanted.find(raw, sources) for wanted in self._wanted.values()}
        return self._negotiated({name: value for name, value in found.items() if value is not _MISSING})

    def _negotiated(self, found: Dict[str, Any]) -> Dict[str, Any]:
        asked = found.get(deepaas_accept.NAME)
        if self.media_types and isinstance(asked, str):
            # What cannot be served stays as it was sent, for the module's own validator to refuse.
            found[deepaas_accept.NAME] = deepaas_accept.choose(asked, self.media_types) or asked
        return found


def _by_name(pairs: Iterable[Tuple[str, Any]]) -> Dict[str, List[Any]]:
    found: Dict[str, List[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


class _Wanted:
    """One field, and where it may be."""

    def __init__(self, name: str, field: Any) -> None:
        self.field = field
        self.name = deepaas_library.wire_name(field, name)
        self._many = deepaas_library.is_many(field)
        self._list_of_nested = deepaas_library.is_a(field, "Nested") and field.many
        self._from_text = _takes_json_text(field)
        place = deepaas_fields.place_of(field)
        places = _ANYWHERE if place is None else (place,)
        unknown = [each for each in places if each not in _FINDERS]
        if unknown:
            raise ValueError(f"argument '{name}': the location '{unknown[0]}' is none of {', '.join(_FINDERS)}")
        self._finders = [_FINDERS[each] for each in places]
        self._default = _default_of(field)

    def find(self, raw: Raw, sources: Mapping[str, Mapping[str, List[Any]]]) -> Any:
        for finder in self._finders:
            value = finder(self, raw, sources)
            if value is not _MISSING:
                return value
        return _MISSING

    def converted(self, found: Mapping[str, Any]) -> Any:
        """Give the value as marshmallow's schema would; raises its ValidationError."""
        value = found.get(self.name, _MISSING)
        if value is not _MISSING:
            return self.field.deserialize(value, self.name, found)
        if self._default is _ASK:
            return self.field.deserialize(deepaas_library.marshmallow().missing, self.name, found)
        return self._default

    def in_values(self, values: Optional[List[Any]]) -> Any:
        if values is None:
            return _MISSING
        if self._many:
            return [self.received(value) for value in values]
        return self._from_text(values[0]) if isinstance(values[0], str) else self.received(values[0])

    def in_mapping(self, mapping: Mapping[str, Any], name: str) -> Any:
        if name not in mapping:
            return _MISSING
        value = mapping[name]
        return [value] if self._many and value is not None and not isinstance(value, (list, tuple)) else value

    def in_json(self, raw: Raw) -> Any:
        if raw.get("invalid_json"):
            raise Refused(400, b'{"json": ["Invalid JSON body."]}')
        body = raw.get("json")
        if self._list_of_nested and isinstance(body, list):
            return body
        return self.in_mapping(body, self.name) if isinstance(body, dict) else _MISSING

    def received(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.received(item) for item in value]
        return deepaas_uploads.Received(self.name, value) if isinstance(value, File) else value


_FINDERS: Mapping[str, Callable[[_Wanted, Raw, Mapping[str, Mapping[str, List[Any]]]], Any]] = {
    "query": lambda wanted, _, sources: wanted.in_values(sources["query"].get(wanted.name)),
    "form": lambda wanted, _, sources: wanted.in_values(sources["form"].get(wanted.name)),
    "json": lambda wanted, raw, _: wanted.in_json(raw),
    "headers": lambda wanted, raw, _: wanted.in_mapping(raw.get("headers", {}), wanted.name.lower()),
    "cookies": lambda wanted, raw, _: wanted.in_mapping(raw.get("cookies", {}), wanted.name),
}


def _default_of(field: Any) -> Any:
    """Give what stands for a field that was not sent: a value, _MISSING for nothing, _ASK when the field has to say."""
    if field.required:
        return _ASK
    default = deepaas_library.default_of(field)
    if deepaas_library.absent(default):
        return _MISSING
    return _ASK if callable(default) else default


def _takes_json_text(field: Any) -> Callable[[str], Any]:
    """Forms know no objects, so a plain Dict or Nested field takes them as JSON text too; a subclass judges itself."""
    library = deepaas_library.marshmallow().fields
    known = [getattr(library, name)._deserialize for name in ("Dict", "Mapping", "Nested") if hasattr(library, name)]
    return _from_text if type(field)._deserialize in known else str


def _from_text(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value
