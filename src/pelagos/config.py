"""One frozen tree of settings: name, default, help. A file gives way to the environment, the environment to flags.

`runtime.listen_port` is `listen_port` below `[runtime]` in the file, `PELAGOS_RUNTIME_LISTEN_PORT` in the environment
and `--listen-port` as a flag of the commands that use it.
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pelagos.domain import errors, state_folder

FILE = "pelagos.toml"
PREFIX = "PELAGOS_"
_UNSET = Path()  # A path never changes, so RUF009 (a call in a default) is no danger below.


def _setting(default: Any, text: str, *, ge: float | None = None, le: float | None = None, unit: str = "") -> Any:
    return dataclasses.field(default=default, metadata={"help": text, "ge": ge, "le": le, "unit": unit})


@dataclasses.dataclass(frozen=True)
class Runtime:
    """The server that answers for modules."""

    listen_ip: str = _setting("127.0.0.1", "Address to listen on; 0.0.0.0 is every network of this machine.")
    listen_port: int = _setting(5000, "Port to listen on; 0 takes a free one.", ge=0, le=65535)
    listen_socket: str = _setting("", "Path of a Unix socket to listen on instead of an address and port.")
    base_path: str = _setting("", "Path under which everything is served, such as /my/base.")
    default_model: str = _setting("pretrained", "Trained model of predictions that choose none: a uuid or an alias.")
    workers: int = _setting(0, "Worker processes of a module; 0 is one for each processor core.", ge=0, le=1024)
    client_max_size: int = _setting(2**30, "Largest request body; 0 is no limit.", ge=0, unit="bytes")
    warm: bool = _setting(True, "Load the module before the first request comes.")
    predict_endpoint: bool = _setting(True, "Answer predictions.")
    train_endpoint: bool = _setting(True, "Accept trainings.")
    doc_endpoint: bool = _setting(True, "Serve the interactive documentation.")
    debug_endpoint: bool = _setting(False, "Show the log of the module's code at /v2/debug/.")
    queue_size: int = _setting(1024, "Requests of a module that may wait; more are answered with 429.", ge=1)
    idle_after_s: float = _setting(900.0, "Idle time after which workers are let go; 0 is never.", ge=0, unit="s")
    start_timeout_s: float = _setting(600.0, "Longest time to load a module and its model.", ge=1, unit="s")
    drain_s: float = _setting(25.0, "How long requests in progress may go on after SIGTERM.", ge=0, unit="s")
    predict_timeout_s: float = _setting(0.0, "Longest prediction; 0 is no limit.", ge=0, unit="s")


@dataclasses.dataclass(frozen=True)
class Jobs:
    """Trainings and batch predictions."""

    slots: int = _setting(2, "Jobs that run at once on this machine; the others wait.", ge=1, le=1024)
    cache_dir: Path = _setting(_UNSET, "Folder of what trainings share; empty is `cache` in the state folder.")  # noqa: RUF009


@dataclasses.dataclass(frozen=True)
class Environments:
    """Where modules are installed."""

    install_timeout_s: float = _setting(3600.0, "Longest installation of a module.", ge=1, unit="s")
    describe_timeout_s: float = _setting(120.0, "Longest import of a module.", ge=1, unit="s")


@dataclasses.dataclass(frozen=True)
class Hub:
    """The hub: catalog, dashboard, deployments and runs."""

    listen_ip: str = _setting("127.0.0.1", "Address the hub listens on; beyond loopback it needs an identity provider.")
    listen_port: int = _setting(8800, "Port the hub listens on; 0 takes a free one.", ge=0, le=65535)
    address: str = _setting("", "Address as people reach the hub, when that is not where it listens.")
    upload_max_size: int = _setting(50 * 2**30, "Largest upload of a data set.", ge=1, unit="bytes")
    unpacked_max_size: int = _setting(200 * 2**30, "Largest data set, unpacked.", ge=1, unit="bytes")
    dataset_max_files: int = _setting(1_000_000, "Most files of a data set.", ge=1)
    private_urls: bool = _setting(False, "Fetch data sets from private and loopback addresses too.")
    refresh_every_s: float = _setting(3600.0, "How often sources of the catalog are read again.", ge=1, unit="s")
    drain_s: float = _setting(20.0, "How long requests in progress may go on after SIGTERM.", ge=0, le=25, unit="s")


@dataclasses.dataclass(frozen=True)
class Containers:
    """How modules run that live in a container image."""

    max_memory_mb: int = _setting(0, "Most memory of one container; 0 is no limit.", ge=0, unit="MiB")
    max_cpus: float = _setting(0.0, "Most processor cores of one container; 0 is no limit.", ge=0)
    network: str = _setting("none", "Network that code in containers may use, such as bridge; none by default.")
    engine_options: str = _setting("", "More options for `docker run` or `podman run`, such as --gpus all.")


@dataclasses.dataclass(frozen=True)
class Settings:
    """All settings."""

    state_dir: Path = _setting(_UNSET, "Folder of all that Pelagos keeps: modules, jobs, models.")  # noqa: RUF009
    database: str = _setting("", "Address of a PostgreSQL database; empty is a file in the state folder.")
    runtime: Runtime = dataclasses.field(default_factory=Runtime)
    jobs: Jobs = dataclasses.field(default_factory=Jobs)
    environments: Environments = dataclasses.field(default_factory=Environments)
    containers: Containers = dataclasses.field(default_factory=Containers)
    hub: Hub = dataclasses.field(default_factory=Hub)

    @property
    def modules_dir(self) -> Path:
        """Installed modules and their environments."""
        return self.state_dir / "modules"

    @property
    def jobs_dir(self) -> Path:
        """Run folders."""
        return self.state_dir / "jobs"

    @property
    def database_url(self) -> str:
        """Where the records are."""
        return self.database or f"sqlite:///{self.database_file}"

    @property
    def database_file(self) -> Path:
        """The file of the records, unless `database` names another place."""
        return self.state_dir / "pelagos.sqlite"

    @property
    def token_file(self) -> Path:
        """What programs of this person show to the hub."""
        return self.state_dir / state_folder.TOKEN


@dataclasses.dataclass(frozen=True)
class Named:
    """One setting of the tree, by its whole name."""

    name: str
    """Such as `runtime.listen_port`."""
    type: str
    default: Any
    help: str
    ge: float | None
    le: float | None
    unit: str

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return PREFIX + self.name.replace(".", "_").upper()


@dataclasses.dataclass(frozen=True)
class Read:
    """The settings with where each comes from."""

    settings: Settings
    origins: Mapping[str, str]
    """By name: `default`, the file's path, `PELAGOS_...` or the flag."""

    def value(self, name: str) -> Any:
        """Give the value of a setting by its whole name."""
        branch, _, leaf = name.rpartition(".")
        return getattr(getattr(self.settings, branch) if branch else self.settings, leaf)

    def shown(self, name: str) -> Any:
        """Give the value as it may be shown: an address of a database may hold a password."""
        value = self.value(name)
        return "(set)" if name == "database" and value else value


