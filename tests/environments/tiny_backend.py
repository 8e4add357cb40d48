"""A build backend in one file: tests build wheels and editable installs with it, without any network.

It lies in the root of a project as `backend-path` (PEP 517), and is called by the tests themselves to make wheels.
"""

import tomllib
import zipfile
from pathlib import Path
from typing import Any

Config = dict[str, Any] | None


def build_wheel(wheel_directory: str, config_settings: Config = None, metadata_directory: str | None = None) -> str:
    return write_wheel(Path.cwd(), Path(wheel_directory), editable=False)


def build_editable(wheel_directory: str, config_settings: Config = None, metadata_directory: str | None = None) -> str:
    return write_wheel(Path.cwd(), Path(wheel_directory), editable=True)


def write_wheel(project: Path, target: Path, *, editable: bool) -> str:
    """Write the wheel of the project in a folder and give its file name."""
    facts = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    stem = f"{facts['name'].replace('-', '_')}-{facts['version']}"
    files = {f"{stem}.pth": f"{project}\n"} if editable else _code(project)
    files[f"{stem}.dist-info/METADATA"] = _metadata(facts)
    files[f"{stem}.dist-info/WHEEL"] = "Wheel-Version: 1.0\nGenerator: tiny\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{stem}.dist-info/entry_points.txt"] = _entry_points(facts)
    record = f"{stem}.dist-info/RECORD"
    files[record] = "".join(f"{name},,\n" for name in [*files, record])
    with zipfile.ZipFile(target / f"{stem}-py3-none-any.whl", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return f"{stem}-py3-none-any.whl"


def _code(project: Path) -> dict[str, str]:
    files = [path for path in project.rglob("*") if path.suffix in {".py", ".toml"} and path.parent != project]
    return {str(path.relative_to(project)): path.read_text() for path in files}


def _metadata(facts: dict[str, Any]) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {facts['name']}", f"Version: {facts['version']}"]
    lines += [f"Requires-Dist: {each}" for each in facts.get("dependencies", [])]
    for extra, needs in facts.get("optional-dependencies", {}).items():
        lines += [f"Provides-Extra: {extra}"] + [f"Requires-Dist: {each} ; extra == '{extra}'" for each in needs]
    return "\n".join(lines) + "\n"


def _entry_points(facts: dict[str, Any]) -> str:
    groups = facts.get("entry-points", {})
    return "".join(
        f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()) for group, points in groups.items()
    )
