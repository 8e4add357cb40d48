"""Predict with a module; no server is needed.

INPUT is a file; several files give several answers. A folder needs --output: every file in it gets an answer of its own
there, and a second run does only what is missing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pelagos.cli import folder_prediction, made_with, module_command, options, output, predicting
from pelagos.domain import errors
from pelagos.runtime import budget

USAGE = "[INPUT ...] [--model MODEL] [--output DIR] [--json] [arguments of the module]"
LOG_FILE = "module.log"
INTERRUPTED = 130
_CALLS_PER_WORKER = 8
"""Calls on their way at once: enough that no worker ever waits for us."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    module_command.add_arguments(parser, _add_options, USAGE)


def run(first: argparse.Namespace) -> int:
    """Predict for the inputs, or for what stands in the flags."""
    command = module_command.understand(first, method="predict", add_options=_add_all, usage=USAGE)
    words: list[str] = command.options.inputs
    folders = [word for word in words if command.flags.wants_files and Path(word).expanduser().is_dir()]
    _check(command, words, folders)
    if folders:
        return asyncio.run(_folder(command, Path(folders[0]).expanduser().resolve()))
    return asyncio.run(_files(command, words))


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="MODEL", help="a training's model by its alias or uuid")
    parser.add_argument("--output", metavar="DIR", type=Path, help="write the answers into this folder")
    parser.add_argument("--force", action="store_true", help="predict again what has an answer there")
    parser.add_argument("--workers", metavar="N", help="worker processes; 0 is one for each core")
    options.add_json(parser)


def _add_all(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", nargs="*", metavar="INPUT", help="files, or one folder with --output")
    _add_options(parser)


def _check(command: module_command.ModuleCommand, words: Sequence[str], folders: Sequence[str]) -> None:
    """Refuse what can be seen to be wrong before any worker starts; all faults at once."""
    faults: dict[str, list[str]] = {}
    taker = command.flags.input_argument()
    # The value of a flag that nobody knows looks like an input: only the flag is to blame.
    if command.options.unknown:
        words = []
    if words and taker is None:
        faults["INPUT"] = [f"'{words[0]}' is too much: '{command.installed.name}' takes its arguments as flags"]
    elif command.flags.wants_files:
        faults |= {word: ["there is no such file"] for word in words if not Path(word).expanduser().exists()}
    names = [Path(word).name for word in words]
    if command.options.output is not None and len(set(names)) < len(names):
        faults["--output"] = ["takes one answer for each name; several inputs are called the same"]
    if folders and len(words) > 1:
        faults["INPUT"] = [f"'{folders[0]}' is a folder; expected one folder alone, or files"]
    if folders and command.options.output is None:
        faults["--output"] = ["is missing; expected a folder for the answers"]
    try:
        if command.method["parse"] == "server":
            command.flags.read(command.options, later=taker if words and taker else "")
        else:
            command.flags.form(command.options)
    except errors.InvalidInput as bad:
        faults |= bad.faults
    if faults:
        raise errors.InvalidInput(faults, hint=f"pelagos predict {command.installed.name} --help")


async def _files(command: module_command.ModuleCommand, words: Sequence[str]) -> int:
    """Predict for one input after the other; a bad one does not stop the others."""
    failed = 0
    model = predicting.model_folder(command)
    async with predicting.predictor(command, model, at_start=1, on_log=_to_standard_error) as predictor:
        each: Sequence[str | None] = words or [None]
        for word in each:
            try:
                body, media_type = await predictor.answer(word)
            except (errors.InvalidInput, errors.ModuleFailed, errors.WorkerDied, errors.Timeout) as error:
                failed += 1
                output.note(f"pelagos: error: {f'{word}: ' if word else ''}{error.message}")
            else:
                _give(command, word, body, media_type, alone=len(words) < 2)
    return 1 if failed else 0


def _give(
    command: module_command.ModuleCommand, word: str | None, body: bytes, media_type: str, *, alone: bool
) -> None:
    target: Path | None = command.options.output
    if target is not None:
        name = Path(word).name if word else "answer"
        folder_prediction.write(target / f"{name}{predicting.suffix(media_type)}", body)
    elif not predicting.is_json(media_type):
        if sys.stdout.isatty():
            raise errors.InvalidInput(
                {"--output": [f"is missing: the answer is {media_type}, which no terminal shows"]}
            )
        sys.stdout.buffer.write(body)
    elif command.options.json:
        answer = json.loads(body)
        output.as_json(answer) if alone else output.json_line({"input": word, "answer": answer})
    else:
        output.answer(json.loads(body), title="" if alone else f"{word}:")


async def _folder(command: module_command.ModuleCommand, folder: Path) -> int:
    target = command.options.output.expanduser().absolute()
    workers = command.settings.runtime.workers or budget.cores()
    model = predicting.model_folder(command)
    recipe = made_with.recipe_of(command, model.parent.name if model else predicting.PRETRAINED)
    since_ns = made_with.settle(target, recipe, anew=command.options.force)
    with _counting(folder, target, quiet=command.options.json) as told:
        prediction = folder_prediction.FolderPrediction(
            folder,
            target,
            suffixes=predicting.suffixes(command.method["media_types"]),
            force=command.options.force,
            since_ns=since_ns,
            at_once=workers * _CALLS_PER_WORKER,
            told=told,
        )
        try:
            on_log = _kept_in(target / LOG_FILE)
            async with predicting.predictor(command, model, at_start=workers, on_log=on_log) as predictor:
                await prediction.run(lambda path: predictor.answer(str(path)))
        except asyncio.CancelledError:
            # Ctrl+C. It ends here: there is nothing more to do than to say how far it came.
            prediction.summary.interrupted = True
    _sum_up(command, prediction.summary, target)
    return _code(prediction.summary)


def _code(summary: folder_prediction.Summary) -> int:
    if summary.interrupted:
        return INTERRUPTED
    return 1 if summary.failed else 0


def _sum_up(command: module_command.ModuleCommand, summary: folder_prediction.Summary, target: Path) -> None:
    if command.options.json:
        output.as_json(summary.as_json())
        return
    took = f"in {output.duration(summary.took_s)} ({summary.per_s:.1f} files/s)"
    print(f"{summary.done} done, {summary.skipped} skipped, {summary.failed} failed {took}", flush=True)
    if summary.interrupted:
        output.note("Interrupted. The same command goes on where this one ended.")
    if summary.failed:
        output.note(f"What failed and why: {target / folder_prediction.ERRORS_FILE}")


@contextlib.contextmanager
def _counting(folder: Path, target: Path, *, quiet: bool) -> Iterator[folder_prediction.Told]:
    """Show a bar on a terminal, nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    total = sum(1 for _ in folder_prediction.inputs(folder, leave_out=target))
    with output.bar(total, "files") as advance:
        yield lambda summary: advance(summary.total)


def _to_standard_error(text: bytes) -> None:
    sys.stderr.write(text.decode("utf-8", "replace"))
    sys.stderr.flush()


def _kept_in(path: Path) -> Callable[[bytes], None]:
    """Keep what the module prints in a file, which is made when there is something to keep."""

    def take(text: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as target:
            target.write(text)

    return take
