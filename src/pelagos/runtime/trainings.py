"""The training routes of V2, on top of our jobs."""

from __future__ import annotations

import asyncio
import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pelagos import environments
from pelagos import jobs as jobs_room
from pelagos.domain import errors as domain_errors
from pelagos.domain import records, states
from pelagos.runtime import answering, arguments, bodies, calls, errors, places, pool
from pelagos.runtime import service as services

_STATUS: Mapping[states.State, str] = {
    states.State.QUEUED: "running",
    states.State.STARTING: "running",
    states.State.RUNNING: "running",
    states.State.DONE: "done",
    states.State.FAILED: "error",
    states.State.LOST: "error",
    states.State.CANCELLED: "cancelled",
}

_OURS = frozenset({"$file", "$folder", "$upload", "$load", "$each"})


class Trainings:
    """Answers the training routes of a service."""

    def __init__(self, service: services.Service) -> None:
        self._service = service

    async def begin(self, request: Request) -> Response:
        """Start a training and answer at once; the same Idempotency-Key is the same training."""
        module, jobs = self._allowed(request)
        if module.train_arguments is None:
            raise errors.not_implemented(module.name)
        body = bodies.Body(self._service.settings.client_max_size, self._service.uploads)
        try:
            lenient = module.description["train"]["parse"] == "worker"
            head = bodies.Head(request.scope)
            await bodies.read(head, request.receive, body, lenient=lenient)
            plain, files = await _read(module, request, head, body)
            submission = jobs_room.Submission(
                kind=records.Kind.TRAINING,
                module=code_of(module),
                arguments=plain,
                files=files,
                key=request.headers.get("idempotency-key"),
            )
            job = await asyncio.to_thread(jobs.submit, submission)
        finally:
            await body.close()
            self._service.counters.upload_bytes += body.size
        return answering.as_json(shown(job))

    async def listed(self, request: Request) -> Response:
        """List the trainings, oldest first as in DEEPaaS; `limit` and `offset` cut a part out."""
        module, jobs = self._allowed(request)
        limit, offset = answering.whole(request, "limit"), answering.whole(request, "offset") or 0
        found = await asyncio.to_thread(_part, jobs, module.name, limit, offset)
        return answering.as_json([shown(job) for job in found])

    async def one(self, request: Request) -> Response:
        """Give one training."""
        job, _ = await self.find(request)
        return answering.as_json(shown(job))

    async def end(self, request: Request) -> Response:
        """Cancel a training that runs; delete the files of one that has ended."""
        job, jobs = await self.find(request)
        act = jobs.delete if job.state.final else jobs.cancel
        return answering.as_json(shown(await asyncio.to_thread(act, job.id)))

    async def find(self, request: Request) -> tuple[records.Job, jobs_room.Jobs]:
        """Find the training that a path names, as long as its files are there; anything else is 404."""
        _, jobs = self._allowed(request)
        number = request.path_params["uuid"].replace("-", "").lower()
        try:
            job = await asyncio.to_thread(jobs.get, number)
        except domain_errors.NotFound:
            raise errors.Declined(404) from None
        if job.deleted is not None or job.module != request.path_params["model"] or job.kind != records.Kind.TRAINING:
            raise errors.Declined(404)
        return job, jobs

    def _allowed(self, request: Request) -> tuple[services.ServedModule, jobs_room.Jobs]:
        module = answering.find(self._service, request)
        if not self._service.settings.train_endpoint:
            raise errors.Declined(402)
        if self._service.jobs is None:
            raise errors.Declined(501)
        return module, self._service.jobs


def shown(job: records.Job) -> dict[str, Any]:
    """Give a job as V2's training object."""
    facts: dict[str, Any] = {
        "date": _local(job.created),
        "args": {name: _argument(name, value) for name, value in job.arguments.items()},
        "uuid": job.id,
        "status": _STATUS[job.state],
    }
    if _STATUS[job.state] == "error":
        facts["message"] = job.message
    if job.state is states.State.DONE and job.finished is not None:
        began = job.started or job.created
        duration = str(job.finished - began)
        facts["result"] = {"output": job.result, "finish_date": _local(job.finished), "duration": duration}
    return facts


async def _read(
    module: services.ServedModule, request: Request, head: bodies.Head, body: bodies.Body
) -> tuple[dict[str, Any], dict[str, Path | bytes]]:
    """Read the arguments of a training, here or in a worker; gives them as a submission has them, and its files."""
    method = module.description["train"]
    if module.train_arguments is None:
        raise errors.not_implemented(module.name)
    if method["parse"] == "server":
        headers, cookies = dict(request.headers), dict(request.cookies)
        given = arguments.Given(head.query, body.fields(), body.json, headers, cookies)
        return as_submitted(module.train_arguments.read(given), method)
    return await read_by_module(module.pool, bodies.raw(head, body))


