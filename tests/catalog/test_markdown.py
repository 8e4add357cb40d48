"""What an author writes is shown; nothing of it acts."""

from __future__ import annotations

import html.parser
from urllib.parse import urlsplit

import hypothesis
import hypothesis.strategies as st
import pytest

from catalog import sources
from pelagos.catalog import deep_v1, markdown

ATTACKS = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://a.example/b.png' onerror=alert(1)>",
    "<img src=https://a.example/<script>alert(1)</script>>",
    '<img src="https://a.example/&quot;onload=alert(1)">',
    "<svg/onload=alert(1)>",
    "<svg><script>alert&lpar;1&rpar;</script>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<body onload=alert(1)>",
    "<style>@import 'https://evil.example'</style>",
    "<link rel=stylesheet href=https://evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example>",
    "<form action=https://evil.example><input name=password>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example/"onmouseover="alert(1))',
    "[x]: javascript:alert(1)\n\n[x]",
    '```"><script>alert(1)</script>\nx\n```',
    '``` a" onmouseover="alert(1)\nx\n```',
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "# <script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "`<script>alert(1)</script>`",
    "[![x](https://a.example/a.png)](javascript:alert(1))",
    "[[x](javascript:alert(1))](https://a.example)",
)


class Seen(html.parser.HTMLParser):
    """The elements and attributes of a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def harmless(text: str) -> bool:
    """Whether HTML holds nothing that acts or fetches."""
    seen = Seen(text)
    forbidden = {"script", "img", "svg", "iframe", "style", "link", "meta", "base", "form", "input", "object", "math"}
    known = {"href", "title", "rel", "start", "class"}
    addresses = [value for name, value in seen.attributes if name == "href"]
    return (
        not seen.elements & forbidden
        and {name for name, _ in seen.attributes} <= known
        and {urlsplit(address).scheme for address in addresses} <= {"http", "https", "mailto"}
    )


class TestRender:
    @pytest.mark.parametrize("attack", ATTACKS)
    @pytest.mark.parametrize("frame", ["{}", "text {} text", "- {}", "> {}", "**{}**", "[{}](https://a.example)"])
    def test_lets_nothing_act(self, attack: str, frame: str) -> None:
        assert harmless(markdown.render(frame.format(attack)))
        assert harmless(markdown.render(frame.format(attack), "https://git.example/a/b/"))

    @hypothesis.given(st.text(alphabet="<>\"'()[]!&;:/=#`*_ \n\tabhijlmnoprstvxc123", max_size=80))
    def test_lets_nothing_act_whatever_is_written(self, text: str) -> None:
        assert harmless(markdown.render(text, "https://git.example/a/b/"))

    def test_shows_what_markdown_can(self) -> None:
        text = "# Title\n\n**bold** ~~old~~ `code`\n\n- a\n- b\n\n| h |\n|---|\n| c |\n\n```python\nx < 1\n```\n"

        shown = markdown.render(text)

        for piece in ("<h2>Title</h2>", "<strong>bold</strong>", "<s>old</s>", "<li>a</li>", "<td>c</td>"):
            assert piece in shown
        assert '<code class="language-python">x &lt; 1' in shown

    def test_makes_links_of_pictures(self) -> None:
        shown = markdown.render(
            "![a chart](https://a.example/c.png) <img class='fit', src='https://a.example/d.png'/> end"
        )

        assert '<a href="https://a.example/c.png" rel="nofollow noopener noreferrer">a chart</a>' in shown
        assert '<a href="https://a.example/d.png" rel="nofollow noopener noreferrer">picture</a> end' in shown

    def test_takes_relative_links_from_the_base(self) -> None:
        assert 'href="https://git.example/a/docs/x.md"' in markdown.render("[x](docs/x.md)", "https://git.example/a/b")
        assert "href" not in markdown.render("[x](docs/x.md)")

    def test_leaves_code_as_it_is(self) -> None:
        assert "&lt;img src=" in markdown.render("`<img src='https://a.example/d.png'>`")

    @pytest.mark.parametrize(
        "text", ["[" * 20_000, ">" * 20_000, "*a_" * 20_000, "<img " * 20_000, "- " * 5_000, "`" * 20_000]
    )
    def test_ends_for_towers(self, text: str) -> None:
        assert harmless(markdown.render(text))

    def test_cuts_what_is_too_long(self) -> None:
        shown = markdown.render("word " * 100_000)

        assert len(shown) < 210_000
        assert "left out" in shown

    @pytest.mark.parametrize("path", sources.real("metadata.json"), ids=lambda path: path.name)
    def test_is_harmless_for_real_cards(self, path: object) -> None:
        text = (sources.REAL / str(path)).read_text(encoding="utf-8")
        found = deep_v1.read("a", text).card

        assert found is not None
        assert harmless(markdown.render(found.readme))
