"""One attempt to run a replica: its run folder, and the command line that starts it.

The folder is made before the record that names it and never again, so whoever comes late with an old record finds
nothing to start. An attempt that must not be made any more is burnt: its `started` mark is taken by us.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import json
import os
import shlex
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pelagos import environments
from pelagos.domain import errors
from pelagos.module import durable
from pelagos.orchestrator import deployment
from pelagos.sites import driver

GRACE_S = 20.0
"""How long requests in progress may go on when a replica is to go."""
KEPT = 5
"""Run folders of a deployment that stay, for their logs."""
LONGEST_SOCKET = 100
"""A Unix socket's path has 107 bytes at most (unix(7))."""
BASE = "/deployments/"
_WORKSPACE = "workspace"
_JUPYTER = Path(__file__).parent / "static" / "jupyter"
"""What cannot be said to JupyterLab on its command line: that its pages shall not ask for news either."""


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What attempts are made from."""

    folder: Path
    """Holds a folder for each deployment."""
    modules: environments.Environments
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Variables by which `pelagos run` finds the same state and settings as we."""


@dataclasses.dataclass(frozen=True)
class _Place:
    """Where one attempt lives and listens."""

    socket: Path
    port: int
    base: str
    workspace: Path


def base_path(deployment_id: str) -> str:
    """Give the path under which a deployment is reached."""
    return BASE + deployment_id


def prepare(
    record: deployment.Deployment,
    number: int,
    *,
    site: str,
    token: str,
    around: Surroundings,
    now: datetime.datetime,
    tries: int = 0,
) -> deployment.Replica:
    """Make the run folder of an attempt, ready to be started, and the replica that goes with it.

    Raises NotFound for a module, program or JupyterLab that is not there, with what to install; Unavailable when the
    disk does not take the files.
    """
    home = around.folder / record.id
    folder = home / token[-8:]
    place = _Place(_socket(folder), _free_port(), base_path(record.id), home / _WORKSPACE)
    line, variables = _LINES[record.wish.what](record.wish, place, around)
    try:
        place.workspace.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(mode=0o700)
        durable.write_json(folder / "spec.json", _spec(record, number, token, line, place))
    except OSError as error:
        raise errors.Unavailable(f"The deployment's files could not be stored: {error}") from error
    _forget_old(home, {folder.name} | {replica.token[-8:] for replica in record.replicas})
    command = driver.Command(
        arguments=(sys.executable, "-m", "pelagos.module.job", str(folder / "spec.json")),
        folder=folder,
        environment={"PYTHONUNBUFFERED": "1", **variables},
        resources=record.wish.resources,
        token=token,
    )
    on_port = any("{port}" in word for word in record.wish.command)
    return deployment.Replica(
        number=number,
        token=token,
        generation=record.generation,
        what=record.wish.what,
        site=site,
        since=now,
        command=command.as_json(),
        address={"host": "127.0.0.1", "port": place.port} if on_port else {"socket": str(place.socket)},
        tries=tries,
    )


def burn(replica: deployment.Replica) -> bool:
    """Take the `started` mark of an attempt, so that no supervisor can ever begin it; False when one has begun.

    An attempt whose folder is gone cannot begin either. May be called twice.
    """
    mark = Path(replica.command["folder"]) / "started"
    try:
        descriptor = os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileNotFoundError:
        return True
    except FileExistsError:
        return _is_burnt(mark)
    with os.fdopen(descriptor, "w", encoding="ascii") as target:
        json.dump({"token": replica.token, "pid": 0, "time": 0.0, "burnt": True}, target)
    return True


def last_log(folder: Path, deployment_id: str, number: int) -> Path | None:
    """Find the log of the newest attempt that a replica made, None when there is none."""
    logs = [place / "log" for place in _attempts(folder / deployment_id) if _number(place) == number]
    return next((log for log in logs if log.exists()), None)


def remove(folder: Path, deployment_id: str) -> None:
    """Remove all files of a deployment; silent when they are gone."""
    for place in _attempts(folder / deployment_id):
        shutil.rmtree(_socket(place).parent, ignore_errors=True)
    shutil.rmtree(folder / deployment_id, ignore_errors=True)


def _is_burnt(mark: Path) -> bool:
    try:
        return bool(json.loads(mark.read_bytes()).get("burnt"))
    except (OSError, ValueError):
        return False


def _spec(
    record: deployment.Deployment, number: int, token: str, line: tuple[str, ...], place: _Place
) -> dict[str, Any]:
    return {
        "id": record.id,
        "number": number,
        "kind": "command",
        "token": token,
        "command": list(line),
        "cwd": str(place.workspace),
        "arguments": {},
        "resources": record.wish.resources.as_json(),
        "grace_s": GRACE_S,
    }


