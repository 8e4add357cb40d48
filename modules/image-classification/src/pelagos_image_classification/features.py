"""What the frozen backbone makes of pictures: computed once, kept in stores, shared by all trainings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
import onnxruntime

from pelagos_image_classification import augment, cache, network, onnx_graph, pictures, sessions, weights
from pelagos_image_classification.weights import Floats

_BATCH = 16
_CHUNK = 8 * _BATCH


@dataclass(frozen=True)
class View:
    """One way to look at every picture; the default is the picture itself."""

    recipe: augment.Recipe = augment.UNCHANGED
    seed: int = 0
    number: int = 0

    def key(self, picture: cache.Key) -> cache.Key:
        """Name what this view shows of a picture."""
        return cache.key(picture, self.recipe.text, f"{self.seed}/{self.number}") if self.recipe.active else picture


PLAIN = View()


class Backbone:
    """The frozen network over one library of pictures; opened when the first row is missing."""

    def __init__(self, folder: Path, library: pictures.Library, colours: onnx_graph.Colours | None) -> None:
        size = library.size
        identity = cache.key(weights.SHA256, str(onnx_graph.VERSION), repr(colours)).hex()[:12]
        place = f"{identity}-{size}-{library.framing}-{pictures.VERSION}"
        side = network.side(size, network.TAIL)
        channels = network.BLOCKS[network.TAIL].inputs
        self._library, self._colours = library, colours
        self._features = cache.Store(folder / f"features-{place}", (network.FEATURES,), "float32")
        self._activations = cache.Store(folder / f"activations-{place}", (channels, side, side), "float16")
        self._session: onnxruntime.InferenceSession | None = None

    def features(self, keys: Sequence[cache.Key], watch: pictures.Watch, view: View = PLAIN) -> Floats:
        """Give the pooled features of pictures, a row each."""
        self._make(keys, view, watch, tail=False)
        return self._features.rows([view.key(key) for key in keys]).all()

    def activations(self, keys: Sequence[cache.Key], watch: pictures.Watch, view: View = PLAIN) -> cache.View:
        """Give the activations that enter the tail (half precision, channels first), mapped from disk."""
        self._make(keys, view, watch, tail=True)
        return self._activations.rows([view.key(key) for key in keys])

    def _make(self, keys: Sequence[cache.Key], view: View, watch: pictures.Watch, *, tail: bool) -> None:
        """Fill the stores; with `tail` the one pass through the network fills both."""
        names = {view.key(key): key for key in keys}
        stores = {onnx_graph.FEATURES: self._features, **({onnx_graph.ACTIVATIONS: self._activations} if tail else {})}
        missing = (self._activations if tail else self._features).missing(list(names))
        for start in range(0, len(missing), _CHUNK):
            watch(start, len(missing))
            chunk = missing[start : start + _CHUNK]
            outputs = self._rows([names[name] for name in chunk], view, list(stores))
            for store, rows in zip(stores.values(), outputs, strict=True):
                store.append(dict(zip(chunk, rows, strict=True)))

    def _rows(self, keys: Sequence[cache.Key], view: View, outputs: list[str]) -> list[cache.Rows]:
        seen = self._library.store.rows(keys)
        cuts = [slice(start, start + _BATCH) for start in range(0, len(keys), _BATCH)]
        batches = [self._run(seen[cut], keys[cut], view, outputs) for cut in cuts]
        return [numpy.concatenate(parts) for parts in zip(*batches, strict=True)]

    def _run(self, batch: cache.Rows, keys: Sequence[cache.Key], view: View, outputs: list[str]) -> list[cache.Rows]:
        if self._session is None:
            self._session = sessions.extractor(self._library.size, self._colours)
        answers: list[cache.Rows] = self._session.run(outputs, {onnx_graph.INPUT: seen(batch, keys, view)})
        return answers


def seen(batch: cache.Rows, keys: Sequence[cache.Key], view: View) -> cache.Rows:
    """Give a batch of pictures as `view` shows them."""
    if not view.recipe.active:
        return batch
    seeds = [(view.seed, view.number, int.from_bytes(key[:8], "big")) for key in keys]
    return numpy.stack([augment.view(row, view.recipe, seed) for row, seed in zip(batch, seeds, strict=True)])
