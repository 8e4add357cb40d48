"""The index of the words of cards, which differs from database to database.

`Texts` is what one has to do. Both know a word by its stem and without its accents, count it more in a title than in a
readme, and know all words as they are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

import pelagos.db
from pelagos.catalog import card, queries, words

_WEIGHTS = {"title": 10, "name": 8, "tags": 5, "tasks": 5, "summary": 4, "libraries": 3, "authors": 2, "readme": 1}
"""How much more a word counts in one place than in another."""
_COLUMNS = ", ".join(_WEIGHTS)
_BM25 = f"bm25(card_texts, {', '.join(str(weight) for weight in _WEIGHTS.values())})"
_TOKENS = "unicode61 remove_diacritics 2"
_MAKE_TEXTS = (
    f"CREATE VIRTUAL TABLE card_texts USING fts5({_COLUMNS}, prefix='2 3', tokenize='porter {_TOKENS}')",
    f"CREATE VIRTUAL TABLE card_spellings USING fts5(words, detail='none', tokenize='{_TOKENS}')",
    "CREATE VIRTUAL TABLE card_vocabulary USING fts5vocab('card_spellings', 'row')",
)

# PostgreSQL tells four weights apart (https://www.postgresql.org/docs/current/textsearch-controls.html).
_LABELS = {"A": ("title", "name"), "B": ("tags", "tasks"), "C": ("summary", "libraries"), "D": ("authors", "readme")}
_RANKS = "{0.1, 0.35, 0.5, 1.0}"
"""What a word counts with the labels D, C, B and A."""
_MOST_CHARS = 200_000
"""Of one label: a document of PostgreSQL has a megabyte at most."""
_MAKE_DOCUMENTS = (
    # As `english`, but every word is one: who looks for "the" wants it.
    "CREATE TEXT SEARCH DICTIONARY card_stems (TEMPLATE = snowball, LANGUAGE = english)",
    "CREATE TEXT SEARCH CONFIGURATION card_words (COPY = simple)",
    "ALTER TEXT SEARCH CONFIGURATION card_words ALTER MAPPING FOR asciiword, word WITH card_stems",
    "CREATE TABLE card_documents (card_id INTEGER PRIMARY KEY, document TSVECTOR NOT NULL, spellings TEXT[] NOT NULL)",
    "CREATE INDEX card_documents_document ON card_documents USING gin (document)",
)
_DOCUMENT = " || ".join(f"setweight(to_tsvector('card_words', :{label}), '{label}')" for label in _LABELS)
_ADD = sa.text(f"INSERT INTO card_documents VALUES (:card_id, {_DOCUMENT}, :spellings)").bindparams(  # noqa: S608 - ours
    sa.bindparam("spellings", type_=postgresql.ARRAY(sa.Text))
)
_REMOVE = sa.text("DELETE FROM card_documents WHERE card_id = ANY(:ids)").bindparams(
    sa.bindparam("ids", type_=postgresql.ARRAY(sa.Integer))
)
# Divided by the logarithm of the length, so that a long readme is no advantage.
_MATCHING = sa.text(
    "SELECT card_id FROM card_documents, to_tsquery('card_words', :wanted) AS query WHERE document @@ query "
    "ORDER BY ts_rank_cd(CAST(:ranks AS float4[]), document, query, 1) DESC, card_id"
)
_VOCABULARY = sa.text("SELECT word, count(*) FROM card_documents, unnest(spellings) AS word GROUP BY word")


class Texts(Protocol):
    """The index of the words of cards."""

    def prepare(self, writing: sa.Connection) -> bool:
        """Make the index where it is missing, and tell whether it has to be filled."""

    def add(self, writing: sa.Connection, added: Sequence[tuple[int, card.Card]]) -> None:
        """Index cards under their ids."""

    def remove(self, writing: sa.Connection, ids: Sequence[int]) -> None:
        """Forget cards."""

    def matching(self, reading: sa.Connection, wanted: Sequence[str], mode: queries.Matching) -> list[int]:
        """List the ids of the cards that have the words, the best first.

        Where all words must be there the last one may go on: somebody may still be typing it.
        """

    def vocabulary(self, reading: sa.Connection) -> Mapping[str, int]:
        """Tell all words as they are written, unstemmed, and in how many cards each is."""


def of(database: pelagos.db.Database) -> Texts:
    """Give the index that a database has."""
    return _SqliteTexts() if database.sqlite else _PostgresqlTexts()


class _SqliteTexts:
    """SQLite's FTS5 (https://sqlite.org/fts5.html): one table of stemmed words, one of unstemmed ones."""

    def prepare(self, writing: sa.Connection) -> bool:
        if sa.inspect(writing).has_table("card_texts"):
            return False
        for statement in _MAKE_TEXTS:
            writing.exec_driver_sql(statement)
        return True

    def add(self, writing: sa.Connection, added: Sequence[tuple[int, card.Card]]) -> None:
        texts = [(card_id, _indexed(each)) for card_id, each in added]
        places = ", ".join("?" for _ in _WEIGHTS)
        writing.exec_driver_sql(
            f"INSERT INTO card_texts (rowid, {_COLUMNS}) VALUES (?, {places})",  # noqa: S608 - our own names
            [(card_id, *(_plain(text[column]) for column in _WEIGHTS)) for card_id, text in texts],
        )
        writing.exec_driver_sql(
            "INSERT INTO card_spellings (rowid, words) VALUES (?, ?)",
            [(card_id, " ".join(words.split(" ".join(text.values())))) for card_id, text in texts],
        )

    def remove(self, writing: sa.Connection, ids: Sequence[int]) -> None:
        for table in ("card_texts", "card_spellings"):
            writing.exec_driver_sql(
                f"DELETE FROM {table} WHERE rowid = ?",  # noqa: S608 - our own names
                [(card_id,) for card_id in ids],
            )

    def matching(self, reading: sa.Connection, wanted: Sequence[str], mode: queries.Matching) -> list[int]:
        # In quotes a word is a word, never an operator.
        terms = [f'"{word}"' for word in wanted]
        if mode is queries.Matching.ALL:
            terms[-1] += "*"
        joined = (" AND " if mode is queries.Matching.ALL else " OR ").join(terms)
        found = f"SELECT rowid FROM card_texts WHERE card_texts MATCH ? ORDER BY {_BM25}, rowid"  # noqa: S608 - our own
        return list(reading.exec_driver_sql(found, (joined,)).scalars())

    def vocabulary(self, reading: sa.Connection) -> Mapping[str, int]:
        rows = reading.exec_driver_sql("SELECT term, doc FROM card_vocabulary")
        return {row.term: row.doc for row in rows}


