"""What this module can do only with more installed, and the command that installs it into the module's environment."""

import importlib.util

_PACKAGES = {"train": "torch", "dicom": "pydicom"}
_TORCH = "--with torch==2.13.0"  # By its exact version: a range may bring a build of several gigabytes.


def present(extra: str) -> bool:
    """Tell whether an extra is installed; nothing of it is loaded."""
    return importlib.util.find_spec(_PACKAGES[extra]) is not None


def command(extra: str) -> str:
    """Give the command that adds an extra; those already there are named too, for it makes the environment anew."""
    wanted = [name for name in _PACKAGES if name == extra or present(name)]
    told = f"pelagos install ./modules/image-classification[{','.join(wanted)}]"
    return f"{told} {_TORCH}" if "train" in wanted else told
