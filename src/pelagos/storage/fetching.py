"""Download what an address gives: http and https only, never from the hub's own network unless that is allowed."""

from __future__ import annotations

import dataclasses
import email.message
import http.client
import ipaddress
import socket
import ssl
import time
import urllib.parse
from pathlib import Path

from pelagos.domain import errors, steps
from pelagos.storage import limits, names

CHUNK = 1 << 20
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""What such an address leads to is in its last four bytes (RFC 6052)."""
_FALLBACK_NAME = "download"
_NO_ANSWER = (OSError, http.client.HTTPException)


@dataclasses.dataclass(frozen=True)
class Fetched:
    """What was downloaded."""

    path: Path
    filename: str
    """As the server calls it, or the end of the address."""


def check(url: str, most: limits.Limits) -> None:
    """Raise InvalidInput for an address that is none, is forbidden or whose host is not known; asks no host."""
    parts = _checked(url)
    _addresses(parts.hostname or "", parts.port or _PORTS[parts.scheme], most)


def fetch(url: str, into: Path, most: limits.Limits, progress: steps.Progress = steps.quiet) -> Fetched:
    """Download to the file `into`. Raises InvalidInput for an address that is none, is forbidden or has nothing;
    Unavailable when it does not answer in time; TooLarge."""
    deadline = time.monotonic() + most.download_s
    for _ in range(most.redirects + 1):
        with _Asked(_checked(url), most) as asked:
            elsewhere = asked.redirect()
            if elsewhere is None:
                asked.save(into, deadline, progress)
                return Fetched(into, asked.filename())
            url = urllib.parse.urljoin(url, elsewhere)
    raise _fault(f"sends us elsewhere more than {most.redirects} times")


class _Asked:
    """One request and its answer."""

    def __init__(self, parts: urllib.parse.SplitResult, most: limits.Limits) -> None:
        self._parts = parts
        self._most = most
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port or _PORTS[parts.scheme])
        self._answer: http.client.HTTPResponse

    def __enter__(self) -> _Asked:
        try:
            # A connection that is there already: between the look at the address and its use nothing is asked again.
            self._connection.sock = _connected(self._connection.host, self._connection.port, self._most)
            if self._parts.scheme == "https":
                context = ssl.create_default_context()
                self._connection.sock = context.wrap_socket(self._connection.sock, server_hostname=self._parts.hostname)
            path = self._parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
            headers = {"Host": self._parts.netloc, "Accept-Encoding": "identity", "User-Agent": "pelagos"}
            self._connection.request("GET", path, headers=headers)
            self._answer = self._connection.getresponse()
        except _NO_ANSWER as error:
            self._connection.close()
            raise errors.Unavailable(f"{self._host} does not answer: {error}") from error
        except BaseException:
            self._connection.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._answer.close()
        self._connection.close()

    @property
    def _host(self) -> str:
        return names.shown(self._parts.hostname or "")

    def redirect(self) -> str | None:
        """Give where to look instead; None when it is here. Raises InvalidInput when it is nowhere."""
        if self._answer.status in _REDIRECTS and "location" in self._answer.headers:
            return self._answer.headers["location"]
        if self._answer.status != http.HTTPStatus.OK:
            raise _fault(f"{self._host} answers {self._answer.status} {self._answer.reason}".strip())
        return None

    def save(self, into: Path, deadline: float, progress: steps.Progress) -> None:
        """Write the body to a file, piece by piece."""
        announced = self._answer.length or 0

        def counted(there: int) -> None:
            progress(steps.Step(f"Downloading from {self._host}", there, announced or None))

        tally = limits.Tally(self._most, counted=counted)
        tally.check(announced)
        try:
            with into.open("xb") as written:
                while piece := self._answer.read1(CHUNK):
                    tally.add_bytes(len(piece))
                    written.write(piece)
                    if time.monotonic() > deadline:
                        raise errors.Unavailable(f"The download from {self._host} takes too long.")
        except http.client.HTTPException as error:
            raise errors.Unavailable(f"{self._host} broke off: {error}") from error
        except TimeoutError as error:
            raise errors.Unavailable(f"{self._host} has stopped answering.") from error
        if tally.bytes < announced:
            raise errors.Unavailable(f"{self._host} broke off after {tally.bytes:,} of {announced:,} bytes.")

    def filename(self) -> str:
        """Give the name of the file."""
        told = email.message.Message()
        told["content-disposition"] = self._answer.headers.get("content-disposition", "")
        last = urllib.parse.unquote(self._parts.path.rpartition("/")[2])
        return next((name for name in map(_plain, (told.get_filename(""), last)) if name), _FALLBACK_NAME)


def _checked(url: str) -> urllib.parse.SplitResult:
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
        plain = url.isascii() and url.isprintable() and " " not in url
    except ValueError:
        usable = plain = False
    if not usable or not plain:
        raise _fault(f"{names.shown(url)} is no address; expected http://... or https://...")
    if parts.username is not None or parts.password is not None:
        raise _fault("has a name or password in it; they would be kept in records that others read")
    return parts


def _connected(host: str, port: int, most: limits.Limits) -> socket.socket:
    """Connect to a host by the first of its addresses that answers."""
    failure: OSError | None = None
    for address in _addresses(host, port, most):
        try:
            return socket.create_connection((address, port), timeout=most.silence_s)
        except OSError as error:
            failure = error
    raise failure or OSError("no address")


def _addresses(host: str, port: int, most: limits.Limits) -> list[str]:
    """Look a host up; all of its addresses must be allowed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise _fault(f"{names.shown(host)} is not known") from error
    addresses = [str(each[4][0]) for each in found]
    if not most.private_addresses and not all(map(_is_public, addresses)):
        raise _fault(f"{names.shown(host)} is in the hub's own network, which may not be asked")
    return addresses


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None) or found
    if found in _NAT64:
        inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return bool(inner.is_global and not inner.is_multicast)


def _plain(name: str) -> str:
    """Give the last part of a name, if a file may be called so."""
    try:
        found = names.inside(name.rpartition("/")[2]).name
    except names.Unfit:
        return ""
    return "" if found.startswith(".") else found


def _fault(text: str) -> errors.InvalidInput:
    return errors.InvalidInput({"url": [text]})
