"""How good a classifier is: accuracy, confusion matrix, per-class figures, calibration; and the papers of a model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy

from pelagos_image_classification.head import Labels
from pelagos_image_classification.weights import Floats

_BINS = 10


def judged(probabilities: Floats, labels: Labels, classes: Sequence[str]) -> dict[str, Any]:
    """Judge probabilities (a row a picture) by the true labels; every number is plain JSON."""
    matrix = confusion(probabilities.argmax(1), labels, len(classes))
    rows = per_class(matrix, classes)
    own = probabilities[numpy.arange(len(labels)), labels]
    top5 = (probabilities > own[:, None]).sum(1) < 5
    return {
        "pictures": len(labels),
        "accuracy": float(matrix.trace() / max(len(labels), 1)),
        "top5_accuracy": float(top5.mean()) if len(labels) else 0.0,
        "loss": float(-numpy.log(numpy.maximum(own, 1e-12)).mean()) if len(labels) else 0.0,
        "macro_f1": float(numpy.mean([row["f1"] for row in rows])),
        "calibration_error": calibration_error(probabilities, labels),
        "confusion_matrix": matrix.tolist(),
        "per_class": rows,
    }


def confusion(predicted: Labels, labels: Labels, classes: int) -> Labels:
    """Count: a row for each true class, a column for each predicted one."""
    return numpy.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def per_class(matrix: Labels, classes: Sequence[str]) -> list[dict[str, Any]]:
    """Give precision, recall, F1 and the number of pictures of every class; 0 where a share has no denominator."""
    hits, asked, said = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    rows = []
    for number, name in enumerate(classes):
        precision, recall = float(hits[number] / max(said[number], 1)), float(hits[number] / max(asked[number], 1))
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        rows.append({"class": name, "precision": precision, "recall": recall, "f1": f1, "pictures": int(asked[number])})
    return rows


def calibration_error(probabilities: Floats, labels: Labels) -> float:
    """Give the expected calibration error over ten bins (Guo et al., 2017): stated sureness against accuracy."""
    if not len(labels):
        return 0.0
    sure, right = probabilities.max(1), probabilities.argmax(1) == labels
    bins = numpy.minimum((sure * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(float(right[bins == number].mean() - sure[bins == number].mean())) * float((bins == number).mean())
        for number in set(bins.tolist())
    ]
    return float(sum(gaps))


def table(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    """Draw the confusion matrix as text for the log."""
    width = max(5, *(min(len(name), 20) for name in classes))
    head = " " * (width + 2) + " ".join(f"{name[:5]:>5}" for name in classes)
    rows = [
        f"  {name[:width]:<{width}}" + " ".join(f"{count:>5}" for count in row)
        for name, row in zip(classes, matrix, strict=True)
    ]
    return "\n".join([head, *rows])


def card(result: Mapping[str, Any]) -> str:
    """Write the model card (Mitchell et al., 2019) in Markdown."""
    judged_by, pictures, weights = result["judged_by"], result["pictures"], result["weights"]
    lines = [
        f"# {result['network']} trained on {pictures['train']} pictures of {len(result['classes'])} classes",
        "",
        f"- Network: {result['network']}, trained: {result['rung_name']}",
        f"- Input: {result['image_size']} px square, framing `{result['framing']}`",
        f"- Starting weights: {weights['package']} {weights['version']} ({weights['licence']}), ImageNet-1k",
        f"- Accuracy on the {judged_by} pictures: {_share(result['accuracy'])} of {result[judged_by]['pictures']}"
        if judged_by
        else "- Not judged",
        f"- Calibrated temperature: {result['temperature']:.3f}",
        f"- Broken files left out: {len(result['broken'])}",
        *(f"- Note: {note}" for note in result["notes"]),
        "",
        "Made for pictures like those it was trained on; on others its probabilities mean little.",
        "",
        "| class | precision | recall | F1 | pictures |",
        "| --- | --- | --- | --- | --- |",
        *(_row(row) for row in result["per_class"]),
        "",
    ]
    return "\n".join(lines)


def _row(row: Mapping[str, Any]) -> str:
    name = str(row["class"]).replace("|", "\\|")
    return f"| {name} | {row['precision']:.3f} | {row['recall']:.3f} | {row['f1']:.3f} | {row['pictures']} |"


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
