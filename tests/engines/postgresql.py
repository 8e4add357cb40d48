"""A PostgreSQL server of one's own on a private socket, shared by the processes of a parallel run."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pelagos.db import migrate

START_S = 60.0
EMPTY, MIGRATED = "template0", "pelagos_migrated"
_ACCOUNT = "postgres"
_QUICK = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=200")
_count = itertools.count()


class Server:
    """A server and its folder; any process may use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = ["listen_addresses=", f"unix_socket_directories={self.folder}", *_QUICK]
        said = " ".join(f"-c {each}" for each in settings)
        _run("pg_ctl", "start", "-w", "-D", self.folder / "data", "-l", self.folder / "log", "-o", said)

    def end(self) -> None:
        """End it at once, as a crash would, and wait until it is gone."""
        _run("pg_ctl", "stop", "-w", "-D", self.folder / "data", "-m", "immediate")

    def url(self, name: str) -> str:
        """The address of one of its databases."""
        return f"postgresql:///{name}?host={self.folder}&user=pelagos"

    def execute(self, statement: str) -> list[Any]:
        """Do something that is about databases as a whole."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            # A string of our own, which the driver would have as a literal.
            answer = connection.execute(statement.encode())
            return answer.fetchall() if answer.description else []

    @contextlib.contextmanager
    def database(self, template: str = MIGRATED) -> Iterator[str]:
        """Give the address of a fresh database, which is dropped afterwards."""
        name = f"pelagos_{os.getpid()}_{next(_count)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """Run a server for as long as the block lasts. Skips with the reason where none is installed."""
    made = _made()
    try:
        yield made
    finally:
        made.end()
        shutil.rmtree(made.folder)


@contextlib.contextmanager
def shared(base: Path) -> Iterator[Server]:
    """Use one server with all processes that name the same folder; the last one ends it."""
    with _users(base) as known:
        if not known:
            known["folder"] = str(_made().folder)
        known["users"] = known.get("users", 0) + 1
        used = Server(Path(known["folder"]))
    try:
        yield used
    finally:
        with _users(base) as known:
            known["users"] -= 1
            if not known["users"]:
                used.end()
                shutil.rmtree(used.folder)
                known.clear()


@contextlib.contextmanager
def _users(base: Path) -> Iterator[dict[str, Any]]:
    with (base / "postgresql.json").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        known = json.loads(file.read() or "{}")
        yield known
        file.truncate(0)
        file.write(json.dumps(known))


def _made() -> Server:
    if not Path(_program("initdb")).exists():
        pytest.skip("no PostgreSQL server is installed here")
    # A short path: the address of a Unix socket has room for 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    if os.getuid() == 0:
        shutil.chown(folder, _ACCOUNT, _ACCOUNT)
    folder.chmod(0o755)
    words = ("--no-sync", "--auth=trust", "--username=pelagos", "--encoding=UTF8", "--locale=C.UTF-8")
    _run("initdb", "-D", folder / "data", *words)
    made = Server(folder)
    made.start()
    made.execute(f"CREATE DATABASE {MIGRATED} TEMPLATE {EMPTY}")
    migrate.upgrade(made.url(MIGRATED))
    return made


def _program(name: str) -> str:
    # Debian keeps them off the PATH: there may be several versions.
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    return str(debian[-1]) if debian else shutil.which(name) or name


def _run(name: str, *words: str | Path) -> None:
    # Root's server runs as another: it refuses to be root. Its output is closed, or we would wait for the server.
    account: dict[str, Any] = {"user": _ACCOUNT, "group": _ACCOUNT, "extra_groups": []} if os.getuid() == 0 else {}
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = [_program(name), *map(str, words)]
    subprocess.run(command, check=True, timeout=START_S, cwd="/", **quiet, **account)
