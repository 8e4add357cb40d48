"""How to cite a module: BibTeX, APA, RIS."""

from __future__ import annotations

import re
import unicodedata

from pelagos.catalog import card

_BIBTEX_SIGNS = {sign: f"\\{sign}" for sign in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def bibtex(each: card.Card, address: str = "") -> str:
    """Write a BibTeX entry (`@software`, as biblatex has it). `address` is the card's page."""
    fields = {
        "title": each.title,
        "author": " and ".join(_family_first(author.name) for author in each.authors),
        "year": _year(each),
        "version": each.version,
        "license": each.licence or "",
    }
    lines = [f"  {name} = {{{_bibtex(value)}}}," for name, value in fields.items() if value]
    lines += [f"  doi = {{{_one_line(each.citation.doi)}}},"] if each.citation.doi else []
    lines += [f"  url = {{{_one_line(url)}}},"] if (url := _url(each, address)) else []
    return "\n".join((f"@software{{{_key(each)},", *lines, "}")) + "\n"


def apa(each: card.Card, address: str = "") -> str:
    """Write a reference in the style of APA, 7th edition, as plain text; the author's own words if there are any."""
    if each.citation.text:
        return each.citation.text
    people = [_initials(author.name) for author in each.authors]
    who = ", ".join(people[:-1]) + (", & " if len(people) > 1 else "") + people[-1] if people else ""
    version = f" (Version {each.version})" if each.version else ""
    begins = f"{who} ({_year(each) or 'n.d.'}). " if who else ""
    ends = "" if who else f" ({_year(each) or 'n.d.'})."
    where = f"https://doi.org/{each.citation.doi}" if each.citation.doi else _url(each, address)
    what = f"{each.title.rstrip('.')}{version} [Computer software]."
    return _one_line(f"{begins}{what}{ends} {where}").strip()


def ris(each: card.Card, address: str = "") -> str:
    """Write a RIS record (https://en.wikipedia.org/wiki/RIS_(file_format)), type COMP."""
    pairs = [("TY", "COMP"), ("TI", each.title)]
    pairs += [("AU", _family_first(author.name)) for author in each.authors]
    pairs += [("PY", _year(each)), ("AB", each.summary), ("ET", each.version), ("DO", each.citation.doi or "")]
    pairs += [("UR", _url(each, address)), *(("KW", tag) for tag in each.tags)]
    said = [f"{tag}  - {_one_line(value)}" for tag, value in pairs if value]
    return "\r\n".join((*said, "ER  - ", ""))


def family_and_given(name: str) -> tuple[str, str]:
    """Split a person's name: “Family, Given” at its comma, any other at its last space."""
    if "," in name:
        family, _, given = name.partition(",")
    else:
        given, _, family = name.strip().rpartition(" ")
    return family.strip(), given.strip()


def _family_first(name: str) -> str:
    family, given = family_and_given(name)
    return f"{family}, {given}" if given else family


def _initials(name: str) -> str:
    family, given = family_and_given(name)
    initials = " ".join(f"{part[0]}." for part in given.split())
    return f"{family}, {initials}" if initials else family


def _key(each: card.Card) -> str:
    first = family_and_given(each.authors[0].name)[0] if each.authors else ""
    plain = unicodedata.normalize("NFKD", f"{first}{_year(each)}-{each.name}").encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9-]+", "-", plain.lower()).strip("-")


def _year(each: card.Card) -> str:
    date = each.updated or each.created
    return str(date.year) if date else ""


def _url(each: card.Card, address: str) -> str:
    return each.citation.url or each.links.source or address


def _bibtex(text: str) -> str:
    return "".join(_BIBTEX_SIGNS.get(sign, sign) for sign in _one_line(text))


def _one_line(text: str) -> str:
    return " ".join(text.split())
