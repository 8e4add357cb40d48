"""A classifier ready to predict: the pretrained one, or one that a training wrote."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import numpy
import onnxruntime

from pelagos_image_classification import images, labels, sessions
from pelagos_image_classification.weights import Floats

GRAPH = "model.onnx"
FACTS = "conf.json"
_SIZE = 224


@dataclass(frozen=True)
class Classifier:
    """A session and what is needed to prepare its input and to name its output."""

    session: onnxruntime.InferenceSession
    classes: Sequence[str]
    info: Sequence[str]
    size: int
    framing: images.Framing
    calibrated: bool

    def views(self, content: images.Content, *, ten_crop: bool = False) -> images.Picture:
        """Decode to what the network sees, one view or ten: number, height, width, RGB. Raises BadPicture."""
        if ten_crop:
            return images.ten_crops(content, size=self.size, framing=self.framing)
        return images.decode(content, size=self.size, framing=self.framing)[None]

    def classify(self, views: Sequence[images.Picture]) -> list[Floats]:
        """Give the probability of every class for each picture, from its views; the network runs once for all."""
        if not views:
            return []
        rows = sessions.probabilities(self.session, views[0] if len(views) == 1 else numpy.concatenate(views))
        ends = numpy.cumsum([len(each) for each in views])
        return [part.mean(0) if len(part) > 1 else part[0] for part in numpy.split(rows, ends[:-1])]

    def answer(self, probabilities: Floats, *, top_k: int, abstain_below: float) -> dict[str, object]:
        """Say it as the original does; `label` is the best class, or None where it is not sure enough."""
        best = numpy.argsort(-probabilities, kind="stable")[:top_k].tolist()
        names = [self.classes[number] for number in best]
        confidence = float(probabilities[best[0]])
        return {
            "labels": names,
            "probabilities": [float(probabilities[number]) for number in best],
            "labels_info": [self.info[number] if self.info else "" for number in best],
            "links": _links(names),
            "label": names[0] if confidence >= abstain_below else None,
            "confidence": confidence,
            "calibrated": self.calibrated,
        }


def pretrained() -> Classifier:
    """Open the classifier of the 1,000 ImageNet classes."""
    return Classifier(sessions.pretrained(_SIZE), labels.names(), labels.synonyms(), _SIZE, "crop", calibrated=False)


def trained(folder: Path) -> Classifier:
    """Open what a training wrote into `folder`."""
    facts = json.loads((folder / FACTS).read_text("utf-8"))["classifier"]
    session = sessions.classifier(folder / GRAPH)
    return Classifier(
        session, facts["classes"], facts["info"], facts["image_size"], facts["framing"], facts["calibrated"]
    )


def _links(names: Sequence[str]) -> dict[str, list[str]]:
    """Give addresses to read on; nobody asks them here."""
    return {
        "Google Images": [f"https://www.google.com/search?tbm=isch&q={quote_plus(name)}" for name in names],
        "Wikipedia": [f"https://en.wikipedia.org/wiki/{quote(name.replace(' ', '_'))}" for name in names],
    }
