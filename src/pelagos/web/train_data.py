"""The data set of a training: one of the hub's, an upload, an address, or a folder of the hub's machine."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pelagos import orchestrator
from pelagos.domain import errors
from pelagos.runtime import bodies, calls
from pelagos.runtime.console import described, fields
from pelagos.web import desk as desks

FROM, KEPT, UPLOAD, URL, FOLDER, NAME = "_data", "_dataset", "_upload", "_url", "_folder", "_name"
"""Fields of the form; the first says which of the others counts."""
FIELDS = (FROM, KEPT, UPLOAD, URL, FOLDER, NAME)

_ARCHIVES = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|tar\.(gz|bz2|xz|zst))$", re.IGNORECASE)
_EMPTY = {
    "kept": "No data set is chosen.",
    "upload": "No file is chosen.",
    "url": "The address is missing.",
    "folder": "The folder is missing.",
}
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


@dataclasses.dataclass(frozen=True)
class Chosen:
    """What the form says of the data set, as it is drawn again."""

    source: str = ""
    """`kept`, `upload`, `url`, `folder`, or empty for none."""
    dataset: str = ""
    url: str = ""
    folder: str = ""
    name: str = ""
    uploads: tuple[calls.Upload, ...] = ()


def argument(parameters: described.Parameters) -> Mapping[str, Any] | None:
    """Find the argument that takes the data set: a folder, one called so before any other."""
    folders = [each for each in parameters if fields.widget(each["schema"]) == fields.FOLDER]
    named = [each for each in folders if "data" in each["name"].lower()]
    return next(iter(named or folders), None)


def read(posted: Sequence[tuple[str, Any]]) -> Chosen:
    """Read the form. What was filled in counts when nothing says which source is meant."""
    texts = {name: value.strip() for name, value in posted if isinstance(value, str)}
    uploads = tuple(value for name, value in posted if name == UPLOAD and not isinstance(value, str) and value.name)
    said = Chosen(
        texts.get(FROM, ""),
        texts.get(KEPT, ""),
        texts.get(URL, ""),
        texts.get(FOLDER, ""),
        texts.get(NAME, ""),
        uploads,
    )
    filled = _filled(said)
    if not filled.get(said.source, FROM in texts):
        said = dataclasses.replace(said, source=next((name for name, there in filled.items() if there), said.source))
    return said


async def keep(desk: desks.Desk, chosen: Chosen, body: bodies.Body, *, mark: str = "", person: str = "") -> Chosen:
    """Bring an upload or an address to the hub's data sets; gives the choice of what it became there.

    An address may take hours. An upload is stored in a thread of its own: pages need the threads they share. Nothing
    waits for that thread when the hub ends; a data set that was cut off is not there. Raises InvalidInput, TooLarge.
    """
    if chosen.source == "url":
        act = await asyncio.to_thread(fetch, desk, chosen, key=mark, mark=mark, person=person)
        with _telling():
            (await desk.hub.acts.wait(act.id)).outcome()
        return dataclasses.replace(chosen, source="kept", dataset=act.about, url="", name="")
    loop = asyncio.get_running_loop()
    kept: asyncio.Future[Chosen] = loop.create_future()

    def tell(how: Callable[[Any], None], what: object) -> None:
        with contextlib.suppress(RuntimeError):  # The hub has ended meanwhile.
            loop.call_soon_threadsafe(lambda: None if kept.done() else how(what))

    def run() -> None:
        try:
            tell(kept.set_result, store(desk, chosen, body, mark=mark))
        except Exception as error:  # The isolation point: it belongs to whoever waits.
            tell(kept.set_exception, error)

    threading.Thread(target=run, name="pelagos-keep", daemon=True).start()
    return await kept


def store(desk: desks.Desk, chosen: Chosen, body: bodies.Body, *, mark: str = "") -> Chosen:
    """Bring an upload to the hub's data sets; gives the choice of what it became there.

    With a `mark` the same form sent twice is one data set. Raises InvalidInput and TooLarge with the extractor's words.
    """
    if chosen.source in _EMPTY and not _filled(chosen)[chosen.source]:
        raise errors.InvalidInput({FROM: [_EMPTY[chosen.source]]})
    if chosen.source == "upload":
        name = chosen.name or _fit(_ARCHIVES.sub("", chosen.uploads[0].name), mark)
        _once(lambda: add(desk, name, chosen.uploads, body), given=bool(chosen.name) or not mark)
    else:
        return chosen
    return dataclasses.replace(chosen, source="kept", dataset=name, uploads=(), url="", name="")


def fetch(desk: desks.Desk, chosen: Chosen, *, key: str, mark: str = "", person: str = "") -> orchestrator.Act:
    """Begin to fetch an address as a data set; what one form says, sent twice, is one act. Raises InvalidInput."""
    if not chosen.url:
        raise errors.InvalidInput({FROM: [_EMPTY["url"]]})
    name = chosen.name or _fit(_ARCHIVES.sub("", chosen.url.rstrip("/").rpartition("/")[2]), mark)
    # With what it says in it, as people go back and send a changed form.
    whole = hashlib.sha256("\n".join((key, name, chosen.url)).encode()).hexdigest() if key else None
    with _telling():
        kind = orchestrator.Kind.DATASET
        return desk.hub.acts.begin(kind, name, {"url": chosen.url}, key=whole, person=person)


def add(desk: desks.Desk, name: str, uploads: Sequence[calls.Upload], body: bodies.Body) -> None:
    """Make a data set of an archive, or of plain files."""
    if len(uploads) == 1 and _ARCHIVES.search(uploads[0].name):
        desk.hub.datasets.add_archive(name, _on_disk(uploads[0], body), uploads[0].name)
    else:
        desk.hub.datasets.add_files(name, [(upload.name, _on_disk(upload, body)) for upload in uploads], move=True)


def place(desk: desks.Desk, chosen: Chosen) -> Path | None:
    """Give the folder that the choice means; None for none. Raises InvalidInput."""
    if chosen.source == "kept":
        path: Path = desk.hub.datasets.get(chosen.dataset).path
        return path
    if chosen.source == "folder":
        if not Path(chosen.folder).is_absolute() or not Path(chosen.folder).is_dir():
            raise errors.InvalidInput({FOLDER: [f"'{chosen.folder[:200]}' is not a folder on the hub's machine"]})
        return Path(chosen.folder)
    return None


def _filled(chosen: Chosen) -> dict[str, bool]:
    filled = (bool(chosen.uploads), bool(chosen.url), bool(chosen.folder), bool(chosen.dataset))
    return dict(zip(("upload", "url", "folder", "kept"), filled, strict=True))


def _on_disk(upload: calls.Upload, body: bodies.Body) -> Path:
    if upload.path is not None:
        return upload.path
    with tempfile.NamedTemporaryFile(dir=body.temporary(), delete=False) as target:
        target.write(upload.data or b"")
    return Path(target.name)


def _fit(name: str, mark: str) -> str:
    stem = _UNFIT.sub("-", name).strip("-._")[:60] or "data"
    return f"{stem}-{mark[:6]}" if mark else stem


def _once(make: Callable[[], object], *, given: bool) -> None:
    """Make a data set. One with a name of our own making may be there: then the same form was sent before."""
    try:
        make()
    except errors.Conflict as error:
        if given:
            raise errors.InvalidInput({NAME: [f"{error.message} {error.hint}"]}) from error
    except errors.InvalidInput as error:
        raise errors.InvalidInput({NAME if given else FROM: list(_messages(error))}) from error


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    """Say at the fields of the form what is wrong."""
    try:
        yield
    except errors.Conflict as error:
        raise errors.InvalidInput({NAME: [f"{error.message} {error.hint}"]}) from error
    except errors.InvalidInput as error:
        raise errors.InvalidInput({FROM: list(_messages(error))}) from error


def _messages(error: errors.InvalidInput) -> Iterator[str]:
    for said in error.faults.values():
        yield from said
    if not error.faults:
        yield error.message
