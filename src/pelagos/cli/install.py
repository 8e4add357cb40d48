"""Install a module into a Python environment of its own.

SOURCE is a folder (installed editable: changes of its code count at once), a wheel, an sdist, a git address, or a name
on PyPI with or without a version. Extras stand in brackets: ./my-module[train]. It may also be a container image
(name:tag, docker://name, podman://name), or a server that has modules already (http://host:port).
"""

from __future__ import annotations

import argparse

from pelagos.cli import assembly, output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("source", metavar="SOURCE", help="what to install")
    parser.add_argument(
        "--with", dest="extra", metavar="REQUIREMENT", action="append", default=[],
        help="install this into the same environment, such as torch==2.13.0; may be repeated",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="install again although nothing has changed")
    parser.add_argument("--json", action="store_true", help="print the record as JSON")


def run(options: argparse.Namespace) -> int:
    """Install and say what there is now."""
    known = assembly.environments_of(assembly.settings(options))
    with output.installing() as progress:
        installed = known.install(options.source, progress=progress, extra=options.extra, force=options.force)
    modules = [known.find(name) for name in installed.siblings]
    if options.json:
        output.as_json([each.as_json() for each in modules])
        return 0
    for each in modules:
        print(f"{each.name} {each.version} is ready ({output.size(each.size_bytes)}, {output.duration(each.took_s)})")
    print(f"Serve it: pelagos run {installed.name}    Its arguments: pelagos describe {installed.name}")
    return 0
