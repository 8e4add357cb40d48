"""Requests to a hub with nothing but the standard library: JSON, forms with files, streams; its errors as ours."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import shutil
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from pelagos.domain import errors, state_folder

_PIECE_BYTES = 1 << 16

Parts = Sequence[tuple[str, str | Path]]
"""Of a form: name and text, or name and file."""


class Transport:
    """One hub, and who we are there."""

    def __init__(self, url: str | None, token: str | None, *, state_dir: Path | None, timeout_s: float) -> None:
        told = state_dir or os.environ.get("PELAGOS_STATE_DIR") or state_folder.default(os.environ)
        folder = Path(told).expanduser()
        self.url = (url or os.environ.get("PELAGOS_HUB") or _local_address(folder)).rstrip("/")
        self._token = token or os.environ.get("PELAGOS_TOKEN") or (_local_token(folder) if _is_local(self.url) else "")
        self._timeout_s = timeout_s
        # A proxy of the environment would not find a hub on this machine.
        handlers = [urllib.request.ProxyHandler({})] if _is_local(self.url) else []
        self._opener = urllib.request.build_opener(*handlers)

    def ask(self, method: str, path: str, *, query: Mapping[str, Any] | None = None, **sent: Any) -> Any:
        """Send a request and read its JSON answer; None when there is none. See `open` for what can be sent."""
        with self.open(method, path, query=query, **sent) as answer:
            text = answer.read()
            kind = answer.headers.get_content_type()
        return json.loads(text) if text and kind.endswith("json") else text or None

    @contextlib.contextmanager
    def open(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        form: Parts | None = None,
        file: Path | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        """Send JSON, a form or a file, and give the answer to be read. Raises the hub's errors, and Unavailable."""
        asked = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", **(headers or {})}
        with contextlib.ExitStack() as stack:
            data: bytes | IO[bytes] | None = None
            if body is not None:
                data, asked["Content-Type"] = json.dumps(body).encode(), "application/json"
            elif form is not None:
                data, asked["Content-Type"] = (
                    stack.enter_context(_form(form)),
                    f"multipart/form-data; boundary={_BOUNDARY}",
                )
            elif file is not None:
                data, asked["Content-Type"] = stack.enter_context(file.open("rb")), "application/octet-stream"
            if isinstance(data, io.IOBase):
                asked["Content-Length"] = str(data.seek(0, os.SEEK_END))
                data.seek(0)
            request = urllib.request.Request(f"{self.url}{path}{_query(query)}", data, asked, method=method)  # noqa: S310 - checked
            yield stack.enter_context(self._sent(request))

    def download(self, path: str, to: Path) -> Path:
        """Write an answer to a file."""
        with self.open("GET", path) as answer, to.open("wb") as target:
            shutil.copyfileobj(answer, target, _PIECE_BYTES)
        return to

    @contextlib.contextmanager
    def _sent(self, request: urllib.request.Request) -> Iterator[http.client.HTTPResponse]:
        if not request.full_url.startswith(("http://", "https://")):
            raise errors.InvalidInput({"url": [f"'{self.url}' is no address of a hub; expected http://HOST:PORT"]})
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                yield answer
        except urllib.error.HTTPError as error:
            with error:
                raise _error(error) from None
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            reason = getattr(error, "reason", error)
            raise errors.Unavailable(f"The hub at {self.url} does not answer: {reason}", hint="pelagos up") from error


def local_address(folder: Path) -> str | None:
    """Read where the hub of a state folder is; None when none runs."""
    try:
        found: str = json.loads((folder / state_folder.HUB).read_text(encoding="utf-8"))["address"]
    except (OSError, ValueError, KeyError):
        return None
    return found


def _local_address(folder: Path) -> str:
    found = local_address(folder)
    if found is None:
        raise errors.NotFound(f"No hub runs on {folder}.", hint="Start one with `pelagos up`, or say where one is.")
    return found


def _local_token(folder: Path) -> str:
    try:
        return (folder / state_folder.TOKEN).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _is_local(url: str) -> bool:
    return urllib.parse.urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")


def _query(query: Mapping[str, Any] | None) -> str:
    said = {name: value for name, value in (query or {}).items() if value is not None}
    return f"?{urllib.parse.urlencode(said, doseq=True)}" if said else ""


def _error(answer: urllib.error.HTTPError) -> errors.PelagosError:
    text = answer.read()
    try:
        return errors.of_plain(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return errors.PelagosError(f"The hub answered {answer.code}: {text[:200].decode(errors='replace')}")


_BOUNDARY = uuid.uuid4().hex


@contextlib.contextmanager
def _form(parts: Parts) -> Iterator[IO[bytes]]:
    """Write a form as one file that can be read; large ones are on disk."""
    with tempfile.SpooledTemporaryFile(max_size=1 << 24) as target:
        for name, value in parts:
            said = f'form-data; name="{_quoted(name)}"'
            said += f'; filename="{_quoted(value.name)}"' if isinstance(value, Path) else ""
            target.write(f"--{_BOUNDARY}\r\nContent-Disposition: {said}\r\n\r\n".encode())
            if isinstance(value, Path):
                with value.open("rb") as source:
                    shutil.copyfileobj(source, target, _PIECE_BYTES)
            else:
                target.write(value.encode())
            target.write(b"\r\n")
        target.write(f"--{_BOUNDARY}--\r\n".encode())
        yield target


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
