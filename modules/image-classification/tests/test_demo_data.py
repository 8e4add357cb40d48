"""Finding the demonstration pictures."""

import subprocess
import sys
from pathlib import Path


class TestTheCommand:
    def test_prints_the_folder(self, plankton: Path) -> None:
        command = [sys.executable, "-m", "pelagos_image_classification.demo_data"]

        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

        assert (done.returncode, done.stdout.strip()) == (0, str(plankton))
        assert (plankton / "dataset_files" / "classes.txt").is_file()
