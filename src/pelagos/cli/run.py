"""Serve modules: web page, REST API as DEEPaaS clients know it, predictions and trainings.

MODULE is the name of an installed module, or what can be installed: a folder, a container image (name:tag, docker://name,
podman://name), or a server that has modules already (http://host:port). The options of deepaas-run work too.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pelagos import config, environments
from pelagos.cli import assembly, importing
from pelagos.domain import errors

if TYPE_CHECKING:
    from pelagos.runtime import service

_SWITCHES = {
    "warm": "load the module before the first request",
    "predict-endpoint": "answer predictions",
    "train-endpoint": "accept trainings",
    "doc-endpoint": "serve the interactive documentation",
    "debug-endpoint": "show the module's log at /v2/debug/",
}


_CONTAINERS = {
    "max-memory-mb": ("N", "most memory of a container, in MiB"),
    "max-cpus": ("N", "most processor cores of a container"),
    "network": ("NAME", "network that code in a container may use (default: none)"),
    "engine-options": ("WORDS", "more options for docker run or podman run"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes: what deepaas-run takes, by the same names."""
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help="what to serve; may be left out if there is but one"
    )
    parser.add_argument("--model-name", metavar="MODULE", help="the same as MODULE (DEEPAAS_V2_MODEL)")
    parser.add_argument("--listen-ip", metavar="IP", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--listen-port", metavar="PORT", help="port to listen on; 0 takes a free one (default: 5000)")
    parser.add_argument("--listen-socket", metavar="PATH", help="listen on a Unix socket instead")
    parser.add_argument("--default-model", metavar="UUID", help="trained model of predictions that choose none")
    parser.add_argument("--base-path", metavar="PATH", help="path under which everything is served")
    parser.add_argument("--workers", metavar="N", help="worker processes of a module; 0 is one for each core")
    parser.add_argument("--client-max-size", metavar="BYTES", help="largest request body; 0 is no limit")
    for name, text in _SWITCHES.items():
        dest = name.replace("-", "_")
        parser.add_argument(
            f"--{name}", dest=dest, action="store_const", const=True, help=f"{text}; --no{name}: do not"
        )
        off = (f"--no{name}", f"--no-{name}")
        parser.add_argument(*off, dest=dest, action="store_const", const=False, help=argparse.SUPPRESS)
    group = parser.add_argument_group("modules in container images")
    for name, (metavar, text) in _CONTAINERS.items():
        group.add_argument(f"--{name}", metavar=metavar, help=text)


def run(given: argparse.Namespace) -> int:
    """Serve until somebody says stop: 0 after SIGTERM or Ctrl+C, when all requests in progress have ended."""
    from pelagos.runtime import ahead

    chosen = assembly.settings(given)
    known = assembly.environments_of(chosen)
    modules = [each for name in _names(given, known) for each in assembly.modules_of(known, name)]
    described = [(each, assembly.code_of(known, each), known.describe(each)) for each in modules]
    names = ", ".join(each.name for each in modules)
    with contextlib.ExitStack() as stack:
        # A worker in an image must see a folder that the server makes.
        first = {
            each.name: stack.enter_context(ahead.started(code, chosen.runtime.workers))
            for each, code, _ in described
            if not each.in_image
        }
        with importing.without_collector():
            from pelagos.runtime import server

        offered = [
            server.Offered(
                code,
                description,
                functools.partial(_interpreter, known, each) if each.in_image else None,
                first.get(each.name),
            )
            for each, code, description in described
        ]
        return server.serve(
            _runtime_settings(chosen.runtime),
            offered,
            assembly.jobs_of(chosen),
            on_listening=lambda address: print(f"{names}: {address}", flush=True),
        )


def _interpreter(known: environments.Environments, module: environments.Installed, uploads: Path) -> Path:
    return known.interpreter(module, share=uploads)


def _names(given: argparse.Namespace, known: environments.Environments) -> Sequence[str]:
    """Find out what to serve: what was named, else the only module there is."""
    by_option = given.model_name or os.environ.get("DEEPAAS_V2_MODEL")
    names = given.modules or ([by_option] if by_option else [each.name for each in known.list()])
    if len(names) > 1 and not given.modules:
        raise errors.InvalidInput({"MODULE": [f"is missing; expected one or several of {', '.join(names)}"]})
    if not names:
        raise errors.NotFound(
            "there is no module to serve",
            hint="Install one: pelagos install SOURCE. Or serve a folder: pelagos run ./my-module",
        )
    return list(dict.fromkeys(names))


def _runtime_settings(chosen: config.Runtime) -> service.RuntimeSettings:
    from pelagos.runtime import service

    return service.RuntimeSettings(**{**vars(chosen), "predict_timeout_s": chosen.predict_timeout_s or None})
