"""Check a module before it is published: its card, its licence, its examples, its pickles."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pelagos import environments
from pelagos.catalog import card, completeness, examples, faults, folders, pickles, repositories
from pelagos.catalog.examples import ExampleRun
from pelagos.catalog.faults import Fault, Severity
from pelagos.domain import clock, errors, steps
from pelagos.domain.steps import Progress


@dataclasses.dataclass(frozen=True)
class Report:
    """What was found in a module's folder."""

    card: card.Card | None
    """None when nothing could be made of what its author wrote."""
    faults: tuple[Fault, ...] = ()
    """What is wrong with the card, with file, line and column."""
    score: int = 0
    """How complete the card is, from 0 to 100."""
    missing: tuple[completeness.Wish, ...] = ()
    """What it lacks."""
    examples: tuple[ExampleRun, ...] = ()
    """How its examples went; empty when they were not run, or there are none."""
    pickles: tuple[Fault, ...] = ()
    """Files that would run code when somebody loads them."""
    location: str = ""
    """The folder that was checked."""
    commit: str = ""
    """Of the folder; empty when it has none, or changes besides."""

    @property
    def ready(self) -> bool:
        """Whether it can be proposed: no fault that is an error, no example that failed."""
        errors_found = any(fault.severity is Severity.ERROR for fault in self.faults)
        return self.card is not None and not errors_found and all(each.passed for each in self.examples)

    def plain(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {
            "card": self.card and self.card.plain(),
            "faults": [dataclasses.asdict(each) for each in self.faults],
            "score": self.score,
            "missing": [each._asdict() for each in self.missing],
            "examples": [{**dataclasses.asdict(each), "time": each.time.isoformat()} for each in self.examples],
            "pickles": [dataclasses.asdict(each) for each in self.pickles],
            "location": self.location,
            "commit": self.commit,
        }

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Report:
        """Read the plain form back."""
        return cls(
            card=plain["card"] and card.Card.model_validate(plain["card"]),
            faults=tuple(map(faults.of_plain, plain["faults"])),
            score=plain["score"],
            missing=tuple(completeness.Wish(**each) for each in plain["missing"]),
            examples=tuple(
                ExampleRun(**{**each, "time": datetime.datetime.fromisoformat(each["time"])})
                for each in plain["examples"]
            ),
            pickles=tuple(map(faults.of_plain, plain["pickles"])),
            location=plain["location"],
            commit=plain["commit"],
        )


def check(
    path: Path,
    *,
    clock: clock.Clock,
    modules: environments.Environments | None = None,
    progress: Progress = steps.quiet,
    timeout_s: float = 600.0,
) -> Report:
    """Check a module's folder. With `modules` it is installed there, and its examples are run in its environment.

    Nothing of the folder is imported into this process, no pickle is loaded. Raises InvalidInput when there is no such
    folder; what is wrong inside it is in the report.
    """
    folder = path.expanduser().absolute()
    if not folder.is_dir():
        raise errors.InvalidInput({"path": [f"there is no folder '{path}'"]})
    read = folders.read(folder, folders.module_name(folder))
    found = Report(read.card, read.faults, location=str(folder), commit=repositories.commit_of(folder))
    found = dataclasses.replace(found, pickles=pickles.scan(folder))
    if found.card is None:
        return found
    missing = completeness.missing(found.card)
    needed = tuple(
        Fault(folders.CARDS[0], "The card does not say it.", wish.advice, wish.field)
        for wish in missing
        if wish.field in completeness.NEEDED
    )
    found = dataclasses.replace(
        found, faults=(*found.faults, *needed), score=completeness.score(found.card), missing=missing
    )
    return found if modules is None else _with_examples(found, folder, modules, progress, clock, timeout_s)


def _with_examples(
    found: Report,
    folder: Path,
    modules: environments.Environments,
    progress: Progress,
    clock: clock.Clock,
    timeout_s: float,
) -> Report:
    assert found.card is not None
    try:
        module = modules.install(str(folder), progress=progress)
        description = modules.describe(module)
    except errors.PelagosError as error:
        trouble = Fault("pyproject.toml", f"The module cannot be installed: {error.message}", error.hint)
        return dataclasses.replace(found, faults=(*found.faults, trouble))
    said = found.card.plain() | {"name": module.name}
    for method, ability in (("predict", "inference"), ("train", "trainable")):
        said.setdefault(ability, description[method] is not None)
    ran = examples.run(
        module,
        found.card.examples,
        folder=folder,
        author_path=modules.author_path(),
        clock=clock,
        timeout_s=timeout_s,
    )
    return dataclasses.replace(found, card=card.Card.model_validate(said), examples=ran)
