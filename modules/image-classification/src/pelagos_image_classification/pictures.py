"""Pictures decoded once: hashed, brought to size and kept in a store that every training of the same pictures reads."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pelagos import module

from pelagos_image_classification import cache, dataset, images

VERSION = "1"
"""To be raised when decoding changes what the network sees."""
_CHUNK = 128

Watch = Callable[[int, int], None]
"""Called with how many of how many are done; may raise to stop."""


@dataclass(frozen=True)
class Decoded:
    """The pictures of a list that could be read, in its order, and those that could not."""

    samples: dataset.Samples
    keys: tuple[cache.Key, ...]
    broken: tuple[tuple[str, str], ...]
    """Name and reason."""


@dataclass(frozen=True)
class Library:
    """The decoded pictures of one size and framing."""

    store: cache.Store
    size: int
    framing: images.Framing

    @classmethod
    def at(cls, folder: Path, *, size: int, framing: images.Framing) -> "Library":
        """Open the library below `folder`."""
        store = cache.Store(folder / f"pictures-{size}-{framing}-{VERSION}", (size, size, 3), "uint8")
        return cls(store, size, framing)

    def decode(self, samples: Sequence[dataset.Sample], watch: Watch) -> Decoded:
        """Decode what is not there yet, on all our threads."""
        found: list[tuple[dataset.Sample, cache.Key]] = []
        broken: list[tuple[str, str]] = []
        with ThreadPoolExecutor(module.threads()) as pool:
            for start in range(0, len(samples), _CHUNK):
                watch(start, len(samples))
                for sample, result in self._chunk(samples[start : start + _CHUNK], pool):
                    if isinstance(result, str):
                        broken.append((sample.name, result))
                    else:
                        found.append((sample, result))
        return Decoded(tuple(sample for sample, _ in found), tuple(key for _, key in found), tuple(broken))

    def _chunk(
        self, samples: Sequence[dataset.Sample], pool: ThreadPoolExecutor
    ) -> Iterator[tuple[dataset.Sample, cache.Key | str]]:
        keys = list(pool.map(self._key, samples))
        missing = set(self.store.missing([key for key in keys if isinstance(key, bytes)]))
        wanted = {key: sample for sample, key in zip(samples, keys, strict=True) if key in missing}
        made = dict(zip(wanted, pool.map(self._picture, wanted.values()), strict=True))
        self.store.append({key: row for key, row in made.items() if not isinstance(row, str)})
        for sample, key in zip(samples, keys, strict=True):
            result = made.get(key, key) if isinstance(key, bytes) else key
            yield sample, result if isinstance(result, str) else key

    def _key(self, sample: dataset.Sample) -> cache.Key | str:
        try:
            with sample.path.open("rb") as source:
                return hashlib.file_digest(source, "sha256").digest()
        except OSError as error:
            return f"cannot be read ({error.strerror})"

    def _picture(self, sample: dataset.Sample) -> images.Picture | str:
        try:
            return images.decode(sample.path.read_bytes(), size=self.size, framing=self.framing)
        except images.BadPicture as error:
            return str(error)
        except OSError as error:
            return f"cannot be read ({error.strerror})"
