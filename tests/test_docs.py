"""Documentation is tested: its Python runs, its commands exist, its links lead somewhere."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pelagos import cli

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
TESTED = {"python", "bash", "toml", "json", "text", "console", "http"}


def blocks(page: Path, language: str) -> Iterator[str]:
    return (body for kind, body in BLOCK.findall(page.read_text()) if kind == language)


def commands(program: str) -> list[Any]:
    found = []
    for page in PAGES:
        for body in blocks(page, "bash"):
            for line in body.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                if words and words[0] == program:
                    found.append(pytest.param(words[1:], id=f"{page.stem}: {' '.join(words)}"))
    return found


class TestPage:
    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
    def test_runs_as_it_is_written(self, page: Path) -> None:
        namespace: dict[str, Any] = {"__name__": "documentation"}

        for body in blocks(page, "python"):
            exec(compile(body, str(page), "exec"), namespace)

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
    def test_holds_toml_that_can_be_read(self, page: Path) -> None:
        for body in blocks(page, "toml"):
            assert tomllib.loads(body)

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
    def test_names_the_language_of_every_block(self, page: Path) -> None:
        assert {kind for kind, _ in BLOCK.findall(page.read_text())} <= TESTED

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
    def test_has_no_dead_link(self, page: Path) -> None:
        targets = [target for target, _ in LINK.findall(page.read_text()) if "://" not in target]

        assert [target for target in targets if not (page.parent / target).exists()] == []


class TestCommand:
    @pytest.mark.parametrize("words", commands("pelagos"))
    def test_of_the_documentation_is_understood(self, words: list[str]) -> None:
        assert cli.parses(words)

    @pytest.mark.parametrize("words", commands("make"))
    def test_of_make_exists(self, words: list[str]) -> None:
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)

        assert set(words) <= set(targets)


class TestReadme:
    def test_stays_short(self) -> None:
        assert len((ROOT / "README.md").read_text().splitlines()) <= 120
