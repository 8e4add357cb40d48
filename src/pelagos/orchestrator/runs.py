"""The door to runs: arguments are read as a request's would be, a site is chosen, and a job is submitted.

Everything here is synchronous and may be called from any thread, but not from an event loop: a module that parses its
arguments itself is asked, in a worker of its own.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

from pelagos import environments, jobs
from pelagos.domain import errors, records, resources, states
from pelagos.orchestrator import plans
from pelagos.runtime import arguments as runtime_arguments
from pelagos.runtime import places, pool, trainings
from pelagos.sites import driver

START_TIMEOUT_S = 600.0
"""Longest import of a module that is asked for its arguments."""
_LIVE = tuple(state for state in states.State if not state.final)
_PRETRAINED = "pretrained"

Method = Mapping[str, Any]
_Submitted = tuple[dict[str, Any], dict[str, Path | bytes]]


class How(TypedDict, total=False):
    """How a run shall be run; all of it may be left out."""

    resources: resources.Resources | None
    site: str | None
    """None: the best one is chosen."""
    key: str | None
    """With a key the same call is the same run, however often it is made."""
    resume: str | None
    """What to go on from: the id of an earlier run of the same kind, or the alias of a model."""
    person: str
    any_folder: bool
    """Whether arguments may name any folder of the machine; not so for people who shall not read it as the hub does."""


class Runs:
    """Starts trainings and batch predictions of installed modules."""

    def __init__(
        self,
        jobs: jobs.Jobs,
        *,
        modules: environments.Environments,
        sites: Mapping[str, driver.SiteDriver],
        models: jobs.TrainedModels,
    ) -> None:
        self._jobs = jobs
        self._modules = modules
        self._sites = sites
        self._models = models

    def train(
        self,
        module: str,
        arguments: Mapping[str, Any],
        *,
        dataset: Path | None = None,
        argument: str | None = None,
        **how: Unpack[How],
    ) -> records.Job:
        """Start a training.

        `arguments` are by wire name: JSON, the words of a form, or `calls.Upload`; a list is one value after the other.
        The data set goes into `argument`, or into the only one that is a folder. Raises InvalidInput with every fault,
        NotFound for a module that is not there or cannot be trained, Conflict when no site can take it, and why.
        """
        installed = self._modules.find(module)
        method = self._method(installed, "train")
        pairs = _pairs(arguments)
        if not how.get("any_folder", True):
            _refuse_folders(method, pairs)
        if dataset is not None:
            taken = argument or _folder_argument(method)
            pairs = [pair for pair in pairs if pair[0] != taken] + [(taken, str(dataset))]
        plain, files = self._read(installed, method, pairs)
        resume = how.get("resume")
        start = None if resume is None else self._saved(installed.name, resume)
        return self._submit(self._asked(installed, records.Kind.TRAINING, plain, how), files=files, resume=start)

    def predict_batch(
        self,
        module: str,
        folder: Path,
        arguments: Mapping[str, Any],
        *,
        argument: str | None = None,
        model: str | None = None,
        **how: Unpack[How],
    ) -> records.Job:
        """Start a job that predicts for every file of `folder`, the files going into `argument` one by one.

        Without `argument` it is the first one that takes a file. `model` is a trained model's id or alias. Raises
        as `train` does.
        """
        installed = self._modules.find(module)
        method = self._method(installed, "predict")
        taken = argument or _file_argument(method)
        if not folder.is_dir():
            raise errors.InvalidInput({taken: [f"'{folder}' is not a folder"]})
        others = {name: value for name, value in arguments.items() if name not in (taken, "model")}
        if not how.get("any_folder", True):
            _refuse_folders(method, _pairs(others))
        plain = _batch_arguments(installed, method, taken, others)
        plain[_keyword(method, taken)] = {"$each": str(folder.absolute())}
        chosen = model or (arguments.get("model") if installed.kind == "native" else None)
        if chosen and chosen != _PRETRAINED:
            plain["model"] = {"$folder": str(self._model(installed.name, str(chosen)))}
        resume = how.get("resume")
        start = None if resume is None else self._answered(resume, plain, leave_out=_keyword(method, taken))
        return self._submit(self._asked(installed, records.Kind.BATCH_PREDICTION, plain, how), resume=start)

    def plan(self, need: resources.Resources, wanted: str | None = None) -> plans.Plan:
        """Say where a run would go and why, without starting it; `wanted` rules out all other sites."""
        taken: dict[str, list[resources.Resources]] = {}
        for job in self._jobs.find(states=_LIVE):
            taken.setdefault(job.site, []).append(job.resources)
        return plans.make(need, self._sites, wanted, driver.Ability.BATCH, taken)

    def _method(self, installed: environments.Installed, name: str) -> Method:
        found: Method | None = self._modules.describe(installed)[name]
        if found is None:
            raise errors.NotFound(f"'{installed.name}' cannot {name}.")
        return found

    def _read(self, installed: environments.Installed, method: Method, pairs: Sequence[tuple[str, Any]]) -> _Submitted:
        if method["parse"] == "server":
            return asyncio.run(trainings.read_pairs(method, None, pairs))
        return asyncio.run(_read_by_module(self._code(installed), method, pairs))

    def _code(self, installed: environments.Installed) -> environments.ModuleCode:
        return environments.ModuleCode.of(installed, self._modules.author_path())

    def _model(self, module: str, word: str) -> Path:
        return self._jobs.run_folder(self._models.resolve(module, word)).model

    def _saved(self, module: str, word: str) -> Path:
        try:
            return self._model(module, word)
        except errors.NotFound:  # No model: what a training has saved that did not come to its end.
            return self._jobs.saved(word, module)

    def _answered(self, batch: str, plain: Mapping[str, Any], *, leave_out: str) -> Path:
        """Find the answers of an earlier batch that were made with the same arguments; raises InvalidInput."""
        earlier = self._jobs.get(batch)
        names = {*earlier.arguments, *plain} - {leave_out}
        other = sorted(name for name in names if earlier.arguments.get(name) != plain.get(name))
        if other:
            raise errors.InvalidInput({"resume": [f"{batch} was made with other values of {', '.join(other)}"]})
        return self._jobs.run_folder(earlier.id).outputs

    def _asked(
        self, installed: environments.Installed, kind: records.Kind, plain: Mapping[str, Any], how: How
    ) -> jobs.Submission:
        return jobs.Submission(
            kind=kind,
            module=self._code(installed),
            arguments=plain,
            resources=how.get("resources") or resources.Resources(),
            site=how.get("site") or "",
            key=how.get("key"),
            person=how.get("person", ""),
        )

    def _submit(self, asked: jobs.Submission, **more: Any) -> records.Job:
        """Choose the site and hand the job in."""
        if asked.site and asked.site not in self._sites:
            raise errors.InvalidInput({"site": [f"'{asked.site}' is none of: {', '.join(sorted(self._sites))}"]})
        plan = self.plan(asked.resources, asked.site or None)
        if plan.site is None:
            raise errors.Conflict(f"No site can take it. {plan.why_not}")
        return self._jobs.submit(dataclasses.replace(asked, site=plan.site, **more))


async def _read_by_module(
    code: environments.ModuleCode, method: Method, pairs: Sequence[tuple[str, Any]]
) -> _Submitted:
    settings = pool.PoolSettings(workers=1, start_timeout_s=START_TIMEOUT_S, warm=False)
    async with pool.Pool(code, settings) as workers:
        return await trainings.read_pairs(method, workers, pairs)


def _pairs(arguments: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Write arguments as a form would bring them: a list is the same name several times."""
    return [
        (name, item)
        for name, value in arguments.items()
        for item in (value if isinstance(value, list) and value else ["[]"] if value == [] else [value])
    ]


