"""All modules that can be run here, each in its environment: install, find, list, describe, remove.

Layout below the root: `<name>/installed.json` (the record; a module exists when it does), `<name>/description.json`
(remembered), `<name>/models/` (of a module in an image, what its trainings leave), `.environments/<id>/` (virtual
environment, perhaps a clone, pip's log), `.author/<digest>/` (what goes on the path of every worker and job), `.lock`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import difflib
import fcntl
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pelagos.domain import errors, state_folder, steps
from pelagos.domain.steps import Progress, Step
from pelagos.environments import (
    authors,
    building,
    descriptions,
    image_models,
    images,
    own_interpreter,
    records,
    servers,
    sources,
    stamps,
)
from pelagos.environments.records import Installed
from pelagos.environments.sources import Source, SourceKind

_BUILDERS = {SourceKind.IMAGE: images.build, SourceKind.SERVER: servers.build}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Environments:
    """The installed modules of one state folder. Any number of processes may use the same root.

    `in_use` gives paths of interpreters that must stay although nothing runs in them now, such as those of waiting
    jobs; an environment that was replaced is removed when nobody needs it any more. `containers` says how those modules
    are run that live in an image.
    """

    def __init__(
        self,
        root: Path,
        *,
        install_timeout_s: float = 3600,
        describe_timeout_s: float = 120,
        in_use: Callable[[], Iterable[Path]] = tuple,
        containers: images.Containers | None = None,
    ) -> None:
        self._root = root.absolute()
        self._install_timeout_s = install_timeout_s
        self._describe_timeout_s = describe_timeout_s
        self._in_use = in_use
        self._containers = containers or images.Containers()

    @property
    def root(self) -> Path:
        """The folder that holds them all."""
        return self._root

    def install(
        self, source: str, *, progress: Progress = steps.quiet, extra: Sequence[str] = (), force: bool = False
    ) -> Installed:
        """Install every module of `source` and give the first; see `sources.parse` for what a source is.

        `extra` are requirements installed with it, as pip writes them. The same source again, unchanged, does nothing
        unless `force`. Whatever happens in the middle, the modules seen before stay as they were until the new ones are
        complete. Raises InvalidInput for the source, EnvironmentFailed with pip's reason.
        """
        wanted = sources.parse(source, folder=Path.cwd())
        with self._only_one(progress):
            stamp = stamps.of(wanted, extra)
            same = None if force else self._same(wanted, stamp)
            if same is not None:
                progress(Step(f"'{same.name}' is installed and up to date"))
                return same
            installed = self._build(wanted, tuple(extra), stamp, progress)
            self._sweep()
        return installed[0]

    def sweep(self) -> None:
        """Delete what a crash left of installations; waits for one that goes on."""
        with self._only_one(steps.quiet):
            self._sweep()

    def find(self, name: str) -> Installed:
        """Find a module by name; dashes, underscores and capitals do not matter. Raises NotFound with the nearest."""
        found = self._ready(self._known(name))
        if found.folder is not None and not found.folder.is_dir():
            raise errors.NotFound(
                f"the folder of module '{found.name}' is gone: {found.folder}",
                hint=f"Install it from its new place, or forget it: pelagos modules remove {found.name}",
            )
        return found

    def list(self) -> tuple[Installed, ...]:
        """List all modules by name: those with an environment, and those in the interpreter that Pelagos runs in."""
        here = {each.name: each for each in own_interpreter.modules()}
        here.update({each.name: each for each in records.read_all(self._root)})
        return tuple(here[name] for name in sorted(here))

    def remove(self, name: str) -> Installed:
        """Forget a module and delete its environment when no other module and no process needs it.

        Raises NotFound, and Conflict for a module of our own interpreter.
        """
        found = self._known(name)
        if found.environment is None:
            raise errors.Conflict(
                f"'{found.name}' lives in the Python that Pelagos itself runs in",
                hint=f"Remove it there: {found.python} -m pip uninstall {found.distribution}",
            )
        with self._only_one(steps.quiet):
            records.forget(self._root, found.name)
            self._sweep()
        return found

    def describe(self, installed: Installed, *, refresh: bool = False) -> dict[str, Any]:
        """Describe a module, its card merged into `metadata`; asks its interpreter only when its code has changed.

        Raises ModuleFailed with the last lines of a failing import, Timeout.
        """
        path = self.author_path()
        cache = self._root / installed.name / "description.json"
        stamp = f"{path.name} {installed.python} {installed.version} {installed.installed}"
        # What another server serves may change at any time.
        kept = None if refresh or installed.kind == servers.KIND else descriptions.recall(cache, stamp)
        if kept is not None:
            return kept
        made = descriptions.ask(installed, path=path, timeout_s=self._describe_timeout_s)
        if installed.in_image and installed.environment is not None and made["description"]["train"] is not None:
            image = images.image(installed.environment, self._containers)
            image_models.keep(image, installed.name, code=path, timeout_s=self._install_timeout_s)
        descriptions.remember(cache, stamp, made)
        description: dict[str, Any] = made["description"]
        return description

    def author_path(self) -> Path:
        """Give the folder for PYTHONPATH of workers and jobs: it holds `pelagos.module` and nothing else of ours."""
        return authors.make(self._root / ".author")

    def interpreter(self, installed: Installed, *, share: Path) -> Path:
        """Give the Python of a module's workers that need the folder `share`: in a container only that is there.

        What is made for it lies in that folder and goes with it.
        """
        if not installed.in_image or installed.environment is None:
            return installed.python
        chosen = dataclasses.replace(self._containers, shares=(*self._containers.shares, share))
        return images.interpreter(installed.environment, chosen, into=share)

    def _ready(self, found: Installed) -> Installed:
        if not found.in_image or found.environment is None:
            return found
        return dataclasses.replace(found, python=images.interpreter(found.environment, self._containers))

    def _known(self, name: str) -> Installed:
        # The usual case costs one file, not a look at all that is installed.
        exact = records.read_any(self._root, name) if _NAME.fullmatch(name) else None
        if exact is not None and not exact.python.exists():
            raise errors.NotFound(
                f"the Python of module '{name}' is gone: {exact.python.resolve()}",
                hint=f"Install it again: pelagos install {exact.source}",
            )
        if exact is not None:
            return exact
        known = {sources.normalised(each.name): each for each in self.list()}
        found = known.get(sources.normalised(name))
        if found is None:
            raise _not_found(name, [each.name for each in known.values()])
        return found

    def _build(self, wanted: Source, extra: tuple[str, ...], stamp: str, progress: Progress) -> tuple[Installed, ...]:
        folder = self._root / ".environments" / f"{_label(wanted)}-{uuid.uuid4().hex[:8]}"
        began = time.monotonic()
        try:
            build = _BUILDERS.get(wanted.kind, building.build)
            built = build(folder, wanted, extra=extra, timeout_s=self._install_timeout_s, progress=progress)
            if wanted.kind is SourceKind.SERVER:
                taken = {each.name for each in self.list() if each.source != str(wanted)}
                built = dataclasses.replace(built, modules=servers.renamed(built.modules, taken, wanted))
            made = _records(built, folder, wanted, stamp)
        except BaseException:
            self._keep_log(folder)
            shutil.rmtree(folder, ignore_errors=True)
            raise
        took_s = round(time.monotonic() - began, 2)
        made = tuple(dataclasses.replace(each, extra=extra, took_s=took_s) for each in made)
        for each in made:
            records.write(self._root, each)
        self._forget_dropped(made)
        return made

    def _same(self, wanted: Source, stamp: str) -> Installed | None:
        there = {each.name: each for each in records.read_all(self._root)}
        for each in there.values():
            if stamp and each.source == str(wanted) and each.stamp == stamp and set(each.siblings) <= set(there):
                return there[each.siblings[0]]
        return None

    def _forget_dropped(self, made: tuple[Installed, ...]) -> None:
        """Forget the modules that the distribution had before and has no more."""
        for each in records.read_all(self._root):
            if each.distribution == made[0].distribution and each.name not in made[0].siblings:
                records.forget(self._root, each.name)

    def _keep_log(self, folder: Path) -> None:
        with contextlib.suppress(OSError):
            (folder / "install.log").replace(self._root / ".last-failure.log")

    def _sweep(self) -> None:
        """Delete environments that no record names and no process uses: replaced ones, and what a crash left."""
        # Resolved: a record may have been written when the root was reached under another name.
        named = {each.environment.resolve() for each in records.read_all(self._root) if each.environment is not None}
        left = [
            found for folder in (self._root / ".environments").glob("*") if (found := folder.resolve()) not in named
        ]
        if not left:
            return
        kept = [str(path) for path in self._in_use()] + _running()
        for folder in left:
            if not any(f"{os.sep}{folder.name}{os.sep}" in text for text in kept):
                shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def _only_one(self, progress: Progress) -> Iterator[None]:
        """Hold the lock of the root; it falls when the process ends, however it ends."""
        state_folder.make(self._root.parent)
        self._root.mkdir(exist_ok=True)
        with (self._root / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                progress(Step("Waiting for another installation to end"))
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _records(built: building.Built, folder: Path, wanted: Source, stamp: str) -> tuple[Installed, ...]:
    names = tuple(name for _, name, _ in built.modules)
    for name in names:
        if _NAME.fullmatch(name) is None:
            raise errors.EnvironmentFailed(
                f"the module's name '{name}' cannot be used; expected letters, digits, dots, dashes and underscores"
            )
    size = stamps.disk_use(folder)
    now = datetime.datetime.now(datetime.UTC).isoformat()
    return tuple(
        Installed(
            name=name,
            kind=kind,
            entry=entry,
            python=built.python,
            distribution=built.distribution,
            version=built.version,
            source=str(wanted),
            folder=built.folder,
            environment=folder,
            siblings=names,
            stamp=stamp,
            size_bytes=size,
            installed=now,
        )
        for kind, name, entry in built.modules
    )


def _label(wanted: Source) -> str:
    last = re.split(r"[=<>!~]", wanted.location.rstrip("/"), maxsplit=1)[0].rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9]+", "-", last.removesuffix(".git"))[:40].strip("-").lower() or "module"


def _not_found(name: str, known: Sequence[str]) -> errors.NotFound:
    near = difflib.get_close_matches(sources.normalised(name), known, n=3, cutoff=0.6)
    installed = f"Installed: {', '.join(known)}. " if known else "No module is installed yet. "
    hint = f"Did you mean {' or '.join(near)}? " if near else installed
    return errors.NotFound(
        f"there is no module '{name}'",
        hint=f"{hint}To install one: pelagos install FOLDER, WHEEL, GIT-ADDRESS or a name on PyPI.",
    )


def _running() -> list[str]:
    """Give the command lines of all processes that we may see: an environment in use stands in one of them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes().decode(errors="replace").replace("\0", " "))
    return found
