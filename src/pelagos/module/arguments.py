"""How an author says more about an argument than its type, and refuses what it was given."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Union


class Arg:
    """Facts about one argument, given as `Annotated[int, Arg("how many classes", ge=1, le=50)]`.

    `help` is one sentence for people. Bounds: `ge`, `gt`, `le`, `lt` for numbers; `min_length`, `max_length` for
    strings and lists; `pattern` (a regular expression, searched) for strings; `choices` for any type. `unit` is shown
    behind the number ("s", "MB", "px"). `advanced` folds the field away in forms; `secret` is never shown or logged.
    `label` is the name in forms when the argument's own name is not good enough.
    """

    def __init__(  # noqa: PLR0913 - keyword-only facts; every one is a word of the form
        self,
        help: str = "",  # noqa: A002 - the word argparse and click use
        *,
        ge: Optional[float] = None,
        gt: Optional[float] = None,
        le: Optional[float] = None,
        lt: Optional[float] = None,
        min_length: Optional[int] = None,
        max_length: Optional[int] = None,
        pattern: Optional[str] = None,
        choices: Optional[Sequence[Any]] = None,
        unit: str = "",
        label: str = "",
        advanced: bool = False,
        secret: bool = False,
    ) -> None:
        self.help = help
        self.unit = unit
        self.label = label
        self.advanced = advanced
        self.secret = secret
        self.ge, self.gt, self.le, self.lt = ge, gt, le, lt
        self.min_length, self.max_length = min_length, max_length
        self.pattern = pattern
        self.choices = choices

    def keywords(self, *, of_list: bool = False) -> Dict[str, Any]:
        """Give the bounds as JSON Schema keywords, those of a list if it is one; only those that were set."""
        counted = "Items" if of_list else "Length"
        named = {
            "minimum": self.ge,
            "exclusiveMinimum": self.gt,
            "maximum": self.le,
            "exclusiveMaximum": self.lt,
            f"min{counted}": self.min_length,
            f"max{counted}": self.max_length,
            "pattern": self.pattern,
            "enum": None if self.choices is None else list(self.choices),
        }
        return {keyword: value for keyword, value in named.items() if value is not None}


class BadInput(Exception):
    """What the module was given is not usable: the client's fault, answered with 422.

    `BadInput("no picture in it", field="dataset")` names one fault; `BadInput({"dataset": ["...", "..."]})` gives all
    that were found, by argument.
    """

    def __init__(self, message: Union[str, Mapping[str, Sequence[str]]], *, field: str = "input") -> None:
        faults = {field: [message]} if isinstance(message, str) else message
        self.faults: Dict[str, List[str]] = {name: list(messages) for name, messages in faults.items()}
        # One a line where there are several: a broken data set has many, each with a long path.
        told = {name: "\n".join(messages) for name, messages in self.faults.items()}
        super().__init__("; ".join(f"{name}: {message}" for name, message in told.items()))
