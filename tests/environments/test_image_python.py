"""How the command line of a container is written; that it works is shown in `test_images`."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from pelagos.environments import image_python


@pytest.fixture
def image(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The facts of an image; what stands behind them is in no variable of ours."""
    monkeypatch.setenv("PYTHONPATH", "/authors")
    return {
        "engine": ["/usr/bin/docker"],
        "id": "sha256:1",
        "python": "/usr/bin/python3",
        "pythonpath": "",
        "rootless": False,
        "max_memory_mb": 0,
        "max_cpus": 0.0,
        "network": "none",
        "engine_options": "",
        "shares": [],
    }


def after(line: list[str], option: str) -> list[str]:
    return [following for word, following in itertools.pairwise(line) if word == option]


class TestStarted:
    def test_runs_the_python_of_the_image_without_privilege_or_network(self, image: dict[str, Any]) -> None:
        line = image_python.started(image, ["-m", "x"], mounts=[])

        assert line[:3] == ["/usr/bin/docker", "run", "--rm"]
        assert line[-5:] == ["--entrypoint", "/usr/bin/python3", "sha256:1", "-m", "x"]
        assert (after(line, "--network"), after(line, "--cap-drop")) == (["none"], ["ALL"])
        assert "--memory" not in line

    def test_mounts_our_code_for_reading_only(self, image: dict[str, Any]) -> None:
        line = image_python.started(image, [], mounts=["m"])

        assert after(line, "--mount") == ["m", "type=bind,source=/authors,target=/pelagos/code,readonly"]

    def test_keeps_the_import_path_of_the_image(self, image: dict[str, Any]) -> None:
        line = image_python.started({**image, "pythonpath": "/srv"}, [], mounts=[])

        assert "PYTHONPATH=/pelagos/code:/srv" in after(line, "--env")

    def test_passes_what_concerns_a_worker_and_nothing_else(
        self, image: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PELAGOS_THREADS", "2")
        monkeypatch.setenv("MY_PASSWORD", "secret")

        passed = after(image_python.started(image, [], mounts=[]), "--env")

        assert "PELAGOS_THREADS" in passed
        assert not any("PASSWORD" in each for each in passed)

    def test_limits_as_settings_say_unless_a_job_says_more(self, image: dict[str, Any]) -> None:
        limited = {**image, "max_memory_mb": 100, "max_cpus": 1.0}

        settings = image_python.started(limited, [], mounts=[])
        job = image_python.started(limited, [], mounts=[], memory_mb=50, cpus=2)

        assert (after(settings, "--memory"), after(settings, "--cpus")) == (["100m"], ["1.0"])
        assert (after(job, "--memory"), after(job, "--cpus")) == (["50m"], ["2"])

    def test_takes_more_options_of_the_engine(self, image: dict[str, Any]) -> None:
        line = image_python.started({**image, "engine_options": "--gpus all -v '/a b:/b'"}, [], mounts=[])

        assert line[line.index("--gpus") : line.index("--entrypoint")] == ["--gpus", "all", "-v", "/a b:/b"]

    @pytest.mark.parametrize(
        ("engine", "options"), [("/usr/bin/podman", ["--userns", "keep-id"]), ("/usr/bin/docker", [])]
    )
    def test_is_the_calling_user_under_an_engine_without_root(
        self, image: dict[str, Any], engine: str, options: list[str]
    ) -> None:
        line = image_python.started({**image, "engine": [engine], "rootless": True}, [], mounts=[])

        assert "--user" not in line
        assert line[line.index("no-new-privileges") + 1 :][: len(options)] == options


class TestModels:
    def test_are_kept_with_the_module_and_not_with_one_image_of_it(self, image: dict[str, Any], tmp_path: Path) -> None:
        environment = tmp_path / ".environments" / "leaves-1"
        image |= {"environment": str(environment), "models": {"leaves": {"target": "/srv/models", "there": True}}}

        place = image_python.models(image, "leaves")

        ready = environment / "leaves.models"
        assert place == image_python.Models("/srv/models", True, tmp_path / "leaves" / "models", ready)
        assert image_python.models(image, "counting") is None


class TestMount:
    def test_quotes_a_name_with_a_comma(self) -> None:
        assert image_python.mount(Path("/a,b")) == 'type=bind,"source=/a,b","target=/a,b"'