class _PostgresqlTexts:
    """PostgreSQL's full text search: a document of stems with weights, and the words as they are written."""

    def prepare(self, writing: sa.Connection) -> bool:
        if sa.inspect(writing).has_table("card_documents"):
            return False
        for statement in _MAKE_DOCUMENTS:
            writing.exec_driver_sql(statement)
        return True

    def add(self, writing: sa.Connection, added: Sequence[tuple[int, card.Card]]) -> None:
        texts = [(card_id, _indexed(each)) for card_id, each in added]
        rows = [
            {
                "card_id": card_id,
                "spellings": list(words.split(" ".join(text.values()))),
                **{
                    label: _plain(" ".join(text[column] for column in some))[:_MOST_CHARS]
                    for label, some in _LABELS.items()
                },
            }
            for card_id, text in texts
        ]
        writing.execute(_ADD, rows)

    def remove(self, writing: sa.Connection, ids: Sequence[int]) -> None:
        writing.execute(_REMOVE, {"ids": list(ids)})

    def matching(self, reading: sa.Connection, wanted: Sequence[str], mode: queries.Matching) -> list[int]:
        terms = list(wanted)
        if mode is queries.Matching.ALL:
            terms[-1] += ":*"
        joined = (" & " if mode is queries.Matching.ALL else " | ").join(terms)
        return list(reading.execute(_MATCHING, {"wanted": joined, "ranks": _RANKS}).scalars())

    def vocabulary(self, reading: sa.Connection) -> Mapping[str, int]:
        return {row[0]: row[1] for row in reading.execute(_VOCABULARY)}


def _plain(text: str) -> str:
    """Give the words of a text as questions have them, with nothing between that would be a number, address or path."""
    return " ".join(words.every(text))


def _indexed(each: card.Card) -> Mapping[str, str]:
    return {
        "title": each.title,
        "name": each.name,
        "tags": " ".join(each.tags),
        "tasks": " ".join((*each.tasks, each.category, *each.inputs, *each.outputs)),
        "summary": each.summary,
        "libraries": " ".join(each.libraries),
        "authors": " ".join(author.name for author in each.authors),
        "readme": each.readme,
    }
