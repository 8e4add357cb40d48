"""Predict without a server: one module's workers, and their answers as they are written and shown."""

from __future__ import annotations

import contextlib
import http
import json
import mimetypes
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from pelagos.cli import assembly, submitting
from pelagos.cli.module_command import ModuleCommand
from pelagos.domain import errors
from pelagos.runtime import calls, pool, processes

_WRAPPED = b'{"status": "OK", "predictions": '
PRETRAINED = "pretrained"


class Predictor:
    """One module with a chosen model and chosen arguments; only the input differs from call to call."""

    def __init__(self, command: ModuleCommand, workers: pool.Pool, model: Path | None) -> None:
        self._command = command
        self._workers = workers
        self._model = model
        self._input = command.flags.input_argument()
        self._parses_itself = command.method["parse"] == "worker"

    async def answer(self, word: str | None = None) -> tuple[bytes, str]:
        """Predict for one input and give the answer's bytes and media type; JSON comes without its envelope.

        Raises InvalidInput for a file that cannot be read or that the module refuses, ModuleFailed, WorkerDied.
        """
        inputs = {} if word is None or self._input is None else {self._input: [word]}
        if self._parses_itself:
            raw = self._command.flags.raw(self._command.options, inputs)
            reply = await self._workers.predict({}, model=self._model, raw=raw)
        else:
            arguments = self._command.flags.read(self._command.options, inputs)
            reply = await self._workers.predict(arguments, model=self._model)
        if isinstance(reply.body, calls.Stream):
            return await _gathered(reply.body, reply.media_type)
        if reply.status >= http.HTTPStatus.BAD_REQUEST:
            raise refusal(bytes(reply.body))
        return unwrapped(bytes(reply.body)), reply.media_type


def model_folder(command: ModuleCommand) -> Path | None:
    """Find the trained model that was chosen; None is the pretrained one. Raises InvalidInput for one not there."""
    wanted = command.options.model
    if not wanted or wanted == PRETRAINED:
        return None
    if command.installed.kind != "native":
        raise errors.InvalidInput({"--model": ["is for native modules; this one has arguments of its own for it"]})
    known = assembly.jobs_of(command.settings)
    known.reconcile()
    aliases = known.aliases(command.installed.name)
    found = [job.id for job in known.models(command.installed.name)]
    chosen = [each for each in found if each.startswith(aliases.get(wanted, wanted.replace("-", "").lower()))]
    if len(chosen) != 1:
        which = "is the beginning of several" if chosen else "is none of the trained models"
        expected = ", ".join([PRETRAINED, *(chosen or [*aliases, *found])][:10])
        raise errors.InvalidInput(
            {"--model": [f"'{wanted}' {which}; expected one of {expected}"]},
            hint=f"pelagos models list --module {command.installed.name}",
        )
    return known.run_folder(chosen[0]).model


@contextlib.asynccontextmanager
async def predictor(
    command: ModuleCommand, model: Path | None, *, at_start: int, on_log: processes.Log
) -> AsyncIterator[Predictor]:
    """Start the module's workers, `at_start` at once. Raises ModuleFailed when it cannot be loaded."""
    limits = command.settings.runtime
    settings = pool.PoolSettings(
        workers=limits.workers,
        at_start=at_start,
        queue_size=limits.queue_size,
        predict_timeout_s=limits.predict_timeout_s or None,
        start_timeout_s=limits.start_timeout_s,
        # A trained model is loaded by the first call; the pretrained one would be loaded for nothing.
        warm=model is None,
    )
    async with pool.Pool(assembly.code_of(command.known, command.installed), settings, on_log=on_log) as workers:
        yield Predictor(command, workers, model)


async def training_arguments(command: ModuleCommand) -> tuple[dict[str, Any], dict[str, Path | bytes]]:
    """Let a module that parses its arguments itself read those of a training, before there is a job.

    Gives them as a submission has them, and the files that go with them. Raises InvalidInput with the module's faults.
    """
    raw = {**command.flags.raw(command.options), "method": "train"}
    settings = pool.PoolSettings(workers=1, start_timeout_s=command.settings.runtime.start_timeout_s, warm=False)
    async with pool.Pool(assembly.code_of(command.known, command.installed), settings) as workers:
        reply = await workers.predict({}, raw=raw)
    body = b"" if isinstance(reply.body, calls.Stream) else bytes(reply.body)
    if reply.status >= http.HTTPStatus.BAD_REQUEST:
        raise refusal(body)
    files: dict[str, Path | bytes] = {}
    return _with_files(json.loads(body)["arguments"], raw["form"], files), files


def refusal(body: bytes) -> errors.PelagosError:
    """Give the error that a module's own parser answered with: faults by argument, or a text."""
    try:
        faults = json.loads(body)
    except ValueError:
        return errors.ModuleFailed(body.decode("utf-8", "replace").strip() or None)
    if not isinstance(faults, dict):
        return errors.ModuleFailed(str(faults))
    return errors.InvalidInput({f"--{name}": _messages(fault) for name, fault in faults.items()})


def unwrapped(body: bytes) -> bytes:
    """Take the module's own answer out of the envelope of the REST contract."""
    return body[len(_WRAPPED) : -1] if body.startswith(_WRAPPED) and body.endswith(b"}") else body


def is_json(media_type: str) -> bool:
    """Whether answers of this type are JSON."""
    return media_type.partition(";")[0].strip() == "application/json"


def suffix(media_type: str) -> str:
    """Give the ending of a file with an answer of this type."""
    if is_json(media_type) or media_type.startswith("text/event-stream"):
        return ".json"
    return mimetypes.guess_extension(media_type.partition(";")[0].strip()) or ".bin"


def suffixes(media_types: Sequence[str]) -> frozenset[str]:
    """Give all endings that the answers of a module may have."""
    return frozenset({".json", *map(suffix, media_types)})


def _messages(fault: Any) -> list[str]:
    """Flatten what marshmallow says of one argument; faults inside a list or an object keep their place."""
    if isinstance(fault, dict):
        return [f"{place}: {message}" for place, inside in fault.items() for message in _messages(inside)]
    return [str(message) for message in fault] if isinstance(fault, list) else [str(fault)]


def _with_files(value: Any, form: Sequence[Sequence[Any]], files: dict[str, Path | bytes]) -> Any:
    """Put the files where the worker named them: `{"$upload": number of the field}`."""
    if isinstance(value, list):
        return [_with_files(item, form, files) for item in value]
    if isinstance(value, dict) and list(value) == ["$upload"]:
        return submitting.file(form[value["$upload"]][1], files)
    return {name: _with_files(item, form, files) for name, item in value.items()} if isinstance(value, dict) else value


async def _gathered(stream: calls.Stream, media_type: str) -> tuple[bytes, str]:
    """Wait for all pieces; the values of an event stream become one JSON list."""
    body = b"".join([piece async for piece in stream])
    if not media_type.startswith("text/event-stream"):
        return body, media_type
    values = [json.loads(line[5:]) for line in body.split(b"\n") if line.startswith(b"data:")]
    return json.dumps(values, ensure_ascii=False).encode(), "application/json"
