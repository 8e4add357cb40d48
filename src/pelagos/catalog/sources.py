"""The sources of cards: folders, git repositories, lists of repositories, and what is installed here.

A source that fails leaves its last good cards, and says what went wrong and when. A name belongs to the source that
had it first; cards of installed modules give way to any other.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import fcntl
import queue
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pelagos.db
from pelagos import environments
from pelagos.catalog import indexes, installed, proposals, repositories, source_store, store
from pelagos.catalog.found import Found, modules_of
from pelagos.catalog.source_store import Kind, Source
from pelagos.domain import clock, errors

__all__ = ["INSTALLED", "Kind", "Source", "Sources"]

INSTALLED = "installed"
"""The id of the one source that is always there."""
_INSTALLED_EVERY_S = 30.0
"""It costs no network, and who installs a module looks for it at once."""
_AT_ONCE = 4
_LONGEST_ERROR = 2000
_LONGEST_LOCATION = 2000
_SCP_LIKE = re.compile(r"[\w.-]+@[\w.-]+:[^/].*")
_ADDRESS = re.compile(r"(https?|git|ssh|file)://\S+")
_REMOTE = re.compile(r"(https?|git|ssh)://")
_SECRET = re.compile(r"[a-z]+://[^/@\s]*:[^/@\s]*@|https?://[^/@\s]+@")
"""A password, or a name over the web: there it may be a token."""


class Sources:
    """All sources of one catalog. Safe to share among threads and processes."""

    def __init__(
        self,
        cards: store.Store,
        database: pelagos.db.Database,
        *,
        folder: Path,
        clock: clock.Clock,
        modules: environments.Environments | None = None,
        every_s: float = 6 * 3600.0,
        timeout_s: float = 120.0,
    ) -> None:
        self._cards = cards
        self._store = source_store.SourceStore(database)
        self._folder = folder
        self._clock = clock
        self._modules = modules
        self._every_s = every_s
        self._timeout_s = timeout_s
        if modules is not None and not any(each.kind is Kind.INSTALLED for each in self._store.all()):
            with contextlib.suppress(errors.Conflict):
                self._store.add(Source(INSTALLED, Kind.INSTALLED, str(modules.root), clock.now()))

    def list(self) -> tuple[Source, ...]:
        """List the sources in the order in which they were added."""
        counts = self._cards.counts()
        return tuple(dataclasses.replace(each, cards=counts.get(each.id, 0)) for each in self._store.all())

    def get(self, source_id: str) -> Source:
        """Find a source; raises NotFound."""
        return dataclasses.replace(self._store.get(source_id), cards=self._cards.counts().get(source_id, 0))

    def add(self, location: str, kind: Kind | str | None = None) -> Source:
        """Add a source, of the kind that its location looks like if none is given. Read it with `refresh`.

        Raises InvalidInput for a location that is none, Conflict when it is there already.
        """
        source_kind, place = _understood(location.strip(), kind)
        taken = {each.id for each in self._store.all()} | {INSTALLED, proposals.SOURCE}
        made = Source(_free_id(place, taken), source_kind, place, self._clock.now())
        self._store.add(made)
        return made

    def check(self, location: str, kind: Kind | str | None = None) -> str:
        """Give a location as it is kept; raises InvalidInput for one that `add` would not take."""
        return _understood(location.strip(), kind)[1]

    def refresh(self, source_id: str | None = None) -> tuple[Source, ...]:
        """Read a source, or all of them, again. What goes wrong is in `error` of what is returned; raises NotFound."""
        if source_id is None:
            return self._refresh_all(self._store.all())
        return (self._refresh(self._store.get(source_id).id),)

    def due(self, now: datetime.datetime) -> tuple[Source, ...]:
        """Read the sources that were not read for long; to be called often. May take minutes of waiting for git."""
        late = [each for each in self._store.all() if each.tried is None or each.tried + self._pause(each) <= now]
        read = self._refresh_all(late)
        self._cards.learn()
        return read

    def remove(self, source_id: str) -> None:
        """Forget a source with its cards and clones; raises NotFound, Conflict for that of the installed modules."""
        source = self._store.get(source_id)
        if source.kind is Kind.INSTALLED:
            raise errors.Conflict("The installed modules are always a source.", hint="pelagos modules remove MODULE")
        with self._only_one(source_id):
            self._cards.remove(self._cards.names(source_id))
            self._store.remove(source_id)
            shutil.rmtree(self._folder / source_id, ignore_errors=True)

    def _pause(self, source: Source) -> datetime.timedelta:
        return datetime.timedelta(seconds=_INSTALLED_EVERY_S if source.kind is Kind.INSTALLED else self._every_s)

    def _refresh_all(self, wanted: Iterable[Source]) -> tuple[Source, ...]:
        found = []
        for each in wanted:
            # One that somebody removes meanwhile must not keep the others waiting.
            with contextlib.suppress(errors.NotFound):
                found.append(self._refresh(each.id))
        return tuple(found)

    def _refresh(self, source_id: str) -> Source:
        with self._only_one(source_id):
            source = self._store.get(source_id)
            try:
                found = self._read(source)
            except (errors.PelagosError, OSError) as error:
                found = Found(commit=source.commit, faults=[*source.faults], troubles=[str(error)], whole=False)
            self._write(source, found)
            now = self._clock.now()
            said = "; ".join(dict.fromkeys(found.troubles))[:_LONGEST_ERROR]
            refreshed = {} if said else {"refreshed": now}
            faults = tuple(found.faults[: source_store.MOST_FAULTS])
            self._store.amend(source.id, tried=now, error=said, commit=found.commit, faults=faults, **refreshed)
            return self.get(source.id)

    def _write(self, source: Source, found: Found) -> None:
        """Put what is new or changed, and remove what is gone; a crash in between is made good by the next time."""
        owners = self._cards.owners([*found.partial, *found.cards])
        found.cards = {name: part for name, part in found.partial.items() if name not in owners} | found.cards
        if source.kind is Kind.INSTALLED:
            found.faults = [each for each in found.faults if owners.get(each.module, INSTALLED) == INSTALLED]
        before = self._cards.of_source(source.id)
        now = self._clock.now()
        changed = []
        for name, (each, commit) in found.cards.items():
            owner = owners.get(name, source.id)
            if owner not in {source.id, INSTALLED}:
                if source.kind is not Kind.INSTALLED:
                    found.troubles.append(f"{name} is left out: there is one from {owner}")
            elif name not in before or (before[name].card, before[name].commit) != (each, commit):
                changed.append(store.Record(each, source.id, commit, now))
        if changed:
            self._cards.put(changed)
        gone = [name for name in before if name not in found.cards | found.partial] if found.whole else []
        if gone:
            self._cards.remove(gone)

    def _read(self, source: Source) -> Found:
        readers = {
            Kind.FOLDER: self._read_folder,
            Kind.GIT: self._read_git,
            Kind.INDEX: self._read_index,
            Kind.INSTALLED: self._read_installed,
        }
        return readers[source.kind](source)

    def _read_folder(self, source: Source) -> Found:
        folder = Path(source.location)
        if not folder.is_dir():
            raise errors.Unavailable(f"there is no folder {folder}")
        return modules_of(folder, "", repositories.commit_of(folder))

    def _read_git(self, source: Source) -> Found:
        return self._read_repository(_entry(source.location), self._folder / source.id)

    def _read_installed(self, _source: Source) -> Found:
        if self._modules is None:
            return Found(whole=False)
        found = Found()
        for name, read, trouble in installed.cards(self._modules):
            found.add(read, name, name)
            found.troubles += [trouble] if trouble else []
        found.whole = True  # No name is missing, however little its card may say.
        return found

    def _read_index(self, source: Source) -> Found:
        """Read all repositories of a list; those that have left the list lose their clones."""
        root = self._folder / source.id
        file, text, found = self._list(source, root)
        entries = indexes.entries(file, text, base=source.location)
        if _remote(source.location):
            # Somebody else's list must not lead to repositories on this machine's disk.
            local = [each for each in entries if not _remote(each.address)]
            found.troubles += [f"{each.address} is left out: a list of the web names the web only" for each in local]
            entries = tuple(each for each in entries if each not in local)
        for each in _at_once(lambda entry: self._read_repository(entry, root), entries):
            found.take(each)
        kept = {repositories.clone_of(each.address, root) for each in entries}
        kept.add(repositories.clone_of(_entry(source.location).address, root))
        for clone in root.glob("*"):
            if clone not in kept:
                shutil.rmtree(clone, ignore_errors=True)
        return found

    def _list(self, source: Source, root: Path) -> tuple[str, str, Found]:
        """Give the list's name and text, and the beginning of what is found."""
        if indexes.is_file(source.location):
            text = indexes.load(source.location, timeout_s=self._timeout_s)
            return source.location.rpartition("/")[2], text, Found()
        folder, trouble = self._clone(_entry(source.location), root)
        listed = indexes.of_folder(folder)
        if listed is None:
            raise errors.Unavailable(f"the repository has no list: none of {', '.join(indexes.FILES)}")
        return *listed, Found(commit=folder.name, troubles=[trouble] if trouble else [])

    def _read_repository(self, entry: indexes.Entry, root: Path) -> Found:
        try:
            folder, trouble = self._clone(entry, root)
        except (errors.PelagosError, OSError) as error:
            return Found(troubles=[str(error)], whole=False)
        found = modules_of(folder, repositories.name(entry.address), folder.name)
        return dataclasses.replace(found, troubles=[*([trouble] if trouble else []), *found.troubles])

    def _clone(self, entry: indexes.Entry, root: Path) -> tuple[Path, str]:
        """Give the newest files of a repository; when they cannot be fetched the last good ones, and the reason."""
        _check_address(entry.address)
        clone = repositories.clone_of(entry.address, root)
        try:
            after = repositories.update(entry.address, clone, reference=entry.branch, timeout_s=self._timeout_s)
        except errors.Unavailable as error:
            said = f"{repositories.name(entry.address)}: {error.message}"
            before = repositories.last_good(clone)
            if before is None:
                raise errors.Unavailable(said) from error
            return before, said
        return after, ""

    @contextlib.contextmanager
    def _only_one(self, source_id: str) -> Iterator[None]:
        """Hold a source's lock; it falls when the process ends, however it ends."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f".{source_id}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _at_once(act: Callable[[indexes.Entry], Found], entries: Sequence[indexes.Entry]) -> list[Found]:
    """Do something with all entries, a few at a time, in daemon threads: a pool's would hold up the end of a server."""
    waiting: queue.SimpleQueue[tuple[int, indexes.Entry]] = queue.SimpleQueue()
    for each in enumerate(entries):
        waiting.put(each)
    found: dict[int, Found] = {}

    def work() -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                number, entry = waiting.get_nowait()
                found[number] = act(entry)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[number] for number in range(len(entries))]


