"""The training routes of V2, on top of our jobs."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pelagos import jobs as jobs_room
from pelagos.domain import errors as domain_errors
from pelagos.domain import records, states
from pelagos.runtime import answering, arguments, bodies, calls, errors
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


class Trainings:
    """Answers the training routes of a service."""

    def __init__(self, service: services.Service) -> None:
        self._service = service

    async def begin(self, request: Request) -> Response:
        """Start a training and answer at once; the same Idempotency-Key is the same training."""
        module, jobs = self._allowed(request)
        if module.train_arguments is None:
            raise errors.Declined(501)
        body = bodies.Body(self._service.settings.client_max_size, self._service.uploads)
        try:
            await bodies.read(request.scope, request.receive, body)
            given = arguments.Given(bodies.query(request.scope), body.fields(), body.json, *_headers(request))
            found = module.train_arguments.read(given)
            plain, files = as_submitted(found, module.description["train"])
            submission = jobs_room.Submission(
                kind=records.Kind.TRAINING,
                module=_code(module),
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
        """List the trainings, newest last as in DEEPaaS; `limit` and `offset` cut a part out."""
        module, jobs = self._allowed(request)
        limit, offset = _whole(request, "limit", 0), _whole(request, "offset", 0)
        found = await asyncio.to_thread(
            jobs.find, module=module.name, kind=records.Kind.TRAINING, limit=limit or 10_000, offset=offset
        )
        return answering.as_json([shown(job) for job in found])

    async def one(self, request: Request) -> Response:
        """Give one training."""
        _, jobs = self._allowed(request)
        return answering.as_json(shown(await self._find(request, jobs)))

    async def end(self, request: Request) -> Response:
        """Cancel a training that runs; delete the files of one that has ended."""
        _, jobs = self._allowed(request)
        job = await self._find(request, jobs)
        act = jobs.delete if job.state.final else jobs.cancel
        return answering.as_json(shown(await asyncio.to_thread(act, job.id)))

    async def _find(self, request: Request, jobs: jobs_room.Jobs) -> records.Job:
        number = request.path_params["uuid"].replace("-", "").lower()
        try:
            job = await asyncio.to_thread(jobs.get, number)
        except domain_errors.NotFound:
            raise errors.Declined(404) from None
        if job.deleted is not None or job.module != request.path_params["model"] or job.kind != records.Kind.TRAINING:
            raise errors.Declined(404)
        return job

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
        "args": {name: _argument(value) for name, value in job.arguments.items()},
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


def as_submitted(found: Mapping[str, Any], method: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Path | bytes]]:
    """Turn validated arguments into those of a submission, and list the uploads that the job takes over."""
    schemas = {parameter["keyword"]: parameter["schema"] for parameter in method["parameters"]}
    files: dict[str, Path | bytes] = {}
    return {name: _plain(value, schemas[name], files) for name, value in found.items()}, files


def _plain(value: Any, schema: Mapping[str, Any], files: dict[str, Path | bytes]) -> Any:
    if isinstance(value, calls.Upload):
        path = str(value.path or f"upload-{len(files)}/{value.name}")
        files[path] = value.path or bytes(value.data or b"")
        return {"$file": {"name": value.name, "content_type": value.content_type, "path": path}}
    if isinstance(value, list):
        return [_plain(item, schema.get("items", {}), files) for item in value]
    if schema.get("format") == "folder" and value is not None:
        return {"$folder": str(Path(value).absolute())}
    return value


def _argument(value: Any) -> Any:
    if isinstance(value, list):
        return [_argument(item) for item in value]
    if isinstance(value, Mapping) and list(value) == ["$file"]:
        return [value["$file"]["name"], value["$file"]["content_type"], value["$file"]["name"]]
    if isinstance(value, Mapping) and list(value) == ["$folder"]:
        return value["$folder"]
    return value


def _local(time: datetime.datetime) -> str:
    return time.astimezone().replace(tzinfo=None).isoformat(" ", "microseconds")


def _headers(request: Request) -> tuple[Mapping[str, str], Mapping[str, str]]:
    return dict(request.headers), dict(request.cookies)


def _whole(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return otherwise
    if not text.isdecimal():
        raise domain_errors.InvalidInput({name: [f"{text[:80]!r} is not a whole number of at least 0"]})
    return int(text)


def _code(module: services.ServedModule) -> jobs_room.ModuleCode:
    code = module.code
    return jobs_room.ModuleCode(code.name, code.kind, code.entry, code.python, code.path, code.cwd)
