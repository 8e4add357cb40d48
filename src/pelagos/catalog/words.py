"""Words of cards and of questions, and what a misspelt one was meant to be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from rapidfuzz import distance, process

MOST_WORDS = 12
"""Of a question; the rest is not looked at."""
LONGEST_WORD = 60
_WORD = re.compile(r"[^\W_]+")
_REPAIRABLE = re.compile(r"[^\W\d]{4,}")
_LONG = 8


def split(text: str) -> tuple[str, ...]:
    """Give the words of a text once each, without case and accents, as the index of the catalog has them."""
    return tuple(dict.fromkeys(every(text)))


def every(text: str) -> Iterator[str]:
    """Give the words of a text one after the other, as often as they are there, without case and accents."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return (word[:LONGEST_WORD] for word in _WORD.findall(plain.casefold()))


def repair(words: Sequence[str], vocabulary: Mapping[str, int]) -> Mapping[str, str]:
    """Tell what each word that the vocabulary lacks was meant to be, where something is near enough.

    `vocabulary` says in how many cards a word is. Near enough is one change (a letter more, less, other, or two
    swapped) in a word of 4 to 7 letters, two in a longer one; of the nearest the most frequent is taken.
    """
    unknown = [word for word in words if word not in vocabulary and _REPAIRABLE.fullmatch(word)]
    repaired = {word: _nearest(word, vocabulary) for word in unknown}
    return {word: meant for word, meant in repaired.items() if meant}


def _nearest(word: str, vocabulary: Mapping[str, int]) -> str | None:
    changes = 2 if len(word) >= _LONG else 1
    alike = process.extract(
        word,
        [known for known in vocabulary if abs(len(known) - len(word)) <= changes],
        scorer=distance.OSA.distance,
        score_cutoff=changes,
        limit=50,
    )
    return min(alike, key=lambda found: (found[1], -vocabulary[found[0]], found[0]))[0] if alike else None
