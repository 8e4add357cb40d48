"""Markdown of authors as HTML that can do nothing: no scripts, no styles, no forms, nothing fetched from elsewhere.

Two locks: markdown-it writes no HTML of the author's own, and nh3 lets only known elements and attributes through.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

import markdown_it
import nh3
from markdown_it import token as tokens

LONGEST_CHARS = 200_000
"""Of a text; the rest is not shown."""
_TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "em", "strong", "s", "code", "pre", "blockquote"),
    *("ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}}
_SCHEMES = {"http", "https", "mailto"}
_CUT = "\n\n… (the rest is left out)"
_LANGUAGE = re.compile(r"language-[\w+-]{1,40}")
_IMAGE_TAG = re.compile(r"<img\b[^<>]{0,200}?\bsrc\s*=\s*['\"]?(https?://[^'\"\s<>]+)[^<>]{0,500}>", re.IGNORECASE)
_HEADINGS = {f"h{level}": f"h{min(level + 1, 6)}" for level in range(1, 7)}
_PARSER = markdown_it.MarkdownIt("commonmark", {"html": False, "maxNesting": 30}).enable(["table", "strikethrough"])


def render(text: str, base: str = "") -> str:
    """Turn Markdown into safe HTML.

    Headings go down one level, because the page has its own title. Pictures become links: a page fetches nothing from
    elsewhere. Relative links are taken from `base`, an address of the web; without one only their text stays.
    """
    cut = text if len(text) <= LONGEST_CHARS else text[:LONGEST_CHARS] + _CUT
    parsed = _PARSER.parse(cut)
    for token in parsed:
        if token.type.startswith("heading_"):
            token.tag = _HEADINGS[token.tag]
        if token.type == "inline":
            token.children = _without_pictures(token.children or [])
            _resolve(token.children, base)
    return _clean(_PARSER.renderer.render(parsed, _PARSER.options, {}))


def _without_pictures(children: Sequence[tokens.Token]) -> list[tokens.Token]:
    changed: list[tokens.Token] = []
    inside_link = 0
    for child in children:
        inside_link += child.nesting if child.type.startswith("link_") else 0
        if child.type == "image":
            changed += _link(str(child.attrs.get("src", "")), child.content or "picture", linked=not inside_link)
        elif child.type == "text" and "<img" in child.content.casefold():
            changed += _tags_as_links(child.content, linked=not inside_link)
        else:
            changed.append(child)
    return changed


def _tags_as_links(text: str, *, linked: bool) -> list[tokens.Token]:
    """Give the text around `<img>` elements, and a link for each of them."""
    pieces = _IMAGE_TAG.split(text)
    made: list[tokens.Token] = []
    for place, piece in enumerate(pieces):
        made += _link(piece, "picture", linked=linked) if place % 2 else [_text(piece)]
    return made


def _link(address: str, label: str, *, linked: bool) -> list[tokens.Token]:
    if not linked:
        return [_text(label)]
    opened = tokens.Token("link_open", "a", 1, attrs={"href": address})
    return [opened, _text(label), tokens.Token("link_close", "a", -1)]


def _text(content: str) -> tokens.Token:
    return tokens.Token("text", "", 0, content=content)


def _resolve(children: Sequence[tokens.Token], base: str) -> None:
    for child in children:
        if child.type == "link_open":
            address = str(child.attrs.get("href", ""))
            if not _scheme(address):
                child.attrs["href"] = urljoin(base, address) if base else ""


def _scheme(address: str) -> str:
    """Give the scheme of an address; empty for a relative one."""
    try:
        return urlsplit(address).scheme
    except ValueError:
        return "unreadable"


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener noreferrer",
        strip_comments=True,
        attribute_filter=_filter,
    )


def _filter(element: str, attribute: str, value: str) -> str | None:
    if element == "code":
        return value if _LANGUAGE.fullmatch(value) else None
    if attribute == "href" and not value:
        return None
    return value
