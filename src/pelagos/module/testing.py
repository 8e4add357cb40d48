"""For authors: `check(MyModule)` finds, before any user does, what would fail when Pelagos serves the module."""

from __future__ import annotations

import pathlib
import tempfile
from typing import Any, Dict, List, Mapping, Optional, Type

from pelagos.module import describe, native
from pelagos.module.adapter import Answer, Request
from pelagos.module.arguments import BadInput
from pelagos.module.files import Folder
from pelagos.module.interface import Module
from pelagos.module.training import Training


class CheckFailed(AssertionError):
    """The module would not work; every problem found is in the message."""


def check(
    module: Type[Module],
    *,
    predict: Optional[Mapping[str, Any]] = None,
    train: Optional[Mapping[str, Any]] = None,
) -> Dict[str, Any]:
    """Describe, load, predict and train a module as Pelagos would; gives `{"description", "predictions", "result"}`.

    `predict` and `train` are arguments to try (files as `File`, folders as `Folder`); what is None is not run. After a
    training, the model it wrote is loaded and `predict` is tried with it. Raises CheckFailed with all problems found.
    """
    problems: List[str] = []
    found: Dict[str, Any] = {"description": None, "predictions": None, "result": None}
    found["description"] = _attempt(problems, "describe", lambda: describe.describe(module, name=module.__name__))
    if found["description"]:
        problems.extend(_remarks(found["description"]))
    if predict is not None and not problems:
        found["predictions"] = _attempt(problems, "predict", lambda: _predict(module, predict, None))
    if train is not None and not problems:
        found["result"] = _attempt(problems, "train", lambda: _train(module, train, predict))
    if problems:
        raise CheckFailed("\n".join(f"- {problem}" for problem in problems))
    return found


def _attempt(problems: List[str], what: str, act: Any) -> Any:
    try:
        return act()
    except BadInput as error:
        problems.append(f"{what}: refused its own example: {error}")
    except Exception as error:  # the author's code: anything may come
        problems.append(f"{what}: {type(error).__name__}: {error}")
    return None


def _remarks(description: Mapping[str, Any]) -> List[str]:
    remarks = []
    if not description["predict"] and not description["train"]:
        remarks.append("it has neither predict nor train")
    if not description["summary"]:
        remarks.append("its class has no docstring; the first line is the summary that people see")
    return remarks


def _predict(module: Type[Module], arguments: Mapping[str, Any], model: Optional[Folder]) -> bytes:
    adapter = native.NativeAdapter(module, name=module.__name__)
    answer: Answer = adapter.predict(Request(arguments=dict(arguments), model=model))
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)


def _train(module: Type[Module], arguments: Mapping[str, Any], predict: Optional[Mapping[str, Any]]) -> Any:
    with tempfile.TemporaryDirectory(prefix="pelagos-check-") as folder:
        run = Training(pathlib.Path(folder) / "run", id="0" * 32, cache=pathlib.Path(folder) / "cache")
        result = native.NativeAdapter(module, name=module.__name__).train(run, arguments)
        if not any(run.model.iterdir()):
            raise CheckFailed("train wrote nothing into run.model, so there is no model to predict with")
        if predict is not None:
            _predict(module, predict, Folder(run.model))
        return result
