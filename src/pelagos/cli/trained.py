"""List, name, alias, download and delete trained models.

A model is named by its uuid, by the beginning of it, or as MODULE:ALIAS.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pelagos.cli import assembly, options, output
from pelagos.domain import errors

if TYPE_CHECKING:
    from pelagos import jobs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list models, newest first", allow_abbrev=False)
    listing.add_argument("--module", metavar="MODULE", help="only those of this module")
    listing.add_argument("--search", metavar="TEXT", default="", help="only those with this in title, alias or text")
    listing.add_argument("--limit", metavar="N", type=int, default=50, help="at most so many (default: 50)")
    showing = acts.add_parser("show", help="show everything about one model", allow_abbrev=False)
    naming = acts.add_parser("name", help="give a model a title", allow_abbrev=False)
    aliasing = acts.add_parser(
        "alias", help="let a word mean this model, and no other of its module", allow_abbrev=False
    )
    loading = acts.add_parser("download", help="write a model as a zip file", allow_abbrev=False)
    deleting = acts.add_parser("delete", help="delete models, with the files of their trainings", allow_abbrev=False)
    for each in (showing, naming, aliasing, loading):
        each.add_argument("model", metavar="MODEL", help="uuid, beginning of it, or MODULE:ALIAS")
    naming.add_argument("title", metavar="TITLE", help="such as 'Best of May'; an empty one takes it away")
    naming.add_argument("--description", metavar="TEXT", help="what there is to say about it")
    aliasing.add_argument("alias", metavar="ALIAS", help="such as 'production'")
    aliasing.add_argument("--remove", action="store_true", help="take the alias away")
    loading.add_argument("--output", metavar="FILE", help="where to; '-' is standard output")
    deleting.add_argument("models", metavar="MODEL", nargs="+", help="uuids, beginnings of them, or MODULE:ALIAS")
    for each in (listing, showing, naming, aliasing, loading, deleting):
        options.add_json(each)
        options.add_shared(each, below=True)


def run(given: argparse.Namespace) -> int:
    """Do one of the acts."""
    known = assembly.trained_models_of(assembly.settings(given))
    acts = {
        "list": _list, "show": _show, "name": _name, "alias": _alias, "download": _download, "delete": _delete,
    }  # fmt: skip
    acts[given.act](known, given)
    return 0


def find(known: jobs.TrainedModels, text: str) -> jobs.TrainedModel:
    """Find a model as people name it. Raises NotFound, or InvalidInput when several are meant."""
    module, colon, alias = text.partition(":")
    if colon:
        return known.get(known.resolve(module, alias))
    wanted = text.replace("-", "").lower()
    found = [model for model in known.list() if wanted and model.id.startswith(wanted)]
    if not found:
        raise errors.NotFound(f"there is no trained model '{text}'", hint="pelagos models list shows all.")
    if len(found) > 1:
        several = ", ".join(model.id for model in found[:5])
        raise errors.InvalidInput({"MODEL": [f"'{text}' is the beginning of several: {several}"]})
    return found[0]


def facts(model: jobs.TrainedModel) -> dict[str, Any]:
    """Give what is known of a model, for programs."""
    return {
        "uuid": model.id,
        "module": model.module,
        "title": model.title,
        "description": model.description,
        "aliases": model.aliases,
        "created": model.created,
        "size": model.size,
        "metrics": model.metrics,
        "arguments": model.job.arguments,
    }


def _list(known: jobs.TrainedModels, given: argparse.Namespace) -> None:
    found = known.list(given.module, given.search, limit=given.limit)
    if given.json:
        output.as_json([facts(model) for model in found])
    elif not found:
        output.note("There are no trained models.")
    else:
        output.table(("UUID", "MODULE", "ALIASES", "CREATED", "SIZE", "TITLE"), [_row(model) for model in found])


def _row(model: jobs.TrainedModel) -> tuple[str, ...]:
    aliases = ", ".join(model.aliases) or "-"
    return model.id, model.module, aliases, output.moment(model.created), output.size(model.size), model.title


def _show(known: jobs.TrainedModels, given: argparse.Namespace) -> None:
    _tell(find(known, given.model), given)


def _name(known: jobs.TrainedModels, given: argparse.Namespace) -> None:
    model = find(known, given.model)
    _tell(known.describe(model.id, title=given.title, description=given.description), given)


def _alias(known: jobs.TrainedModels, given: argparse.Namespace) -> None:
    model = find(known, given.model)
    if not given.remove:
        known.alias(model.id, given.alias)
    elif given.alias in model.aliases:
        known.unalias(model.module, given.alias)
    _tell(known.get(model.id), given)


def _download(known: jobs.TrainedModels, given: argparse.Namespace) -> None:
    model = find(known, given.model)
    pieces = known.archive(model.id)
    if given.output == "-":
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        return
    path = Path(given.output or f"{model.module}-{model.id[:8]}.zip")
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as written:
        written.writelines(pieces)
    part.replace(path)
    _say({"uuid": model.id, "file": path}, f"{model.id} is in {path}", given)


def _delete(known: jobs.TrainedModels, given: argparse.Namespace) -> None:
    # All are found before the first one goes.
    for model in [find(known, text) for text in given.models]:
        known.delete(model.id)
        _say({"uuid": model.id}, f"{model.id} is deleted", given)


def _tell(model: jobs.TrainedModel, given: argparse.Namespace) -> None:
    shown = facts(model) | {"created": output.moment(model.created), "aliases": ", ".join(model.aliases)}
    shown["size"] = output.size(model.size)
    plain = (f"{name:<11} {value}" for name, value in shown.items() if value and not isinstance(value, dict))
    results = (f"  {name:<16} {output.number(value)}" for name, value in model.metrics.items())
    _say(facts(model), "\n".join([*plain, *(["metrics", *results] if model.metrics else [])]), given)


def _say(value: Any, text: str, given: argparse.Namespace) -> None:
    if given.json:
        output.as_json(value)
    else:
        print(text)
