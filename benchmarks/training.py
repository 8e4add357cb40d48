"""Measures the image classifier's training against the best that the same process can do, in alternating bursts.

Run it with the module's own environment, on a quiet machine: `.venv-modules/bin/python benchmarks/training.py`.
The limits: the fastest bare loop over data in memory (ONNX Runtime or torch for features, torch for training steps).
The exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BURSTS = 7
BATCH = 16
COLD_S, SECOND_S, SHARE = 4.0, 2.0, 0.8
EPOCHS = 2


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    name: str
    values: tuple[float, ...]
    unit: str
    target: float
    at_most: bool
    remark: str = ""

    @property
    def median(self) -> float:
        """The value that is judged."""
        return statistics.median(self.values)

    @property
    def reached(self) -> bool:
        """Whether the target is reached."""
        return self.median <= self.target if self.at_most else self.median >= self.target


def main() -> int:
    """Measure, print the table, and say by the exit code whether all targets are reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bursts", type=int, default=BURSTS)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    lines = []
    for line in _measured(options.bursts):
        lines.append(line)
        _show(line)
    if options.json:
        options.json.write_text(json.dumps([{**vars(line), "median": line.median} for line in lines], indent=1))
    return 0 if all(line.reached for line in lines) else 1


def _measured(bursts: int) -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as place:
        os.environ["PELAGOS_CACHE"] = f"{place}/cache"
        yield from _trainings(Path(place), bursts)
        yield from _features(Path(place), bursts)
        yield from _steps(bursts)


