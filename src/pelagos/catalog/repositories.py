"""Fetch of a module repository what the catalog reads: its cards and what stands beside them, never its weights."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pelagos.catalog import folders, indexes
from pelagos.domain import errors

_WANTED = (*folders.FILES, "LICEN[CS]E*", "COPYING*", *indexes.FILES)
"""Patterns of `git sparse-checkout`; only these files are fetched where the server can leave out others."""
_GIT = ("git", "-c", "core.symlinks=false", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    "LC_ALL": "C",
}
_FORBIDDEN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
_FILTER = re.compile(r"(?:^|\0)(?:local|worktree)\0filter\.[^\n]*\.(?:clean|process)\n")
"""In what `git config --show-scope --null --list` says: a program that the folder wants run for its files."""
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


def name(address: str) -> str:
    """Give the name of a repository: the last part of its address."""
    last = address.rstrip("/").removesuffix(".git").rpartition("/")[2]
    return _UNFIT.sub("-", last).strip("-._")[:100] or "module"


def clone_of(address: str, root: Path) -> Path:
    """Tell where the clone of an address is, below a folder of clones."""
    return root / f"{name(address)[:60]}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def last_good(clone: Path) -> Path | None:
    """Give the files of a clone, in a folder named by their commit; None when there was none yet."""
    return next((folder for folder in sorted(clone.glob("[0-9a-f]*")) if folder.is_dir()), None)


def update(address: str, clone: Path, *, reference: str = "", timeout_s: float) -> Path:
    """Bring a clone to the newest commit and give the folder of its files, which is named by that commit.

    Whatever happens on the way, what `last_good` gives is complete. Raises Unavailable with git's reason.
    """
    wanted = reference or "HEAD"
    newest = _git(["ls-remote", "--", address, wanted], timeout_s=timeout_s).partition("\t")[0]
    before = last_good(clone)
    if before is not None and newest and before.name == newest:
        return before
    clone.mkdir(parents=True, exist_ok=True)
    growing = Path(tempfile.mkdtemp(dir=clone, prefix=".new-"))
    try:
        after = clone / _fetch(address, wanted, growing, timeout_s)
        if not after.exists():
            growing.rename(after)
    finally:
        shutil.rmtree(growing, ignore_errors=True)
    for other in clone.iterdir():
        # What was good until now, and what a crash left behind.
        if other != after:
            shutil.rmtree(other, ignore_errors=True)
    return after


def commit_of(folder: Path) -> str:
    """Tell the commit of a folder that lies in a git work tree; empty when it does not, or has changes besides.

    Nothing that the folder's own configuration of git names is run: with such filters the answer is empty, too.
    """
    inside = ["-C", str(folder)]
    try:
        commit = _git([*inside, "rev-parse", "HEAD"], timeout_s=10)
        if _FILTER.search(_git([*inside, "config", "--show-scope", "--null", "--list"], timeout_s=10)):
            return ""
        # Of a submodule only the commit counts: to look into it git would heed its configuration.
        unchanged = ["status", "--porcelain", "--ignore-submodules=dirty", "--", "."]
        changed = _git([*inside, *unchanged], timeout_s=30)
    except errors.Unavailable:
        return ""
    return "" if changed else commit


def _fetch(address: str, wanted: str, folder: Path, timeout_s: float) -> str:
    inside = ["-C", str(folder)]
    _git([*inside, "init", "--quiet"], timeout_s=timeout_s)
    _git([*inside, "remote", "add", "--", "origin", address], timeout_s=timeout_s)
    _git([*inside, "sparse-checkout", "set", "--no-cone", *_WANTED], timeout_s=timeout_s)
    # What is wanted may come from somebody's list, and is never an option: `--upload-pack` would run a program.
    fetch = ["fetch", "--quiet", "--no-tags", "--depth", "1", "--filter=blob:none", "--", "origin", wanted]
    _git([*inside, *fetch], timeout_s=timeout_s)
    _git([*inside, "checkout", "--quiet", "--detach", "FETCH_HEAD"], timeout_s=timeout_s)
    commit = _git([*inside, "rev-parse", "HEAD"], timeout_s=timeout_s)
    shutil.rmtree(folder / ".git")
    return commit


def _git(words: Sequence[str], *, timeout_s: float) -> str:
    inherited = {name: value for name, value in os.environ.items() if name not in _FORBIDDEN}
    try:
        done = subprocess.run(
            [*_GIT, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env={**inherited, **_ENVIRONMENT},
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError as error:
        raise errors.Unavailable("git is not installed", hint="Install git.") from error
    except subprocess.TimeoutExpired as error:
        raise errors.Unavailable(f"git {words[0]} took longer than {timeout_s:g} s") from error
    if done.returncode:
        raise errors.Unavailable(_reason(done.stderr))
    return done.stdout.strip()


def _reason(said: str) -> str:
    """Give git's own reason; it goes on to say what follows from its first words."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    fatal = (line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: "))
    return next(fatal, lines[-1] if lines else "git failed and did not say why")
