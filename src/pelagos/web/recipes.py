"""Write what the pages of catalog, sites and settings do as a command, a curl line and Python."""

from __future__ import annotations

import json
import shlex
import urllib.parse
from collections.abc import Sequence

from pelagos.catalog import queries
from pelagos.runtime.console import recipes

TOKEN = "Authorization: Bearer $PELAGOS_TOKEN"  # noqa: S105 - the name of a variable, to be filled in by a shell


def overview(origin: str) -> recipes.Recipe:
    """Write a look at what runs."""
    return read(["jobs", "list"], f"{origin}/api/v1/runs", "for run in hub.runs.list():\n    print(run)")


def search(origin: str, pairs: Sequence[tuple[str, str]]) -> recipes.Recipe:
    """Write a search in the catalog; `pairs` are the parameters of the page's address."""
    text = dict(pairs).get("q", "")
    chosen = [(name, value) for name, value in pairs if name in set(queries.Facet)]
    flags = [word for name, value in chosen for word in (f"--{name}", value)]
    given = [*([_quoted(text)] if text else []), *(f"{name}={_quoted(value)}" for name, value in chosen)]
    address = _with_query(f"{origin}/api/v1/modules", pairs)
    python = f"for module in hub.modules.search({', '.join(given)}):\n    print(module)"
    return read(["catalog", "search", *([text] if text else []), *flags], address, python)


def everything(origin: str, text: str) -> recipes.Recipe:
    """Write a search over everything; the terminal searches the catalog."""
    address = _with_query(f"{origin}/api/v1/search", [("q", text)])
    return read(["catalog", "search", *([text] if text else [])], address, f"print(hub.search({_quoted(text)}))")


def module(origin: str, name: str, version: str = "") -> recipes.Recipe:
    """Write a look at a card, the newest or that of a version."""
    command = ["catalog", "show", name, *([f"--version={version}"] if version else [])]
    address = _with_query(f"{origin}/api/v1/modules/{_path(name)}", [("version", version)] if version else [])
    given = f"{_quoted(name)}, version={_quoted(version)}" if version else _quoted(name)
    return read(command, address, f"print(hub.modules.get({given}))")


def sources(origin: str) -> recipes.Recipe:
    """Write the list of the catalog's sources."""
    return read(["catalog", "list"], f"{origin}/api/v1/sources", 'print(hub.ask("GET", "/sources"))')


def publish(origin: str) -> recipes.Recipe:
    """Write the list of proposals."""
    return read(["catalog", "proposals"], f"{origin}/api/v1/proposals", 'print(hub.ask("GET", "/proposals"))')


def sites(origin: str) -> recipes.Recipe:
    """Write what the sites could give."""
    return read(["sites"], f"{origin}/api/v1/sites", "for site in hub.sites():\n    print(site)")


def settings(origin: str) -> recipes.Recipe:
    """Write a look at the settings."""
    return read(["settings"], f"{origin}/api/v1/settings", 'print(hub.ask("GET", "/settings"))')


def sessions(origin: str) -> recipes.Recipe:
    """Write the list of login sessions beside the settings."""
    found = settings(origin)
    both = f"{found.command}\npelagos sessions list"
    python = in_python("for session in hub.sessions.list():\n    print(session)")
    return recipes.Recipe(both, f"{found.curl}\n{curl(f'{origin}/api/v1/sessions')}", python)


def read(command: Sequence[str], address: str, python: str) -> recipes.Recipe:
    """Write something that only looks."""
    return recipes.Recipe(shlex.join(["pelagos", *command]), curl(address), in_python(python))


def curl(address: str, *options: str) -> str:
    """Write a curl line that carries the hub's token."""
    return with_token(shlex.join(["curl", *options, address]))


def with_token(line: str) -> str:
    """Let a curl line carry the hub's token."""
    return line.replace("curl ", f'curl -H "{TOKEN}" ', 1)


def in_python(lines: str) -> str:
    """Write lines that have the hub's client as `hub`."""
    return f"import pelagos\n\nhub = pelagos.Client()\n{lines}"


def _with_query(address: str, pairs: Sequence[tuple[str, str]]) -> str:
    return f"{address}?{urllib.parse.urlencode(pairs)}" if pairs else address


def _path(name: str) -> str:
    return urllib.parse.quote(name, safe="")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