def _trainings(place: Path, bursts: int) -> Iterator[Line]:
    """Time whole jobs under their supervisor: the first with nothing cached, the second with other arguments."""
    cold, second, remark = [], [], ""
    for number in range(max(3, bursts // 2)):
        environment = {**os.environ, "PELAGOS_CACHE": str(place / f"cache-{number}")}
        for times, arguments in ((cold, {}), (second, {"epochs": 7, "use_class_weights": True, "seed": 1})):
            folder = _run_folder(place, {"mode": "fast", **arguments}, place / f"run-cache-{number}")
            command = [sys.executable, "-m", "pelagos.module.job", str(folder / "spec.json")]
            started = time.perf_counter()
            subprocess.run(command, env={**environment, "PELAGOS_RUN": "bench"}, check=True, timeout=120)
            times.append(time.perf_counter() - started)
            remark = f"accuracy {json.loads((folder / 'result.json').read_bytes())['accuracy']:.3f}"
    yield Line("fast: cold process to evaluated model", tuple(cold), "s", COLD_S, at_most=True, remark=remark)
    yield Line("fast: second training, other arguments", tuple(second), "s", SECOND_S, at_most=True)


def _run_folder(place: Path, arguments: dict[str, Any], cache: Path) -> Path:
    """Make the folder of a job, as a submission does."""
    folder = Path(tempfile.mkdtemp(dir=place))
    (demo_data,) = _rooms("demo_data")
    spec = {
        "id": "0" * 32,
        "kind": "training",
        "token": "bench",
        "module": {
            "name": "image-classification",
            "kind": "native",
            "entry": "pelagos_image_classification:ImageClassification",
            "cwd": None,
        },
        "arguments": {"dataset": {"$folder": str(demo_data.folder())}, **arguments},
        "resources": {},
        "cache": str(cache),
        "resume": None,
    }
    (folder / "spec.json").write_text(json.dumps(spec))
    return folder


def _features(place: Path, bursts: int) -> Iterator[Line]:
    """Compare our features of decoded pictures, stored on disk, with bare loops over one batch in memory."""
    numpy, features, pictures, sessions, onnx_graph = _rooms("numpy", "features", "pictures", "sessions", "onnx_graph")
    library = pictures.Library.at(place / "library", size=224, framing="pad")
    rows = numpy.random.default_rng(0).integers(0, 255, (BATCH * 8, 224, 224, 3), numpy.uint8)
    keys = [number.to_bytes(32, "big") for number in range(len(rows))]
    library.store.append(dict(zip(keys, rows, strict=True)))
    session = sessions.extractor(224)

    def ours() -> float:
        with tempfile.TemporaryDirectory(dir=place) as folder:
            backbone = features.Backbone(Path(folder), library, None)
            backbone._session = session  # Opening it is a part of the cold start above.
            return _rate(lambda: backbone.features(keys, lambda *_: None), len(keys))

    def bare() -> float:
        return _rate(
            lambda: [session.run([onnx_graph.FEATURES], {"pictures": rows[:BATCH]}) for _ in range(8)], len(keys)
        )

    limits = {"onnxruntime": bare, "torch bf16": _torch_features(rows)}
    yield _ratio("features", ours, limits, bursts)


def _torch_features(rows: Any) -> Callable[[], float]:
    import torch  # noqa: PLC0415 - after the cold starts were measured without it

    network = _network(first=0).bfloat16().eval()
    values = torch.randn(BATCH, 3, 224, 224).bfloat16().contiguous(memory_format=torch.channels_last)

    def once() -> float:
        with torch.inference_mode():
            return _rate(lambda: [network.body(values).mean((2, 3)) for _ in range(len(rows) // BATCH)], len(rows))

    return once


def _steps(bursts: int) -> Iterator[Line]:
    """Compare whole rungs with bare passes over one batch in memory: as many to learn from, as many to judge by."""
    for number, name, batches in ((2, "last blocks on cached activations", 16), (3, "all layers", 4)):
        with tempfile.TemporaryDirectory() as place:
            rung = _rung(number, batches, Path(place))
            yield _ratio(name, rung, {"torch": _bare_passes(number, batches)}, bursts)


def _rung(number: int, batches: int, place: Path) -> Callable[[], float]:
    """Train a rung as a job does: with views of the pictures, validation, figures, log, TensorBoard and checkpoints."""
    numpy, arguments, augment, features, fine_tune, rungs, weights = _rooms(
        "numpy", "arguments", "augment", "features", "fine_tune", "rungs", "weights"
    )
    generator, count = numpy.random.default_rng(0), batches * BATCH
    shape, dtype = ((112, 14, 14), numpy.float16) if number == 2 else ((224, 224, 3), numpy.uint8)
    rows = (generator.random((count + BATCH, *shape)) * 100).astype(dtype)
    labels = generator.integers(0, 6, count + BATCH)
    recipe = augment.Recipe.of(augment.TRAIN_MODE)

    def seen(numbers: Any, epoch: int) -> Any:
        if number == 2:
            return rows[numbers]  # Its views were computed with the activations.
        return features.seen(rows[numbers], [bytes([each]) for each in numbers], features.View(recipe, 0, epoch + 1))

    job = rungs.Job(
        number=number,
        weights=_weights(weights, numpy),
        train=rungs.Pictures(seen, labels[:count]),
        val=rungs.Pictures(lambda numbers, _: rows[count + numbers], labels[count:]),
        class_weights=numpy.ones(6, numpy.float32),
        options=arguments.Options(epochs=EPOCHS, initial_lr=1e-6),
        fingerprint="",
        checkpoint=place / "rung.pt",
        resume=None,
    )

    def whole() -> None:
        from pelagos.module import Training  # noqa: PLC0415 - after the cold starts

        with tempfile.TemporaryDirectory(dir=place) as folder:
            run = Training(Path(folder), id="bench", cache=place)
            fine_tune.train(job, lambda epoch, figures: run.log(epoch, **figures))

    return lambda: _rate(whole, EPOCHS * count)


def _bare_passes(number: int, batches: int) -> Callable[[], float]:
    import torch  # noqa: PLC0415 - as above

    network = _network(first=11 if number == 2 else 0).train()
    shape = (BATCH, 112, 14, 14) if number == 2 else (BATCH, 3, 224, 224)
    values = torch.randn(shape).contiguous(memory_format=torch.channels_last)
    labels, optimiser = torch.zeros(BATCH, dtype=torch.long), torch.optim.Adam(network.parameters(), 1e-6, fused=True)

    def passes() -> None:
        for _ in range(EPOCHS):
            network.train()
            for _ in range(batches):
                optimiser.zero_grad(set_to_none=True)
                torch.nn.functional.cross_entropy(network(values), labels).backward()
                optimiser.step()
            network.eval()
            with torch.inference_mode():
                network(values)

    return lambda: _rate(passes, EPOCHS * batches * BATCH)


def _network(first: int) -> Any:
    numpy, torch_network, weights = _rooms("numpy", "torch_network", "weights")
    return torch_network.Network(_weights(weights, numpy), first)


def _weights(weights: Any, numpy: Any) -> dict[str, Any]:
    head = (numpy.zeros((6, 1280), numpy.float32), numpy.zeros(6, numpy.float32))
    return {**weights.pretrained(), "_fc": head}


def _rooms(*names: str) -> list[Any]:
    """Load parts of the module, or NumPy; late, so that the cold starts are measured first."""
    import importlib  # noqa: PLC0415

    return [
        importlib.import_module(name if name == "numpy" else f"pelagos_image_classification.{name}") for name in names
    ]


def _rate(work: Callable[[], object], count: int) -> float:
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def _ratio(name: str, ours: Callable[[], float], limits: dict[str, Callable[[], float]], bursts: int) -> Line:
    """Run all in turn, the first round unmeasured; a ratio compares with the best limit of its own round."""
    ratios, rates = [], {"ours": [], **{limit: [] for limit in limits}}
    for burst in range(bursts + 1):
        own = ours()
        others = {limit: run() for limit, run in limits.items()}
        if burst:
            ratios.append(own / max(others.values()))
            for key, rate in {"ours": own, **others}.items():
                rates[key].append(rate)
    told = ", ".join(f"{key} {statistics.median(values):.1f}" for key, values in rates.items())
    return Line(f"{name}: share of the limit", tuple(ratios), "", SHARE, at_most=False, remark=f"images/s: {told}")


def _show(line: Line) -> None:
    verdict = "reached" if line.reached else "MISSED"
    spread = f"{min(line.values):.2f} to {max(line.values):.2f}"
    sign = "<=" if line.at_most else ">="
    figures = f"{line.median:6.2f} {line.unit:<2} ({spread}), target {sign} {line.target:g}: {verdict}"
    print(f"{line.name:<55} {figures}  {line.remark}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
