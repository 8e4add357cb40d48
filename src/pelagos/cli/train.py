"""Train a module on your own data; no server is needed.

The training runs on its own: Ctrl+C, or a closed terminal, leaves it running. pelagos jobs shows, follows, cancels it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pelagos.cli import assembly, following, module_command, options, output, predicting, submitting
from pelagos.cli import jobs as jobs_command
from pelagos.domain import errors, records, resources, states

if TYPE_CHECKING:
    from pelagos import jobs

USAGE = "[--detach] [--json] [arguments of the module, such as --dataset DIR]"
INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    module_command.add_arguments(parser, _add_options, USAGE)


def run(first: argparse.Namespace) -> int:
    """Submit the training and follow it to its end: 0 done, 1 not, 130 left or cancelled by Ctrl+C."""
    command = module_command.understand(first, method="train", add_options=_add_options, usage=USAGE)
    known = assembly.jobs_of(command.settings)
    model = _model_of_earlier(command, known) if command.options.resume else None
    submitted, needs = options.together(lambda: _arguments(command), lambda: _resources(command.options))
    job = known.submit(_submission(command, submitted, needs, model))
    if command.options.detach:
        _tell_detached(known, job, command.options.json)
        return 0
    output.note(f"Training {job.id}")
    try:
        with following.view(quiet=command.options.json) as view:
            job = following.follow(known, job.id, view)
    except KeyboardInterrupt:
        return _leave(known, job)
    return _tell_end(known, job, command)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--detach", action="store_true", help="start it and return at once")
    parser.add_argument("--resume", metavar="UUID", help="go on from what an earlier training left, with its arguments")
    parser.add_argument("--key", metavar="KEY", help="the same key is the same training, however often it is sent")
    group = parser.add_argument_group("resources")
    group.add_argument("--cpus", metavar="N", help="processor cores")
    group.add_argument("--gpus", metavar="N", help="accelerators")
    group.add_argument("--memory-mb", metavar="N", help="limit of memory, in MiB")
    group.add_argument("--wall-time-s", metavar="S", help="limit of time, in seconds")
    options.add_json(parser)


def _arguments(command: module_command.ModuleCommand) -> submitting.Submitted:
    """Read the arguments of the training, with the module's own parser when it has one."""
    if command.method["parse"] == "worker":
        return asyncio.run(predicting.training_arguments(command))
    return submitting.submitted(command.flags.read(command.options), command.method["parameters"])


def _resources(given: argparse.Namespace) -> resources.Resources:
    """Read the resources; all faults at once."""
    faults: dict[str, list[str]] = {}
    found: dict[str, Any] = {}
    kinds = {"cpus": (int, 1), "gpus": (int, 0), "memory_mb": (int, 1), "wall_time_s": (float, 0.001)}
    for name, (kind, least) in kinds.items():
        text = getattr(given, name)
        if text is None:
            continue
        try:
            found[name] = kind(text)
            if not found[name] >= least:
                raise ValueError
        except ValueError:
            what = "a whole number" if kind is int else "a number"
            faults[f"--{name.replace('_', '-')}"] = [f"'{text}' is not {what} of at least {least}"]
    if faults:
        raise errors.InvalidInput(faults)
    return resources.Resources(**found)


def _model_of_earlier(command: module_command.ModuleCommand, known: jobs.Jobs) -> Path:
    """Find what an earlier training left, and let what was not typed be as it was there. Raises InvalidInput."""
    # There may be no server that has seen its end.
    known.reconcile()
    earlier = jobs_command.find(known, command.options.resume)
    model = known.saved(earlier.id, command.installed.name, field="--resume")
    command.flags.fill(command.options, earlier.arguments)
    return model


def _submission(
    command: module_command.ModuleCommand,
    submitted: submitting.Submitted,
    needs: resources.Resources,
    model: Path | None,
) -> jobs.Submission:
    from pelagos import jobs

    return jobs.Submission(
        kind=records.Kind.TRAINING,
        module=assembly.code_of(command.known, command.installed),
        arguments=submitted[0],
        files=submitted[1],
        resources=needs,
        key=command.options.key,
        resume=model,
    )


def _tell_detached(known: jobs.Jobs, job: records.Job, as_json: bool) -> None:
    if as_json:
        output.as_json(jobs_command.facts(known, job))
        return
    print(job.id)
    output.note(f"It runs on its own. Follow it: pelagos jobs logs -f {job.id}")


def _leave(known: jobs.Jobs, job: records.Job) -> int:
    """Ask whether the training shall go on; it does unless somebody says otherwise."""
    if sys.stdin.isatty() and _wants_cancel():
        ended = known.cancel(job.id)
        output.note(f"The training is {ended.state}.")
    else:
        output.note(f"\nThe training goes on. Follow it: pelagos jobs logs -f {job.id}")
        output.note(f"Cancel it: pelagos jobs cancel {job.id}")
    return INTERRUPTED


def _wants_cancel() -> bool:
    try:
        output.note("\nEnter leaves the training running; c and Enter cancels it.")
        return sys.stdin.readline().strip().lower() in ("c", "cancel")
    except KeyboardInterrupt:
        return False


def _tell_end(known: jobs.Jobs, job: records.Job, command: module_command.ModuleCommand) -> int:
    well = job.state is states.State.DONE
    if command.options.json:
        output.as_json(jobs_command.facts(known, job))
    elif well:
        _print_result(job.result)
        print(f"The model is {job.id}")
        # DEEPaaS modules choose a model by arguments of their own.
        if command.description["predict"] is not None and command.installed.kind == "native":
            output.note(f"Use it: pelagos predict {job.module} INPUT --model {job.id}")
    else:
        output.note(f"pelagos: error: the training {job.id} is {job.state}: {job.message}")
        output.note(f"What it printed: pelagos jobs logs {job.id}")
    return 0 if well else 1


def _print_result(result: Any) -> None:
    """Print the numbers and words of a result, and its notes; the whole of it is in `jobs show`."""
    if isinstance(result, Mapping):
        notes = result.get("notes")
        for note in notes if isinstance(notes, list) else ():
            output.note(f"note: {note}")
        for name, value in result.items():
            if isinstance(value, int | float | str) and not isinstance(value, bool):
                print(f"{name}: {output.number(value) if isinstance(value, float) else value}")
