"""Licences as SPDX expressions (https://spdx.org/licenses/), whatever way they were written."""

from __future__ import annotations

import functools
import re
from typing import Any

import license_expression  # type: ignore[import-untyped]

_ALIASES = {
    "apache": "Apache-2.0",
    "apache2": "Apache-2.0",
    "apache20": "Apache-2.0",
    "asl20": "Apache-2.0",
    "mitx11": "MIT",
    "bsd3": "BSD-3-Clause",
    "bsd3clause": "BSD-3-Clause",
    "newbsd": "BSD-3-Clause",
    "bsd2": "BSD-2-Clause",
    "gpl3": "GPL-3.0-only",
    "gplv3": "GPL-3.0-only",
    "gnugplv3": "GPL-3.0-only",
    "gpl30": "GPL-3.0-only",
    "gpl2": "GPL-2.0-only",
    "gplv2": "GPL-2.0-only",
    "agpl3": "AGPL-3.0-only",
    "agplv3": "AGPL-3.0-only",
    "agpl30": "AGPL-3.0-only",
    "lgpl3": "LGPL-3.0-only",
    "lgplv3": "LGPL-3.0-only",
    "ccby4": "CC-BY-4.0",
    "ccby40": "CC-BY-4.0",
    "cc0": "CC0-1.0",
    "eupl12": "EUPL-1.2",
    "mpl2": "MPL-2.0",
    "mpl20": "MPL-2.0",
}
"""Ways to write a licence that people use and SPDX does not know, squeezed to letters and digits."""

_SIGNS = (
    ("MIT", ("permission is hereby granted, free of charge", 'the software is provided "as is"')),
    ("Apache-2.0", ("apache license", "version 2.0")),
    ("AGPL-3.0-only", ("gnu affero general public license", "version 3")),
    ("LGPL-3.0-only", ("gnu lesser general public license", "version 3")),
    ("GPL-3.0-only", ("gnu general public license", "version 3")),
    ("GPL-2.0-only", ("gnu general public license", "version 2")),
    ("MPL-2.0", ("mozilla public license", "version 2.0")),
    ("EUPL-1.2", ("european union public licence", "1.2")),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "neither the name")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
    ("CC-BY-4.0", ("creative commons attribution 4.0",)),
    ("CC0-1.0", ("cc0 1.0 universal",)),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",)),
    ("ISC", ("permission to use, copy, modify, and/or distribute this software",)),
)
"""Sentences by which the text of a licence is known; the first licence with all of them is meant."""
_NOT_SIGNIFICANT = re.compile(r"[^a-z0-9]+")
_WORD = re.compile(r"\b(the|licen[cs]e)\b", re.IGNORECASE)
_FAMILY = re.compile(r"-(only|or-later)$")
LONGEST = 500


def spdx(text: str) -> str | None:
    """Bring a licence to its SPDX expression; None when it cannot be understood."""
    known = _ALIASES.get(_squeezed(text))
    bare = _WORD.sub("", text).strip()
    return known or _expression(text) or _expression(bare) or _expression("-".join(bare.split()))


def of_text(text: str) -> str | None:
    """Tell the licence of a LICENSE file's text; None when it is none of the usual ones."""
    flat = " ".join(text.casefold().split()).replace("“", '"').replace("”", '"')
    return next((name for name, signs in _SIGNS if all(sign in flat for sign in signs)), None)


def contradict(stated: str, other: str) -> bool:
    """Tell whether two statements of a module's licence cannot both be true.

    A text of the GPL is the same for "only" and "or later", and of a choice (`A OR B`) one may be the file at hand.
    """
    return not (_families(stated) & _families(other))


def _families(expression: str) -> set[str]:
    parsed = _licensing().parse(expression)
    return {_FAMILY.sub("", str(each.key)) for each in _licensing().license_symbols(parsed, decompose=True)}


def _expression(text: str) -> str | None:
    if len(text) > LONGEST:
        return None
    try:
        parsed = _licensing().parse(text, validate=True)
    except (license_expression.ExpressionError, license_expression.ExpressionParseError):
        return None
    return None if parsed is None else str(parsed.render())


def _squeezed(text: str) -> str:
    words = text.casefold().replace("licence", "").replace("license", "").replace("version", "").removeprefix("the ")
    return _NOT_SIGNIFICANT.sub("", words)


@functools.cache
def _licensing() -> Any:
    return license_expression.get_spdx_licensing()
