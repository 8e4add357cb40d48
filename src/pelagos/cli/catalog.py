"""Search the catalog of modules, keep its sources, and decide about proposals."""

from __future__ import annotations

import argparse
import dataclasses
import getpass
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pelagos import config
from pelagos.cli import assembly, options, output

if TYPE_CHECKING:
    from pelagos import catalog


@dataclasses.dataclass(frozen=True)
class Rooms:
    """The catalog of one state folder."""

    cards: catalog.Store
    sources: catalog.Sources
    proposals: catalog.Proposals


def rooms(chosen: config.Settings) -> Rooms:
    """Open the catalog."""
    from pelagos import catalog, db
    from pelagos.catalog import meaning
    from pelagos.domain import clock, state_folder

    state_folder.make(chosen.state_dir)
    database = db.connect(chosen.database_url)
    modules = assembly.environments_of(chosen)
    now = clock.SystemClock()
    cards = catalog.Store(database, encode=meaning.installed())
    sources = catalog.Sources(cards, database, folder=chosen.state_dir / "sources", clock=now, modules=modules)
    return Rooms(cards, sources, catalog.Proposals(cards, database, clock=now, modules=modules))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    made = {name: acts.add_parser(name, help=text, allow_abbrev=False) for name, (text, _) in _ACTS.items()}
    made["search"].add_argument("words", nargs="*", metavar="WORD", help="what to look for; all modules without any")
    made["search"].add_argument("--limit", type=int, default=20, metavar="N", help="at most so many")
    for facet in ("category", "task", "tag", "licence", "library", "data", "ability"):
        made["search"].add_argument(f"--{facet}", action="append", metavar="VALUE", help=f"narrow by {facet}")
    made["show"].add_argument("name", metavar="NAME", help="name of the module")
    one_of = made["show"].add_mutually_exclusive_group()
    one_of.add_argument("--version", metavar="VERSION", help="an older version of the card")
    one_of.add_argument("--versions", action="store_true", help="list the versions of the card")
    made["add"].add_argument("location", help="a folder, a git address, or a list such as MODULES.yml or .gitmodules")
    made["add"].add_argument("--kind", choices=("folder", "git", "index"), help="if it is not what it looks like")
    made["refresh"].add_argument("id", nargs="?", metavar="ID", help="one source; all without it")
    made["remove"].add_argument("id", metavar="ID", help="the source; its cards go too")
    made["proposals"].add_argument("--state", choices=("proposed", "accepted", "returned", "replaced"))
    for name in ("accept", "return"):
        made[name].add_argument("id", metavar="ID", help="the proposal")
        made[name].add_argument("--comment", default="", metavar="TEXT", help="what to say about it")
    made["rerun"].add_argument("name", metavar="NAME", help="name of the module")
    for each in made.values():
        options.add_json(each)
        options.add_shared(each, below=True)


def run(given: argparse.Namespace) -> int:
    """Do the act."""
    _, act = _ACTS[given.act]
    known = rooms(assembly.settings(given))
    if given.act in _OF_NOW:
        known.sources.refresh("installed")
    return act(known, given)


def _search(known: Rooms, given: argparse.Namespace) -> int:
    from pelagos import catalog

    chosen = {facet: tuple(getattr(given, facet) or ()) for facet in catalog.Facet}
    known.cards.learn()
    query = catalog.Query(" ".join(given.words), {f: v for f, v in chosen.items() if v}, limit=given.limit)
    found = catalog.search(known.cards, query)
    if given.json:
        output.as_json({"total": found.total, "hits": found.hits, "repaired": found.repaired})
        return 0
    for word, meant in found.repaired.items():
        output.note(f"Looked for “{meant}” instead of “{word}”.")
    if not found.hits:
        output.note("No module was found. To add a source of modules: pelagos catalog add LOCATION")
        return 0
    output.table(("MODULE", "TITLE", "TASK", "LICENCE"), [_row(each) for each in found.hits])
    return 0


def _row(hit: catalog.Hit) -> tuple[str, ...]:
    return hit.name, hit.title, ", ".join(hit.tasks), hit.licence or "-"


def _show(known: Rooms, given: argparse.Namespace) -> int:
    if given.versions:
        return _versions(known, given)
    record = known.cards.version(given.name, given.version) if given.version else known.cards.get(given.name)
    runs = known.proposals.runs(given.name)
    if given.json:
        facts = {name: getattr(record, name) for name in ("version", "source", "commit", "imported")}
        output.as_json({**facts, "card": record.card.plain(), "examples": runs})
        return 0
    shown = record.card
    print(f"{shown.title} ({shown.name} {shown.version})".replace(" )", ")"))
    print(shown.summary)
    facts = {
        "Status": shown.status,
        "Licence": shown.licence,
        "Authors": ", ".join(author.name for author in shown.authors),
        "Tasks": ", ".join(shown.tasks),
        "Tags": ", ".join(shown.tags),
        "Source": f"{record.source} {record.commit[:12]}".strip(),
    }
    for label, value in facts.items():
        if value:
            print(f"{label}: {value}")
    for each in runs[: len(shown.examples)]:
        went = "passed" if each.passed else each.message
        print(f"Example “{each.name}”: {went} ({output.moment(each.time)}, {each.version}, {each.seconds:g} s)")
    return 0


