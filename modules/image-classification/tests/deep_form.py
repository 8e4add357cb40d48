"""The training form of DEEP's image classifier: the names and defaults of its arguments, as its page sends them."""

import importlib.util
import json
import re
from pathlib import Path

KEPT = Path(__file__).with_name("deep_form.yaml")
_GROUPS = {"general", "model", "training", "monitor", "dataset", "augmentation"}
_ENTRY = re.compile(r"( *)(\w+):\s*(.*)")


def installed() -> Path | None:
    """Find the settings file of the original, without running it; None where it is not installed."""
    spec = importlib.util.find_spec("planktonclas")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent / "resources" / "config.yaml"


def form(path: Path) -> dict[str, str]:
    """Read the defaults; of YAML this knows only what such a file uses."""
    group, name, inside, found = "", "", 0, {}
    for entry in filter(None, map(_ENTRY.fullmatch, path.read_text("utf-8").splitlines())):
        indent, word, value = len(entry[1]), entry[2], entry[3]
        inside = inside if indent > inside else 0
        if indent == 0:
            group = word
        elif indent == 2:
            name = word
        elif inside:
            found[name] = {**(found[name] or {}), word: json.loads(value)}
        elif word == "value" and group in _GROUPS:
            found[name] = json.loads(value.lower() if value in {"True", "False"} else value or "null")
            inside = 0 if value else indent
    return {name: json.dumps(value) for name, value in found.items()}
