"""What one reading of a source brings: its cards, and what is wrong with them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from pelagos.catalog import card, faults, folders, reading

_LONGEST = 500
"""Of what a fault says: it may quote a value as long as its author liked."""

Dated = tuple[card.Card, str]
"""A card with the commit that it was read at."""


@dataclasses.dataclass
class Found:
    """Cards by their names, and what went wrong."""

    cards: dict[str, Dated] = dataclasses.field(default_factory=dict)
    partial: dict[str, Dated] = dataclasses.field(default_factory=dict)
    """Cards of which a part could not be read: better than none, not better than an earlier one."""
    faults: list[faults.Fault] = dataclasses.field(default_factory=list)
    commit: str = ""
    troubles: list[str] = dataclasses.field(default_factory=list)
    whole: bool = True
    """Whether cards that did not come are gone; not so when a part of the source could not be read."""

    def add(self, read: reading.Imported, name: str, place: str) -> None:
        """Add a module's card, or what speaks against it; `place` leads to its folder."""
        module = read.card.name if read.card is not None else name
        errors = (each for each in read.faults if each.severity is faults.Severity.ERROR)
        self.faults += [_placed(each, module, place) for each in errors]
        if read.card is None or read.broken:
            self.whole = False
            self.troubles.append(f"the card of {module} cannot be read")
        if read.card is not None:
            (self.partial if read.broken else self.cards).setdefault(module, (read.card, self.commit))

    def take(self, other: Found) -> None:
        """Add what another reading brought; who came first keeps a name."""
        self.cards = other.cards | self.cards
        self.partial = other.partial | self.partial
        self.faults += other.faults
        self.troubles += other.troubles
        self.whole = self.whole and other.whole


def modules_of(root: Path, name: str, commit: str) -> Found:
    """Read all modules below a folder; one at the root bears the name of the repository if it says no other."""
    found = Found(commit=commit)
    for folder in folders.find(root):
        at_root = folder == root
        known = folders.module_name(folder) or (name if at_root else "")
        read = folders.read(folder, known)
        if not at_root and read.card is not None and read.card.title == read.card.name:
            # Many a folder has some `metadata.json`: below the root it takes a title to be a card.
            read = dataclasses.replace(read, card=None)
        if read.card is not None or read.broken:
            found.add(read, known or folder.name, "/".join(filter(None, (name, *folder.relative_to(root).parts))))
    if not found.cards and not found.troubles:
        found.troubles.append(f"{name or root} has no card: none of {', '.join(folders.CARDS)}")
    return found


def _placed(fault: faults.Fault, module: str, place: str) -> faults.Fault:
    return dataclasses.replace(
        fault,
        file=f"{place}/{fault.file}" if place else fault.file,
        module=module,
        message=_printable(fault.message),
        suggestion=_printable(fault.suggestion),
        field=_printable(fault.field),
    )


def _printable(text: str) -> str:
    """Shorten what goes to terminals, too: a value that it quotes could hold signs that steer them."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text[:_LONGEST])
