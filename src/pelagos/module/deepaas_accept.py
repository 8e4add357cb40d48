"""The argument `accept` of a DEEPaaS module: which media type an answer has.

DEEPaaS changes the module's field: `*/*` is one more choice, and the first choice is the default, whatever the module
says. Clients know it so. Real content negotiation is added: `image/*`, several types, q values.
"""

from __future__ import annotations

import copy
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from pelagos.module import deepaas_library

NAME = "accept"
JSON = "application/json"
ANYTHING = "*/*"


def prepare(fields: Mapping[str, Any]) -> Dict[str, Any]:
    """Give the fields with `accept` as DEEPaaS presents it; the module's own objects stay as they are."""
    field = fields.get(NAME)
    if field is None:
        return dict(fields)
    choices = media_types(field)
    if not choices:
        return dict(fields)
    changed = copy.copy(field)
    changed.validators = [copy.copy(validator) for validator in field.validators]
    for validator in changed.validators:
        if hasattr(validator, "choices"):
            validator.choices = [*choices, ANYTHING]
    deepaas_library.set_default(changed, choices[0])
    return {**fields, NAME: changed}


def media_types(field: Any) -> List[str]:
    """List what the module says it can answer with; empty when it does not say."""
    return [str(choice) for choice in deepaas_library.choices_of(field) or () if choice != ANYTHING]


def choose(header: str, offered: Sequence[str]) -> Optional[str]:
    """Choose the media type that suits the client best, the first offered for anything; None when none does.

    See RFC 9110, section 12.5.1. Among types the client likes the same, the order of the module counts.
    """
    wanted = _parse(header)
    liked = [(_quality(offer, wanted), offer) for offer in offered]
    best = max((quality for quality, _ in liked), default=0.0)
    return next((offer for quality, offer in liked if quality == best), None) if best > 0 else None


def _quality(offer: str, wanted: Sequence[Tuple[str, float]]) -> float:
    kind = offer.partition("/")[0]
    for pattern in (offer, f"{kind}/*", ANYTHING):
        for name, quality in wanted:
            if name == pattern:
                return quality
    return 0.0


def _parse(header: str) -> List[Tuple[str, float]]:
    found = []
    for part in header.split(","):
        name, _, options = part.partition(";")
        if name.strip():
            found.append((name.strip().lower(), _q(options)))
    return found


def _q(options: str) -> float:
    for option in options.split(";"):
        key, _, value = option.strip().partition("=")
        if key.strip().lower() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