def _understood(location: str, kind: Kind | str | None) -> tuple[Kind, str]:
    """Tell the kind of a location, and write it as it is kept: paths are absolute."""
    if kind is not None and kind not in set(Kind) - {Kind.INSTALLED}:
        raise errors.InvalidInput({"kind": [f"'{kind}' is none of: folder, git, index"]})
    if len(location) > _LONGEST_LOCATION:
        raise errors.InvalidInput({"location": [f"is longer than {_LONGEST_LOCATION} characters"]})
    if not _ADDRESS.match(location) and not _SCP_LIKE.fullmatch(location):
        path = Path(location).expanduser().absolute()
        if not location or not _exists(path):
            raise errors.InvalidInput({"location": [f"there is no folder or file '{location}', and it is no address"]})
        if path.is_file() and not indexes.is_file(path.name):
            raise errors.InvalidInput({"location": [f"'{path.name}' is no list: expected {', '.join(indexes.FILES)}"]})
        return Kind(kind or (Kind.INDEX if path.is_file() else Kind.FOLDER)), str(path)
    _check_address(location)
    if kind is None and environments.is_server(location):
        raise errors.InvalidInput(
            {"location": [f"'{location}' is the address of a server and holds no cards"]},
            hint=f"To list its modules here: pelagos install {location}. If it is a repository: --kind git.",
        )
    return Kind(kind or (Kind.INDEX if indexes.is_file(location) else Kind.GIT)), location


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # A name that is too long for any file.
        return False


def _check_address(address: str) -> None:
    if _SECRET.match(address):
        raise errors.InvalidInput(
            {"location": ["the address holds a password or a token, which everybody would see"]},
            hint="Keep it with git's credential helper, and give the address without it.",
        )
    known = _ADDRESS.fullmatch(address) or _SCP_LIKE.fullmatch(address) or Path(address).is_absolute()
    if not known or any(letter.isspace() for letter in address):
        raise errors.InvalidInput({"location": [f"'{address}' is no address of a git repository"]})


def _remote(address: str) -> bool:
    return bool(_REMOTE.match(address) or _SCP_LIKE.fullmatch(address))


def _entry(location: str) -> indexes.Entry:
    return indexes.Entry(location.rstrip("/"))


def _free_id(location: str, taken: Iterable[str]) -> str:
    """Make a short id of a location: its last part, with a number when that is taken."""
    wanted = repositories.name(location).casefold()[:80]
    known = set(taken)
    numbers = (f"{wanted}-{number}" for number in range(2, len(known) + 3))
    return wanted if wanted not in known else next(each for each in numbers if each not in known)
