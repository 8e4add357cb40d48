"""What the commands share that ask a hub: finding it, and showing what it says."""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Callable, Sequence
from typing import Any

from pelagos import environments
from pelagos.cli import assembly, client, options, output, things
from pelagos.domain import errors


def add_act(acts: Any, name: str, text: str) -> argparse.ArgumentParser:
    """Add an act to a command, with the options that every act has."""
    made: argparse.ArgumentParser = acts.add_parser(name, help=text, allow_abbrev=False)
    options.add_json(made)
    options.add_hub(made)
    options.add_shared(made, below=True)
    return made


def of(given: argparse.Namespace) -> client.Client:
    """Give the hub that a command line means."""
    return client.Client(given.hub, state_dir=assembly.settings(given).state_dir)


def show(given: argparse.Namespace, thing: things.Record, line: str) -> int:
    """Print one thing: whole for programs, as a line for people."""
    if given.json:
        output.as_json(facts(thing))
    else:
        print(line)
    return 0


def show_all(
    given: argparse.Namespace,
    found: Sequence[things.Record],
    *,
    none: str,
    head: Sequence[str],
    row: Callable[[Any], Sequence[object]],
) -> int:
    """Print a list: whole for programs, as a table for people, who are told `none` when nothing is in it."""
    if given.json:
        output.as_json([facts(each) for each in found])
    elif not found:
        output.note(none)
    else:
        output.table(head, [row(each) for each in found])
    return 0


def followed(act: things.Act) -> things.Act:
    """Show how a long act goes until it has ended; Ctrl+C cancels it. Raises the error of one that failed."""
    with output.installing() as progress:
        told: list[Any] = []

        def tell(seen: things.Act) -> None:
            step = environments.Step(seen.step, seen.done, seen.total)
            if told[-1:] != [step] and not seen.final:
                told.append(step)
                progress(step)

        try:
            act.wait(tell=tell)
        except KeyboardInterrupt:
            act.cancel()
            raise
    act.outcome()
    return act


def facts(thing: things.Record) -> dict[str, Any]:
    """Give what the hub says of a thing, for programs."""
    return {name: value for name, value in vars(thing).items() if not name.startswith("_")}


def moment(text: str | None) -> str:
    """Write a time of the API as the clock on the wall shows it."""
    return output.moment(None if text is None else datetime.datetime.fromisoformat(text))


def by_beginning(things: list[Any], text: str, kind: str) -> Any:
    """Find a thing by its id or the beginning of it. Raises NotFound, or InvalidInput when several begin so."""
    wanted = text.replace("-", "").lower()
    found = [each for each in things if wanted and each.id.startswith(wanted)]
    if not found:
        raise errors.NotFound(f"there is no {kind} '{text}'", hint=f"pelagos {kind}s list shows all.")
    if len(found) > 1:
        several = ", ".join(each.id for each in found[:5])
        raise errors.InvalidInput({kind: [f"'{text}' is the beginning of several: {several}"]})
    return found[0]
