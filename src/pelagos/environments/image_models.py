"""The models of a module in an image: a folder of ours lies over the module's `models` in each of its containers.

A published module writes what it trains beside the models that it brings, and the files of a container go with it. So
those models are copied out once, to `<root>/<name>/models`, which is then mounted where they were (`image_python`). The
folder belongs to the module, not to one version of its image, and goes with the module.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pelagos.domain import errors
from pelagos.environments import image_python, images

# Runs in the image, as the calling user: what that one may not read no worker could have used.
_COPY = "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2], symlinks=True, dirs_exist_ok=True)"


def keep(image: Mapping[str, Any], name: str, *, code: Path, timeout_s: float) -> None:
    """Make the folder of the module `name`, which may take as long as copying its models; done once for an image.

    What a newer image brings is added, what is there stays. Raises EnvironmentFailed with the engine's reason.
    """
    place = image_python.models(image, name)
    if place is None:
        return
    held = os.open(image["environment"], os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not place.ready.exists():
            _add(image, place, name, code, timeout_s)
            place.ready.touch()
    finally:
        os.close(held)


def _add(image: Mapping[str, Any], place: image_python.Models, name: str, code: Path, timeout_s: float) -> None:
    copied = Path(image["environment"]) / f"{name}.copied"
    # What was cut off before is of no use.
    shutil.rmtree(copied, ignore_errors=True)
    copied.mkdir()
    if place.there:
        words = ["-c", _COPY, place.target, str(copied)]
        line = image_python.started({**image, "code": str(code)}, words, mounts=[image_python.mount(copied)])
        try:
            images.asked(line, timeout_s)
        except errors.EnvironmentFailed as error:
            message = f"the models of '{name}' cannot be copied out of its image: {error.message}"
            raise errors.EnvironmentFailed(message, hint=error.hint) from error
    place.folder.mkdir(parents=True, exist_ok=True)
    for each in copied.iterdir():
        if not os.path.lexists(place.folder / each.name):
            each.rename(place.folder / each.name)
    shutil.rmtree(copied, ignore_errors=True)
