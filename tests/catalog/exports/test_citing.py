"""How to cite a module."""

from __future__ import annotations

from catalog import shelf
from pelagos.catalog.exports import citing

CARD = shelf.made(
    "plankton",
    title="Plankton & more",
    version="1.2",
    licence="MIT",
    summary="Counts\nplankton.",
    authors=[{"name": "Zoë van der Müller"}, {"name": "Lovelace, Ada"}],
    updated="2024-05-01",
    citation={"doi": "10.5281/zenodo.1_2"},
    links={"source": "https://github.com/example/plankton"},
    tags=["ocean"],
)


class TestBibtex:
    def test_writes_an_entry(self) -> None:
        assert citing.bibtex(CARD) == (
            "@software{muller2024-plankton,\n"
            "  title = {Plankton \\& more},\n"
            "  author = {Müller, Zoë van der and Lovelace, Ada},\n"
            "  year = {2024},\n"
            "  version = {1.2},\n"
            "  license = {MIT},\n"
            "  doi = {10.5281/zenodo.1_2},\n"
            "  url = {https://github.com/example/plankton},\n"
            "}\n"
        )

    def test_lets_no_sign_end_a_field(self) -> None:
        written = citing.bibtex(shelf.made("a", title="} \\input{x}, evil = {1"))

        assert "  title = {\\} \\textbackslash{}input\\{x\\}, evil = \\{1}," in written


class TestApa:
    def test_writes_a_reference(self) -> None:
        assert citing.apa(CARD) == (
            "Müller, Z. v. d., & Lovelace, A. (2024). Plankton & more (Version 1.2) [Computer software]. "
            "https://doi.org/10.5281/zenodo.1_2"
        )

    def test_of_a_module_without_authors_begins_with_its_title(self) -> None:
        written = citing.apa(shelf.made("a", title="A"), "https://hub.example/a")

        assert written == "A [Computer software]. (n.d.). https://hub.example/a"

    def test_takes_the_authors_own_words(self) -> None:
        assert citing.apa(shelf.made("a", citation={"text": "Me (2020)."})) == "Me (2020)."


class TestRis:
    def test_writes_a_record(self) -> None:
        lines = citing.ris(CARD).split("\r\n")

        assert lines[:5] == [
            "TY  - COMP",
            "TI  - Plankton & more",
            "AU  - Müller, Zoë van der",
            "AU  - Lovelace, Ada",
            "PY  - 2024",
        ]
        assert "AB  - Counts plankton." in lines
        assert lines[-2:] == ["ER  - ", ""]
