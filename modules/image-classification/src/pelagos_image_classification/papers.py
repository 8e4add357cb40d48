"""Writes a trained model: the graph that predicts, what is needed to read its answers, and how good it is."""

import csv
import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy
from pelagos.module import Training

from pelagos_image_classification import (
    arguments,
    classifier,
    features,
    head,
    material,
    onnx_graph,
    report,
    rungs,
    sessions,
    weights,
)
from pelagos_image_classification.pictures import Watch
from pelagos_image_classification.weights import Floats

_BATCH = 16
_VAL_VIEWS = 4
_TOLERANCE = 0.01


def write(run: Training, ready: material.Material, best: rungs.Result, watch: Watch) -> dict[str, Any]:
    """Write the graph and judge it by the validation and test pictures; gives the report."""
    graph = run.model / classifier.GRAPH
    complete = {**weights.pretrained(), **best.weights}
    notes = {
        "classes": json.dumps(ready.data.classes),
        "framing": ready.options.framing,
        "weights": f"{weights.PACKAGE} {weights.VERSION}",
    }
    content = onnx_graph.classifier(
        complete, ready.options.image_size, temperature=best.temperature, colours=ready.options.colours, notes=notes
    )
    _replace(graph, content)
    judge = _Judge(graph, ready, best)
    judge.check(watch)
    judged = {name: judge.judged(name, watch) for name in ("val", "test") if ready.parts[name].labelled.any()}
    if len(ready.parts["test"].samples):
        _predictions(run, ready, judge.probabilities("test", watch))
    return _report(run, ready, best, judged)


def keep(run: Training, ready: material.Material, result: Mapping[str, Any]) -> None:
    """Write conf.json, stats.json, classes.txt, info.txt and README.md into the model, and report.json beside it."""
    data, options = ready.data, ready.options
    facts = {
        "classes": data.classes,
        "info": data.info,
        "image_size": options.image_size,
        "framing": options.framing,
        "calibrated": result["calibrated"],
    }
    _json(
        run.model / classifier.FACTS,
        {"classifier": facts, "arguments": asdict(options), "network": result["network"], "weights": result["weights"]},
    )
    _json(run.model / "stats.json", _stats(result))
    _json(run.outputs / "report.json", result)
    _replace(run.model / "classes.txt", ("\n".join(data.classes) + "\n").encode())
    if data.info:
        _replace(run.model / "info.txt", ("\n".join(line or "-" for line in data.info) + "\n").encode())
    _replace(run.model / "README.md", report.card(result).encode())


class _Judge:
    """Gives the probabilities of the written graph; those of rung 1 come from cached features, which is the same."""

    def __init__(self, graph: Any, ready: material.Material, best: rungs.Result) -> None:
        self._ready, self._best = ready, best
        self._session = sessions.classifier(graph)

    def check(self, watch: Watch) -> None:
        """Raise when the written graph does not answer as the head that was trained."""
        part = self._ready.parts["train"]
        if self._best.number == 1:
            few = material.Part(part.samples[:4], part.keys[:4], part.labels[:4])
            apart = float(numpy.abs(self._by_graph(few, features.PLAIN) - self._by_head(few, watch)).max())
            if apart > _TOLERANCE:
                raise ValueError(f"the written graph answers otherwise than the trained head: {apart:.4f} apart")

    def probabilities(self, name: str, watch: Watch) -> Floats:
        """Give a row for each picture of a list."""
        part, recipe = self._ready.parts[name], self._ready.options.val_mode
        if recipe is not None and recipe.active:
            views = [features.View(recipe, self._ready.options.seed, number) for number in range(_VAL_VIEWS)]
            return numpy.asarray(numpy.mean([self._by_graph(part, view) for view in views], axis=0), numpy.float32)
        return self._by_head(part, watch) if self._best.number == 1 else self._by_graph(part, features.PLAIN)

    def judged(self, name: str, watch: Watch) -> dict[str, Any]:
        """Judge by those pictures of one list that have a label."""
        part = self._ready.parts[name]
        probabilities = self.probabilities(name, watch)[part.labelled]
        return report.judged(probabilities, part.labels[part.labelled], self._ready.data.classes)

    def _by_head(self, part: material.Part, watch: Watch) -> Floats:
        rows = self._ready.backbone.features(part.keys, watch)
        return head.softmax(self._best.head.scores(rows) / numpy.float32(self._best.temperature))

    def _by_graph(self, part: material.Part, view: features.View) -> Floats:
        rows, made = self._ready.library.store.rows(part.keys), []
        for start in range(0, len(part.keys), _BATCH):
            cut = slice(start, start + _BATCH)
            made.append(sessions.probabilities(self._session, features.seen(rows[cut], part.keys[cut], view)))
        return numpy.concatenate(made)


