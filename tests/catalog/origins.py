"""Folders and git repositories with modules, for sources to read."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_IDENTITY = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def git(folder: Path, *words: str) -> str:
    variables = {**os.environ, **_IDENTITY}
    done = subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True, env=variables)
    return done.stdout.strip()


def module(folder: Path, title: str, **files: str) -> Path:
    """A module's folder with a card; `__` in a name is the dot."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "module.toml").write_text(f'title = "{title}"\n')
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def repository(folder: Path, title: str) -> Path:
    """A git repository with one module."""
    module(folder, title)
    git(folder, "init", "-q", "-b", "main")
    return committed(folder)


def committed(folder: Path) -> Path:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Change")
    return folder
