"""Put the rooms together for one command: settings, environments, jobs.

The rooms of jobs bring the database with them, so they are imported by the commands that need them only.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pelagos import config, environments
from pelagos.cli import output

if TYPE_CHECKING:
    from pelagos import jobs


def read_settings(options: argparse.Namespace) -> config.Read:
    """Read the settings; options of the command that bear a setting's name are its flags."""
    flags = {each.name: getattr(options, each.name.rpartition(".")[2], None) for each in config.names()}
    file = Path(options.config_file) if options.config_file else None
    return config.read(environ=os.environ, flags=flags, file=file)


def settings(options: argparse.Namespace) -> config.Settings:
    """Give the settings of the command."""
    return read_settings(options).settings


def environments_of(chosen: config.Settings) -> environments.Environments:
    """Give the installed modules."""
    limits = chosen.environments
    return environments.Environments(
        chosen.modules_dir,
        install_timeout_s=limits.install_timeout_s,
        describe_timeout_s=limits.describe_timeout_s,
        in_use=lambda: list(interpreters_of_jobs(chosen)),
        containers=environments.Containers(
            **vars(chosen.containers),
            # Trained models lie there.
            shares=(chosen.jobs_dir,),
        ),
    )


def jobs_of(chosen: config.Settings) -> jobs.Jobs:
    """Give the jobs, on this machine."""
    from pelagos import db, jobs
    from pelagos.domain import clock, state_folder
    from pelagos.sites import registry

    state_folder.make(chosen.state_dir)
    local: Any = registry.load("local")
    return jobs.Jobs(
        jobs.Store(db.connect(chosen.database_url)),
        drivers={"local": local(slots=chosen.jobs.slots)},
        folder=chosen.jobs_dir,
        cache=chosen.jobs.cache_dir,
        clock=clock.SystemClock(),
    )


def trained_models_of(chosen: config.Settings) -> jobs.TrainedModels:
    """Give the trained models."""
    from pelagos import db, jobs
    from pelagos.domain import clock

    known = jobs_of(chosen)
    # There may be no server that does it; a training that has just ended has a model.
    known.reconcile()
    return jobs.TrainedModels(db.connect(chosen.database_url), known, clock.SystemClock())


def module_of(known: environments.Environments, name: str) -> environments.Installed:
    """Find a module by name; of a folder with several, the first."""
    return modules_of(known, name)[0]


def modules_of(known: environments.Environments, name: str) -> list[environments.Installed]:
    """Find a module by name, or all those of a source: it is installed first, in no time when it is up to date."""
    path = Path(name).expanduser()
    if not environments.is_source(name, folder=Path.cwd()):
        return [known.find(name)]
    with output.installing() as progress:
        installed = known.install(str(path) if path.is_dir() else name, progress=progress)
    return [known.find(each) for each in installed.siblings]


def code_of(known: environments.Environments, installed: environments.Installed) -> environments.ModuleCode:
    """Tell jobs and workers where a module's code is."""
    return environments.ModuleCode.of(installed, known.author_path())


def interpreters_of_jobs(chosen: config.Settings) -> Iterator[Path]:
    """Give the interpreters of jobs that have not ended: their environments must stay."""
    if not chosen.database and not chosen.database_file.exists():
        return
    from pelagos.domain import states

    live = [state for state in states.State if not state.final]
    for job in jobs_of(chosen).find(states=live):
        yield Path(job.command["arguments"][0])