def _module_line(
    wish: deployment.Wish, place: _Place, around: Surroundings
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    around.modules.find(wish.module)
    program = (sys.executable, "-m", "pelagos.cli", "run", wish.module)
    options = ("--listen-socket", str(place.socket), "--base-path", place.base)
    chosen = ("--default-model", wish.model) if wish.model else ()
    return (*program, *options, *chosen), around.environment


def _jupyter_line(
    wish: deployment.Wish, place: _Place, around: Surroundings
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """JupyterLab without a key of its own: only the hub, whose guard is in front, can reach the socket."""
    options = {
        "ServerApp.sock": place.socket,
        "ServerApp.sock_mode": "0600",
        "ServerApp.base_url": f"{place.base}/",
        "ServerApp.root_dir": place.workspace,
        "ServerApp.open_browser": "False",
        "ServerApp.allow_origin": "",
        # The hub has checked the name it was called by; JupyterLab knows only that it is not its own.
        "ServerApp.allow_remote_access": "True",
        "IdentityProvider.token": "",
        "PasswordIdentityProvider.hashed_password": "",
        # Nothing is asked of the world outside by itself.
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.news_url": "None",
        "LabApp.extension_manager": "readonly",
        # Whoever ended it from within would only see it started again.
        "ServerApp.quit_button": "False",
    }
    words = tuple(f"--{name}={value}" for name, value in options.items())
    root = ("--allow-root",) if os.geteuid() == 0 else ()
    own = {"JUPYTER_CONFIG_DIR": str(place.workspace / ".jupyter"), "JUPYTER_CONFIG_PATH": str(_JUPYTER)}
    return (_jupyter(wish, around), *words, *root), {**_path(wish, around), **own}


def _command_line(
    wish: deployment.Wish, place: _Place, around: Surroundings
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    variables = {**_path(wish, around), "PELAGOS_SOCKET": str(place.socket), "PELAGOS_BASE_PATH": place.base}
    words = tuple(word.replace("{port}", str(place.port)) for word in wish.command)
    program = shutil.which(words[0], path=variables["PATH"])
    if program is None:
        raise errors.NotFound(f"There is no program '{words[0]}' on this machine.")
    return (program, *words[1:]), variables


_Line = Callable[[deployment.Wish, _Place, Surroundings], tuple[tuple[str, ...], Mapping[str, str]]]
_LINES: Mapping[deployment.What, _Line] = {
    deployment.What.MODULE: _module_line,
    deployment.What.JUPYTER: _jupyter_line,
    deployment.What.COMMAND: _command_line,
}


def _jupyter(wish: deployment.Wish, around: Surroundings) -> str:
    """Find JupyterLab: in the module's environment, so that notebooks have the module, or else beside the hub."""
    module = around.modules.find(wish.module)
    for place in (module.python.parent, Path(sys.executable).parent):
        if (place / "jupyter-lab").exists():
            return str(place / "jupyter-lab")
    hint = f"Install it: pelagos install --with jupyterlab {shlex.quote(module.source)}"
    raise errors.NotFound("JupyterLab is not installed.", hint=hint)


def _path(wish: deployment.Wish, around: Surroundings) -> Mapping[str, str]:
    programs = around.modules.find(wish.module).python.parent
    return {"PATH": os.pathsep.join((str(programs), os.environ.get("PATH", os.defpath)))}


def _socket(folder: Path) -> Path:
    """Give the socket's place: in the run folder, or where the name is too long for one in a short private folder."""
    usual = folder / "socket"
    if len(os.fsencode(usual)) <= LONGEST_SOCKET:
        return usual
    short = hashlib.sha256(os.fsencode(usual)).hexdigest()[:16]
    private = Path(tempfile.gettempdir()) / f"pelagos-{os.geteuid()}-{short}"
    private.mkdir(mode=0o700, exist_ok=True)
    found = private.lstat()
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) != 0o700 or not stat.S_ISDIR(found.st_mode):
        raise errors.Unavailable(f"{private} belongs to somebody else.")
    return private / "socket"


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _attempts(home: Path) -> list[Path]:
    """List the run folders of a deployment, newest first."""
    found = []
    for place in home.glob("*/spec.json"):
        with contextlib.suppress(FileNotFoundError):
            found.append((place.stat().st_mtime_ns, place.parent))
    return [place for _, place in sorted(found, reverse=True)]


def _number(place: Path) -> int | None:
    try:
        number: int = json.loads((place / "spec.json").read_bytes())["number"]
    except (OSError, ValueError, LookupError):
        return None
    return number


def _forget_old(home: Path, used: set[str]) -> None:
    unused = [place for place in _attempts(home) if place.name not in used]
    for place in unused[KEPT:]:
        shutil.rmtree(place, ignore_errors=True)
