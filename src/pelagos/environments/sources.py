"""Understand what a person wants to install: a folder, a wheel, an sdist, a git repository, a name on PyPI, a container
image, or the address of a server that has modules already.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from pathlib import Path

from pelagos.domain import errors

_ARCHIVES = (".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz")
_WITH_EXTRAS = re.compile(r"(?P<body>.+?)\s*\[(?P<extras>[A-Za-z0-9._,\s-]+)\]\s*(?P<version>[=<>!~].*)?")
# https://packaging.python.org/en/latest/specifications/name-normalization/ and the version specifiers behind it.
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\s*([=<>!~][A-Za-z0-9.*+!=<>~,\s-]*)?")
_SCP_LIKE = re.compile(r"(?P<user>[A-Za-z0-9._-]+)@(?P<host>[A-Za-z0-9.-]+):(?P<path>[^/].*)")
_URL = re.compile(r"(git\+)?[a-z]+://\S+")
# Names, tags and digests of https://distribution.github.io/distribution/spec/api/; a tag or a digest must be there.
_IMAGE = re.compile(
    r"([a-zA-Z0-9.-]+(:[0-9]+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?"
)
_ENGINE = re.compile(r"(docker|podman)://")
# A repository always has a path, so an address without one, or at the root of V2, can only be a server.
_SERVER = re.compile(r"https?://[^/?#\s]+(/|(/[^?#\s]*)?/v2/?)?")
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")


class SourceKind(enum.StrEnum):
    """Where a module comes from."""

    FOLDER = "folder"
    WHEEL = "wheel"
    SDIST = "sdist"
    GIT = "git"
    INDEX = "index"
    """A name on PyPI, or on the index that pip is set to."""
    IMAGE = "image"
    SERVER = "server"
    """A DEEPaaS V2 server, or another Pelagos."""


@dataclasses.dataclass(frozen=True)
class Source:
    """One thing to install."""

    kind: SourceKind
    location: str
    """An absolute path, a URL, or a name with its version."""
    extras: tuple[str, ...] = ()
    reference: str = ""
    """Branch, tag or commit of a git repository."""

    @property
    def path(self) -> Path:
        """The folder or file; only for those kinds that have one."""
        return Path(self.location)

    @property
    def extras_text(self) -> str:
        """The extras as pip wants them: `[a,b]`, or nothing."""
        return f"[{','.join(self.extras)}]" if self.extras else ""

    def __str__(self) -> str:
        at = f"@{self.reference}" if self.reference else ""
        return f"{self.location}{at}{self.extras_text}"


def parse(text: str, *, folder: Path) -> Source:
    """Understand `text`; relative paths start at `folder`.

    Raises InvalidInput, field `source`, when it is none of the kinds or names a path that is not there.
    """
    body, extras, version = _split_extras(text.strip(), folder)
    elsewhere = _elsewhere(body, extras, folder)
    if elsewhere is not None:
        return elsewhere
    path = (folder / Path(body).expanduser()).absolute()
    if path.is_dir():
        return _folder(path, extras)
    if body.endswith(".whl"):
        return _file(SourceKind.WHEEL, path, body, extras)
    if body.endswith(_ARCHIVES):
        return _file(SourceKind.SDIST, path, body, extras)
    return _on_index(body + version, extras)


def is_source(text: str, *, folder: Path) -> bool:
    """Whether a text can only be something to install; anything else may be the name of a module that is installed."""
    return "/" in text or text in (".", "..") or _is_image(text, folder)


def is_server(text: str) -> bool:
    """Whether a text is the address of a V2 server."""
    return _SERVER.fullmatch(text) is not None


def normalised(name: str) -> str:
    """Give the form in which two spellings of one name are equal: lower case, single dashes."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _split_extras(text: str, folder: Path) -> tuple[str, tuple[str, ...], str]:
    match = _WITH_EXTRAS.fullmatch(text)
    if match is None or (folder / text).is_dir():
        return text, (), ""
    extras = tuple(sorted({normalised(extra.strip()) for extra in match["extras"].split(",") if extra.strip()}))
    return match["body"], extras, match["version"] or ""


def _elsewhere(body: str, extras: tuple[str, ...], folder: Path) -> Source | None:
    """Understand what is neither here nor on an index."""
    if _is_image(body, folder):
        return Source(SourceKind.IMAGE, _image(body))
    if is_server(body):
        return Source(SourceKind.SERVER, re.sub("(/v2)?/?$", "", body))
    if _is_git(body):
        url, reference = _git(body)
        return Source(SourceKind.GIT, url, extras, reference)
    return None


def _is_image(body: str, folder: Path) -> bool:
    if _ENGINE.match(body):
        return True
    match = _IMAGE.fullmatch(body)
    return match is not None and bool(match[6] or match[7]) and not (folder / body).exists()


def _image(body: str) -> str:
    # The name becomes a word of the engine's command line, where one that begins so would be an option.
    name = _ENGINE.sub("", body, count=1)
    if name.startswith("-") or _IMAGE.fullmatch(name) is None:
        raise errors.InvalidInput({"source": [f"'{name[:200]}' is no name of an image; expected such as 'name:tag'"]})
    return body


def _is_git(body: str) -> bool:
    if body.startswith(("git+", "git@")) or _SCP_LIKE.fullmatch(body):
        return True
    # A web address that is no archive can only be a repository.
    return bool(_URL.fullmatch(body)) and not body.endswith((*_ARCHIVES, ".whl"))


def _git(body: str) -> tuple[str, str]:
    url = body.removeprefix("git+").partition("#")[0]
    scp_like = _SCP_LIKE.fullmatch(url)
    if scp_like:
        url = f"ssh://{scp_like['user']}@{scp_like['host']}/{scp_like['path']}"
    head, at, reference = url.rpartition("@")
    # The "@" of a reference stands behind the last path, the one of a user in front of the host.
    if at and "/" in head.partition("://")[2] and not reference.startswith("-"):
        return head, reference
    return url, ""


def _folder(path: Path, extras: tuple[str, ...]) -> Source:
    if not any((path / name).is_file() for name in _PROJECT_FILES):
        message = f"the folder '{path}' has none of {', '.join(_PROJECT_FILES)}: it is not a Python project"
        raise errors.InvalidInput({"source": [message]}, hint="Name the folder that holds the module's pyproject.toml.")
    return Source(SourceKind.FOLDER, str(path.resolve()), extras)


def _file(kind: SourceKind, path: Path, body: str, extras: tuple[str, ...]) -> Source:
    if _URL.fullmatch(body):
        return Source(kind, body, extras)
    if not path.is_file():
        raise errors.InvalidInput({"source": [f"there is no file '{path}'"]})
    return Source(kind, str(path), extras)


def _on_index(body: str, extras: tuple[str, ...]) -> Source:
    if "/" in body or body.startswith((".", "~")):
        raise errors.InvalidInput({"source": [f"there is no folder '{body}'"]})
    if _NAME.fullmatch(body) is None:
        expected = "a folder, a wheel, an sdist, a git address, an image such as 'name:tag', the address of a server, "
        expected += "or a name on PyPI such as 'name' or 'name==1.0'"
        raise errors.InvalidInput({"source": [f"'{body}' is not understood; expected {expected}"]})
    return Source(SourceKind.INDEX, body.replace(" ", ""), extras)
