"""Which cards mean something near to a question. Vectors are kept by the text they were made of."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

import pelagos.db
from pelagos.catalog import encoder

Encode = Callable[[Sequence[str]], Any]
"""From texts to vectors of length one, as rows of a NumPy array of float32."""
LEAST = 0.3
"""Of the product of two vectors: what is below means something else."""
MOST = 50
"""Cards that are found by their meaning alone."""
_AT_ONCE = 32
_REMEMBERED = 1000

vectors = sa.Table(
    "card_vectors",
    pelagos.db.METADATA,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("vector", sa.LargeBinary, nullable=False),
)


def encode(texts: Sequence[str]) -> Any:
    """Make vectors with the model that is installed; loads it the first time."""
    return encoder.load().encode(texts)


def installed() -> Encode | None:
    """Give what makes vectors if the extra `semantic` is installed."""
    return encode if encoder.installed() else None


class Meanings:
    """The vectors of texts. Safe to share among threads."""

    def __init__(self, database: pelagos.db.Database, encode: Encode) -> None:
        self._database = database
        self._encode = encode
        self._asked = functools.lru_cache(_REMEMBERED)(lambda text: encode([text])[0])

    def learn(self, texts: Sequence[str]) -> int:
        """Make the vectors of some texts that have none yet, and tell how many were made. Takes a second or two."""
        digests = {_digest(text): text for text in texts}
        missing = sorted(set(digests) - set(self._known(list(digests))))[:_AT_ONCE]
        if not missing:
            return 0
        made = self._encode([digests[digest] for digest in missing])
        rows = [{"digest": digest, "vector": row.tobytes()} for digest, row in zip(missing, made, strict=True)]
        with self._database.write(alone="meanings") as writing:
            # Another process may have made the same.
            writing.execute(vectors.delete().where(vectors.c.digest.in_(missing)))
            writing.execute(vectors.insert(), rows)
        return len(rows)

    def nearest(self, texts: Mapping[int, str]) -> Callable[[str], Mapping[int, float]]:
        """Give what tells which of the texts mean something near to a question: their keys with the product."""
        digests = {key: _digest(text) for key, text in texts.items()}
        known = self._known(list(set(digests.values())))
        keys = [key for key, digest in digests.items() if digest in known]
        table = b"".join(known[digests[key]] for key in keys)

        def near(question: str) -> Mapping[int, float]:
            if not keys:
                return {}
            asked = self._asked(question)
            products = _matrix(table, like=asked) @ asked
            best = products.argsort()[::-1][:MOST]
            return {keys[place]: float(products[place]) for place in best if products[place] >= LEAST}

        return near

    def _known(self, digests: Sequence[str]) -> Mapping[str, bytes]:
        found: dict[str, bytes] = {}
        with self._database.read() as reading:
            for begin in range(0, len(digests), 500):
                some = vectors.c.digest.in_(digests[begin : begin + 500])
                found |= {row.digest: row.vector for row in reading.execute(sa.select(vectors).where(some))}
        return found


def _matrix(table: bytes, *, like: Any) -> Any:
    # NumPy comes with the vectors, so that nobody else needs it.
    flat = memoryview(table).cast("f")
    return type(like)((len(flat) // len(like), len(like)), like.dtype, table)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