def names() -> Iterator[Named]:
    """Give every setting, in the order of the tree."""
    for field in dataclasses.fields(Settings):
        if field.metadata:
            yield _named("", field)
        else:
            for leaf in dataclasses.fields(_BRANCHES[field.name]):
                yield _named(f"{field.name}.", leaf)


def read(*, environ: Mapping[str, str], flags: Mapping[str, Any] | None = None, file: Path | None = None) -> Read:
    """Read all settings; `flags` are by whole name, those that are None were not given.

    Raises InvalidInput with every fault: the file, variable or flag, its value and what was expected.
    """
    faults: dict[str, list[str]] = {}
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    sources = [(given, {name: f"--{name.rpartition('.')[2].replace('_', '-')}" for name in given})]
    variables = {each.name: environ[each.variable] for each in names() if environ.get(each.variable, "") != ""}
    sources.append((variables, {each.name: each.variable for each in names()}))
    state_dir = Path(given.get("state_dir") or variables.get("state_dir") or state_folder.default(environ)).expanduser()
    found = file or state_dir / FILE
    written = _from_file(found, faults, required=file is not None)
    sources.append((written, {name: f"{found}: {name}" for name in written}))
    values, origins = _choose(sources, faults)
    if faults:
        raise errors.InvalidInput(faults, hint="pelagos settings --help says where settings come from.")
    return Read(_tree(values, state_dir), origins)


