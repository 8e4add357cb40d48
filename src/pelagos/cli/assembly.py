"""Put the rooms together for one command: settings, environments, jobs."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pelagos import config, environments
from pelagos.cli import output


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
    )


def module_of(known: environments.Environments, name: str) -> environments.Installed:
    """Find a module by name; a path to a folder is installed first, which costs nothing when it is up to date."""
    path = Path(name).expanduser()
    if os.sep not in name and name not in (".", ".."):
        return known.find(name)
    with output.installing() as progress:
        return known.install(str(path) if path.is_dir() else name, progress=progress)