def _versions(known: Rooms, given: argparse.Namespace) -> int:
    found = known.cards.versions(given.name)
    if not found:
        known.cards.get(given.name)  # Says that there is none.
    if given.json:
        output.as_json(found)
    else:
        rows = [(each.version, output.moment(each.seen), each.source, each.commit[:12] or "-") for each in found]
        output.table(("VERSION", "FIRST SEEN", "SOURCE", "COMMIT"), rows)
    return 0


def _list(known: Rooms, given: argparse.Namespace) -> int:
    return _print_sources(known.sources.list(), given)


def _add(known: Rooms, given: argparse.Namespace) -> int:
    added = known.sources.add(given.location, given.kind)
    output.note(f"Reading {added.location}")
    return _print_sources(known.sources.refresh(added.id), given)


def _refresh(known: Rooms, given: argparse.Namespace) -> int:
    return _print_sources(known.sources.refresh(given.id), given)


def _remove(known: Rooms, given: argparse.Namespace) -> int:
    known.sources.remove(given.id)
    output.as_json({"removed": given.id}) if given.json else print(f"{given.id} is removed")
    return 0


def _print_sources(some: tuple[catalog.Source, ...], given: argparse.Namespace) -> int:
    """Print sources; the exit code says whether all are well."""
    if given.json:
        output.as_json(some)
    else:
        rows = [(each.id, each.kind, each.cards, output.moment(each.refreshed), each.location) for each in some]
        output.table(("SOURCE", "KIND", "CARDS", "REFRESHED", "LOCATION"), rows)
        for each in some:
            if each.error:
                output.note(f"{each.id}, {output.moment(each.tried)}: {each.error}")
            for fault in each.faults:
                output.note(f"  {fault}")
    return 1 if given.act != "list" and any(each.error for each in some) else 0


def _proposals(known: Rooms, given: argparse.Namespace) -> int:
    from pelagos.catalog import proposals

    state = None if given.state is None else proposals.State(given.state)
    found = known.proposals.list(state)
    if given.json:
        output.as_json([_proposal(each) for each in found])
    elif not found:
        output.note("Nothing is proposed. To propose a module: pelagos publish PATH")
    else:
        rows = [(each.id, each.name, each.state, each.person, output.moment(each.changed)) for each in found]
        output.table(("PROPOSAL", "MODULE", "STATE", "BY", "CHANGED"), rows)
    return 0


def _accept(known: Rooms, given: argparse.Namespace) -> int:
    return _decided(known.proposals.accept(given.id, getpass.getuser(), given.comment), given)


def _return(known: Rooms, given: argparse.Namespace) -> int:
    return _decided(known.proposals.send_back(given.id, getpass.getuser(), given.comment), given)


def _decided(proposal: catalog.Proposal, given: argparse.Namespace) -> int:
    output.as_json(_proposal(proposal)) if given.json else print(f"{proposal.name} is {proposal.state}")
    return 0


def _proposal(proposal: catalog.Proposal) -> Mapping[str, Any]:
    return {**vars(proposal), "report": proposal.report.plain()}


def _rerun(known: Rooms, given: argparse.Namespace) -> int:
    ran = known.proposals.rerun(given.name)
    if given.json:
        output.as_json(ran)
    else:
        rows = [(each.name, "passed" if each.passed else each.message, f"{each.seconds:g} s") for each in ran]
        output.table(("EXAMPLE", "RESULT", "TOOK"), rows)
    return 0 if all(each.passed for each in ran) else 1


_ACTS: Mapping[str, tuple[str, Callable[[Rooms, argparse.Namespace], int]]] = {
    "search": ("find modules", _search),
    "show": ("show the card of a module", _show),
    "list": ("list the sources of cards", _list),
    "add": ("add a source and read it", _add),
    "refresh": ("read sources again", _refresh),
    "remove": ("forget a source", _remove),
    "proposals": ("list what was proposed", _proposals),
    "accept": ("take a proposed module into the catalog", _accept),
    "return": ("send a proposal back to its author", _return),
    "rerun": ("run the examples of a module again", _rerun),
}
_OF_NOW = ("search", "show", "list")
"""Acts that shall know of what was installed a moment ago."""