_BRANCHES: Mapping[str, Any] = {
    "runtime": Runtime,
    "jobs": Jobs,
    "environments": Environments,
    "containers": Containers,
    "hub": Hub,
}


def _named(prefix: str, field: dataclasses.Field[Any]) -> Named:
    return Named(prefix + field.name, str(field.type), field.default, **field.metadata)


def _from_file(path: Path, faults: dict[str, list[str]], *, required: bool) -> dict[str, Any]:
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            faults[str(path)] = ["there is no such file"]
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        faults[str(path)] = [f"it is not a readable TOML file: {error}"]
        return {}
    flat = dict(_flat(plain))
    known = [each.name for each in names()]
    for name in set(flat) - set(known):
        near = difflib.get_close_matches(name, known, n=1)
        faults[f"{path}: {name}"] = ["there is no such setting" + (f"; did you mean {near[0]}?" if near else "")]
    return {name: value for name, value in flat.items() if name in known}


def _flat(plain: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in plain.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _choose(
    sources: list[tuple[dict[str, Any], dict[str, str]]], faults: dict[str, list[str]]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Take each setting from the first source that has it; a value that is not used is not judged."""
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for each in names():
        given, labels = next((source for source in sources if each.name in source[0]), ({}, {}))
        origins[each.name] = labels[each.name] if given else "default"
        if given:
            try:
                values[each.name] = _value(each, given[each.name])
            except ValueError as error:
                faults[origins[each.name]] = [f"{given[each.name]!r} is not valid; expected {error}"]
    return values, origins


def _value(each: Named, given: Any) -> Any:
    value = _TYPES[each.type](given)
    below = each.ge is not None and value < each.ge
    above = each.le is not None and value > each.le
    if below or above:
        upper = "" if each.le is None else f" and at most {each.le:g}"
        raise ValueError(f"at least {each.ge:g}{upper}{f' {each.unit}' if each.unit else ''}")
    return value


def _boolean(given: Any) -> bool:
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    word = str(given).lower()
    if word not in words:
        raise ValueError("true or false")
    return words[word]


def _integer(given: Any) -> int:
    try:
        if isinstance(given, bool | float):
            raise TypeError
        return int(given)
    except (TypeError, ValueError):
        raise ValueError("a whole number") from None


def _number(given: Any) -> float:
    try:
        number = float(given)
        if isinstance(given, bool) or number - number != 0:
            raise TypeError
    except (TypeError, ValueError):
        raise ValueError("a number") from None
    return number


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError("text")
    return given


def _path(given: Any) -> Path:
    if not isinstance(given, str | Path):
        raise ValueError("a path")
    return Path(given).expanduser()


_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "bool": _boolean,
    "int": _integer,
    "float": _number,
    "str": _text,
    "Path": _path,
}


def _tree(values: Mapping[str, Any], state_dir: Path) -> Settings:
    branches = {
        name: branch(**{key.partition(".")[2]: value for key, value in values.items() if key.startswith(f"{name}.")})
        for name, branch in _BRANCHES.items()
    }
    state = Path(values.get("state_dir", state_dir)).absolute()
    settings = Settings(state_dir=state, database=values.get("database", ""), **branches)
    if settings.jobs.cache_dir == _UNSET:
        jobs = dataclasses.replace(settings.jobs, cache_dir=state / "cache")
        settings = dataclasses.replace(settings, jobs=jobs)
    return settings