async def read_pairs(
    method: Mapping[str, Any], workers: pool.Pool | None, pairs: Sequence[tuple[str, Any]]
) -> tuple[dict[str, Any], dict[str, Path | bytes]]:
    """Read the arguments of a training from the pairs of a form, and give them as `as_submitted` does.

    `workers` are asked when the module parses its requests itself. Raises InvalidInput with every fault.
    """
    if method["parse"] == "server" or workers is None:
        given = arguments.Given(form=places.by_name(pairs))
        return as_submitted(arguments.Arguments(method["parameters"]).read(given), method)
    try:
        return await read_by_module(workers, places.request(method["parameters"], pairs))
    except errors.Passed as refused:
        faults = json.loads(refused.answer.body) if refused.answer.status == 422 else {"": [str(refused)]}
        raise domain_errors.InvalidInput(faults) from None


async def read_by_module(workers: pool.Pool, raw: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Path | bytes]]:
    """Let a module that parses its requests itself read the arguments of a training; gives them as `as_submitted` does.

    Raises Passed with the module's own refusal.
    """
    reply = await workers.predict({}, raw={**raw, "method": "train"})
    if isinstance(reply.body, calls.Stream):
        raise domain_errors.ModuleFailed("the module streams where its arguments were expected")
    if reply.status != 200:
        raise errors.Passed(reply.status, bytes(reply.body), reply.media_type)
    files: dict[str, Path | bytes] = {}
    return _with_uploads(json.loads(bytes(reply.body))["arguments"], raw["form"], files), files


def _with_uploads(value: Any, form: Sequence[tuple[str, Any]], files: dict[str, Path | bytes]) -> Any:
    """Put the files of the request where the worker named them, `{"$upload": number of the field}`."""
    if isinstance(value, list):
        return [_with_uploads(item, form, files) for item in value]
    if isinstance(value, dict) and list(value) == ["$upload"]:
        return _file(form[value["$upload"]][1], files)
    if isinstance(value, dict):
        return {name: _with_uploads(item, form, files) for name, item in value.items()}
    return value


def as_submitted(found: Mapping[str, Any], method: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Path | bytes]]:
    """Turn validated arguments into those of a submission, and list the uploads that the job takes over.

    Raises InvalidInput when a JSON object of the client looks like one of ours: it would name a file of the server.
    """
    schemas = {parameter["keyword"]: parameter["schema"] for parameter in method["parameters"]}
    files: dict[str, Path | bytes] = {}
    forged = [name for name, value in found.items() if _forged(value)]
    if forged:
        raise domain_errors.InvalidInput({name: ["has a key '$file' or '$folder'; expected none"] for name in forged})
    return {name: _plain(value, schemas[name], files) for name, value in found.items()}, files


def _forged(value: Any) -> bool:
    if isinstance(value, dict):
        return not _OURS.isdisjoint(value) or any(_forged(item) for item in value.values())
    return isinstance(value, list) and any(_forged(item) for item in value)


def _plain(value: Any, schema: Mapping[str, Any], files: dict[str, Path | bytes]) -> Any:
    if isinstance(value, calls.Upload):
        return _file(value, files)
    if isinstance(value, list):
        return [_plain(item, schema.get("items", {}), files) for item in value]
    if schema.get("format") == "folder" and value is not None:
        return {"$folder": str(Path(value).absolute())}
    return value


def _file(upload: calls.Upload, files: dict[str, Path | bytes]) -> dict[str, Any]:
    path = str(upload.path or f"upload-{len(files)}/{upload.name}")
    files[path] = upload.path or bytes(upload.data or b"")
    return {"$file": {"name": upload.name, "content_type": upload.content_type, "path": path}}


def _argument(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_argument(name, item) for item in value]
    if isinstance(value, Mapping) and list(value) == ["$file"]:
        return [name, value["$file"]["content_type"], value["$file"]["name"]]
    if isinstance(value, Mapping) and list(value) == ["$folder"]:
        return value["$folder"]
    if isinstance(value, Mapping) and "$shown" in value:
        return value["$shown"]
    return value


def _local(time: datetime.datetime) -> str:
    return time.astimezone().replace(tzinfo=None).isoformat(" ", "microseconds")


def _part(jobs: jobs_room.Jobs, module: str, limit: int | None, offset: int) -> Sequence[records.Job]:
    """Cut a part out of the list, oldest first; our jobs come newest first."""
    kind = records.Kind.TRAINING
    end = max(0, jobs.count(module=module, kind=kind) - offset)
    start = 0 if limit is None else max(0, end - limit)
    return jobs.find(module=module, kind=kind, limit=end - start, offset=start)[::-1] if end > start else ()


def code_of(module: services.ServedModule) -> environments.ModuleCode:
    """Tell a submission where the code of a served module is."""
    code = module.code
    return environments.ModuleCode(code.name, code.kind, code.entry, code.python, code.path, code.cwd)
