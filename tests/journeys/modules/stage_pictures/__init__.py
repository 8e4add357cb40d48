"""A picture module without any dependency, for stories: it tells bright pictures from dark ones by their bytes."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any, Literal

from pelagos.module import Arg, BadInput, File, Folder, Module, Training

CLASSES = ["dark", "dim", "bright"]
SIGNS = (b"\x89PNG", b"\xff\xd8\xff")


class Pictures(Module):
    """Tells bright pictures from dark ones."""

    def __init__(self) -> None:
        self._shift = 0.0

    def load(self, model: Folder | None) -> None:
        """Read what the training found."""
        if model is not None:
            self._shift = json.loads((Path(model) / "shift.json").read_text(encoding="utf-8"))

    def predict(
        self,
        image: Annotated[File, Arg("a PNG or JPEG picture")],
        top_k: Annotated[int, Arg("how many classes to show", ge=1, le=3, label="Classes shown")] = 3,
        sharpen: Annotated[bool, Arg("look at the edges", advanced=True)] = False,
    ) -> dict[str, Any]:
        """Answer with classes and probabilities."""
        data = image.read()
        if not data.startswith(SIGNS):
            raise BadInput(f"{image.name} is no PNG or JPEG picture", field="image")
        bright = min(0.98, max(0.01, sum(data) / len(data) / 255 * 0.9 + self._shift))
        shares = [round((1 - bright) * 0.8, 4), round((1 - bright) * 0.2, 4), round(bright, 4)]
        ranked = sorted(zip(CLASSES, shares, strict=True), key=lambda pair: -pair[1])[:top_k]
        return {"labels": [name for name, _ in ranked], "probabilities": [share for _, share in ranked]}

    def train(  # noqa: PLR0913, PLR0917 - one of each kind of field
        self,
        run: Training,
        dataset: Annotated[Folder, Arg("the folder with your pictures, one folder per class")],
        epochs: Annotated[int, Arg("how often all pictures are seen", ge=1, le=500)] = 5,
        mode: Annotated[Literal["fast", "normal", "full"], Arg("how much of the network learns")] = "fast",
        initial_lr: Annotated[float, Arg("size of the first steps", gt=0, lt=1, advanced=True)] = 0.001,
        use_augmentation: Annotated[bool, Arg("turn and flip the pictures", advanced=True)] = True,
        split_ratios: Annotated[list[float], Arg("train, validation, test", advanced=True)] = [0.8, 0.1, 0.1],  # noqa: B006, RUF100
        token: Annotated[str, Arg("key of the picture archive", secret=True, advanced=True)] = "",
        pause_s: Annotated[float, Arg("rest after each epoch", ge=0, unit="s", advanced=True)] = 0.0,
    ) -> dict[str, Any]:
        """Pretend to learn, visibly."""
        pictures = [path for path in Path(dataset).rglob("*") if path.is_file()]
        if not pictures:
            raise BadInput(f"{dataset} holds no pictures", field="dataset")
        for epoch in range(1, epochs + 1):
            if run.cancelled:
                break
            gain = 1 - 0.75**epoch
            print(f"epoch {epoch}/{epochs}: accuracy {gain:.3f}", flush=True)
            run.log(epoch, loss=1.2 - gain, val_loss=1.3 - 0.9 * gain, accuracy=gain, val_accuracy=0.94 * gain)
            run.progress(epoch / epochs, f"epoch {epoch} of {epochs}")
            time.sleep(pause_s)
        (run.model / "shift.json").write_text("0.3", encoding="utf-8")
        (run.outputs / "report.txt").write_text("all well\n", encoding="utf-8")
        matrix = [[8, 1, 0], [1, 6, 1], [0, 2, 9]]
        return {
            "accuracy": 23 / 28,
            "classes": CLASSES,
            "confusion_matrix": matrix,
            "images": len(pictures),
            "mode": mode,
        }