def _batch_arguments(
    installed: environments.Installed, method: Method, taken: str, others: Mapping[str, Any]
) -> dict[str, Any]:
    """Read what is the same for every file; a module that parses itself reads it when the job predicts."""
    if installed.kind != "native":
        return {
            name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in others.items()
        }
    rest = {**method, "parameters": [each for each in method["parameters"] if each["name"] != taken]}
    given = runtime_arguments.Given(form=places.by_name(_pairs(others)))
    found, files = trainings.as_submitted(runtime_arguments.Arguments(rest["parameters"]).read(given), rest)
    if files:
        raise errors.InvalidInput({taken: ["only this argument can be a file in a batch"]})
    return found


def _keyword(method: Method, name: str) -> str:
    if method["parse"] == "worker":
        return name
    return next((str(each["keyword"]) for each in method["parameters"] if each["name"] == name), name)


def _refuse_folders(method: Method, pairs: Sequence[tuple[str, Any]]) -> None:
    named = {name for name, value in pairs if value not in (None, "")} & set(_folders(method))
    if named:
        hint = "Choose one of the hub's data sets."
        raise errors.Forbidden(f"{', '.join(sorted(named))}: folders of the hub's machine are for admins.", hint=hint)


def _folder_argument(method: Method) -> str:
    folders = _folders(method)
    if len(folders) != 1:
        expected = f"expected one of {', '.join(folders)}" if folders else "it takes no folder"
        raise errors.InvalidInput({"argument": [f"is missing; {expected}"]})
    return folders[0]


def _folders(method: Method) -> list[str]:
    return [str(each["name"]) for each in method["parameters"] if each["schema"].get("format") == "folder"]


def _file_argument(method: Method) -> str:
    parameters = method["parameters"]
    files = [each["name"] for each in parameters if _takes_file(each["schema"])]
    needed = [each["name"] for each in parameters if each["required"]]
    if not files + needed:
        raise errors.InvalidInput({"argument": ["is missing; the module takes no file"]})
    return str((files + needed)[0])


def _takes_file(schema: Mapping[str, Any]) -> bool:
    return schema.get("format") == "binary" or any(_takes_file(each) for each in schema.get("anyOf", ()))