def _report(run: Training, ready: material.Material, best: rungs.Result, judged: Mapping[str, Any]) -> dict[str, Any]:
    by = next((name for name in ("test", "val") if name in judged), None)
    chosen = (
        judged[by]
        if by
        else {"accuracy": None, "confusion_matrix": [], "per_class": [], "macro_f1": None, "calibration_error": None}
    )
    return {
        "model": run.id,
        "network": arguments.NETWORK,
        "modelname": ready.options.modelname,
        "rung": best.number,
        "rung_name": rungs.NAMES[best.number],
        "best_epoch": best.epoch,
        "classes": list(ready.data.classes),
        "judged_by": by,
        "accuracy": chosen["accuracy"],
        "macro_f1": chosen["macro_f1"],
        "calibration_error": chosen["calibration_error"],
        "confusion_matrix": chosen["confusion_matrix"],
        "per_class": chosen["per_class"],
        "val": judged.get("val"),
        "test": judged.get("test"),
        "temperature": best.temperature,
        "calibrated": best.calibrated,
        "image_size": ready.options.image_size,
        "framing": ready.options.framing,
        "pictures": {name: len(part.samples) for name, part in ready.parts.items()},
        "broken": [{"file": name, "reason": reason} for name, reason in ready.broken],
        "notes": list(ready.notes),
        "weights": {
            "package": weights.PACKAGE,
            "version": weights.VERSION,
            "licence": weights.LICENCE,
            "sha256": weights.SHA256,
        },
    }


def _predictions(run: Training, ready: material.Material, probabilities: Floats) -> None:
    """Write what the model says about every test picture, also those without labels."""
    classes = ready.data.classes
    with (run.outputs / "test_predictions.csv").open("w", encoding="utf-8", newline="") as target:
        rows = csv.writer(target)
        rows.writerow(["file", "label", "predicted", "probability"])
        for sample, row in zip(ready.parts["test"].samples, probabilities, strict=True):
            best = int(row.argmax())
            rows.writerow(
                [sample.name, "" if sample.label is None else classes[sample.label], classes[best], f"{row[best]:.4f}"]
            )


def _stats(result: Mapping[str, Any]) -> dict[str, Any]:
    """Give the figures of all epochs under the names that readers of DEEP's stats.json know."""
    names = {
        "epoch": "epoch",
        "loss": "loss",
        "acc": "accuracy",
        "val_loss": "val_loss",
        "val_acc": "val_accuracy",
        "lr": "learning_rate",
        "rung": "rung",
    }
    lists = {name: [figures.get(own) for figures in result["learning_curve"]] for name, own in names.items()}
    return {**lists, "training time (s)": result["timings_s"]["total"], "timestamp": time.strftime("%Y-%m-%d_%H%M%S")}


def _json(path: Path, content: Mapping[str, Any]) -> None:
    _replace(path, json.dumps(content, indent=1, allow_nan=False).encode())


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that whoever opens it finds the earlier rung's or this one's, and never a part."""
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
