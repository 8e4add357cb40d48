"""What a training was asked for: DEEP's argument names, JSON-encoded strings included, all faults at once."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from pelagos.module import BadInput

from pelagos_image_classification import augment, images, onnx_graph

Mode = Literal["fast", "normal", "full"]
Schedule = Literal["step", "plateau", "cosine", "constant", "none"]
"""How the learning rate falls; "none" is DEEP's word for constant."""
NetworkName = Literal[
    "EfficientNetLite0", "DenseNet121", "DenseNet169", "DenseNet201", "InceptionResNetV2", "InceptionV3", "MobileNet",
    "NASNetMobile", "Xception", "ResNet50", "VGG16", "VGG19", "EfficientNetV2B0", "Phytoplankton_EfficientNetV2B0",
]  # fmt: skip
NETWORK: NetworkName = "EfficientNetLite0"
"""The network that runs, whatever older name was asked for: the only one with weights that install from a package."""


_FOR_FURTHER_RUNGS = (
    *("initial_lr", "batch_size", "use_best_model", "use_early_stopping", "ckpt_freq", "l2_reg", "lr_schedule_mode"),
    *("lr_step_decay", "lr_step_schedule", "lr_plateau_factor", "lr_plateau_patience"),
)
"""What rung 1 has no use for: its head is fitted until it converges, with a penalty it chooses itself."""


@dataclass(frozen=True)
class Options:
    """One training's arguments; the field names are those of `train`."""

    mode: Mode = "normal"
    epochs: int = 15
    initial_lr: float = 0.001
    batch_size: int = 16
    modelname: str = NETWORK
    image_size: int = 224
    num_classes: int | None = None
    framing: images.Framing = "pad"
    images_directory: str = ""
    split_ratios: Sequence[float] = (0.8, 0.1, 0.1)
    use_validation: bool = True
    use_test: bool = True
    use_best_model: bool = True
    use_early_stopping: bool = False
    use_class_weights: bool = False
    use_augmentation: bool = False
    train_mode: augment.Recipe = field(default_factory=augment.Recipe)
    val_mode: augment.Recipe | None = None
    lr_schedule_mode: Schedule = "step"
    lr_step_decay: float = 0.1
    lr_step_schedule: Sequence[float] = (0.7, 0.9)
    lr_plateau_factor: float = 0.1
    lr_plateau_patience: int = 3
    l2_reg: float = 0.0001
    ckpt_freq: float | None = None
    mean_RGB: Sequence[float] | None = None
    std_RGB: Sequence[float] | None = None
    use_tensorboard: bool = True
    seed: int = 0

    @property
    def colours(self) -> onnx_graph.Colours | None:
        """The data set's own colour statistics, when its mean was given; the spread is the usual one if it was not."""
        if self.mean_RGB is None:
            return None
        red, green, blue = self.mean_RGB
        reds, greens, blues = self.std_RGB or onnx_graph.USUAL_STD.tolist()
        return onnx_graph.Colours((red, green, blue), (reds, greens, blues))

    @property
    def for_further_rungs(self) -> tuple[str, ...]:
        """The arguments away from their default that only rungs 2 and 3 look at."""
        usual = Options()
        return tuple(name for name in _FOR_FURTHER_RUNGS if getattr(self, name) != getattr(usual, name))

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what is understood otherwise than it was written."""
        told = []
        if self.modelname != NETWORK:
            told.append(f"modelname {self.modelname!r} is understood as an alias: the network that runs is {NETWORK}")
        if self.std_RGB is not None and self.mean_RGB is None:
            told.append("std_RGB is not used, for mean_RGB was not given")
        return tuple(told)


def normalised(given: Mapping[str, Any]) -> Options:
    """Make Options of what `train` was called with; raises BadInput with every fault."""
    values = {name: _decoded(name, value) for name, value in given.items()}
    faults: dict[str, list[str]] = {}
    values["split_ratios"] = _numbers(values, "split_ratios", 3, faults)
    values["lr_step_schedule"] = _numbers(values, "lr_step_schedule", None, faults)
    values["mean_RGB"] = _numbers(values, "mean_RGB", 3, faults)
    values["std_RGB"] = _numbers(values, "std_RGB", 3, faults)
    recipe, wanted = values.get("train_mode"), values.get("use_augmentation")
    values["use_augmentation"] = bool(recipe) if wanted is None else wanted
    values["train_mode"] = _recipe(values, "train_mode", augment.TRAIN_MODE, faults)
    values["val_mode"] = _recipe(values, "val_mode", None, faults)
    if wanted is False:
        values["val_mode"] = None  # As in DEEP: the two recipes count only with augmentation.
    _check(values, faults)
    if faults:
        raise BadInput(faults)
    return Options(
        **{name: value for name, value in values.items() if value is not None or name in {"val_mode", "num_classes"}}
    )


def _decoded(name: str, value: Any) -> Any:
    """Undo the JSON encoding of DEEP's clients: "0.001", "[0.7, 0.9]", "null", "\\"Xception\\""."""
    if not isinstance(value, str) or not value:
        return value
    try:
        decoded = json.loads(value)
    except json.JSONDecodeError:
        return value
    return decoded if name != "images_directory" or decoded is None or isinstance(decoded, str) else value


def _numbers(
    values: Mapping[str, Any], name: str, length: int | None, faults: dict[str, list[str]]
) -> tuple[float, ...] | None:
    given = values.get(name)
    if given is None or given == []:
        return None if given is None or length else ()
    listed = isinstance(given, list | tuple) and all(
        isinstance(item, int | float) and not isinstance(item, bool) and math.isfinite(item) for item in given
    )
    if not listed or length not in {None, len(given)}:
        faults[name] = [f"{given!r} is not a list of {length or 'any count of'} numbers"]
        return None
    return tuple(float(item) for item in given)


def _recipe(
    values: Mapping[str, Any], name: str, usual: Mapping[str, float] | None, faults: dict[str, list[str]]
) -> augment.Recipe | None:
    given = values.get(name)
    if given is None:
        return augment.Recipe.of(usual) if usual is not None else None
    if not isinstance(given, dict):
        faults[name] = [f'{given!r} is not an object such as {{"h_flip": 0.5}}; {{}} is off']
        return None
    wrong = augment.faults(given)
    if wrong:
        faults[name] = wrong
        return None
    return augment.Recipe.of(given)


def _check(values: Mapping[str, Any], faults: dict[str, list[str]]) -> None:
    ratios = values.get("split_ratios")
    if ratios is not None and (min(ratios) < 0 or ratios[0] <= 0 or abs(sum(ratios) - 1) > 0.01):
        faults["split_ratios"] = [f"{list(ratios)} are not shares of training, validation and test that add up to 1"]
    schedule = values.get("lr_step_schedule")
    if schedule is not None and not all(0 <= part <= 1 for part in schedule):
        faults["lr_step_schedule"] = [f"{list(schedule)} are not parts of the training, expected numbers from 0 to 1"]
    if values.get("std_RGB") is not None and min(values["std_RGB"]) <= 0:
        faults["std_RGB"] = [f"{list(values['std_RGB'])} must be above 0"]
    if values.get("modelname", NETWORK) not in get_args(NetworkName):
        faults["modelname"] = [f"{values['modelname']!r} is not one of {', '.join(get_args(NetworkName))}"]
