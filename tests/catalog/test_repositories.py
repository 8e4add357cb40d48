"""Git runs nothing that a list, or a folder that is looked at, names."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pelagos.catalog import repositories
from pelagos.domain import errors

_IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@example.org")


def git(folder: Path, *words: str) -> str:
    command = ["git", *_IDENTITY, *words]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, env=dict(os.environ)
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "birds"
    folder.mkdir()
    (folder / "module.toml").write_text('title = "Birds"\n')
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Begin")
    return folder


class TestUpdate:
    def test_takes_a_branch_for_no_option(self, repository: Path, tmp_path: Path) -> None:
        ran = tmp_path / "ran"

        with pytest.raises(errors.Unavailable):
            repositories.update(
                str(repository),
                tmp_path / "clone",
                reference=f"--upload-pack=touch {ran}; git-upload-pack",
                timeout_s=30,
            )

        assert not ran.exists()


class TestCommitOf:
    def test_is_the_commit_of_a_folder_without_changes(self, repository: Path) -> None:
        assert repositories.commit_of(repository) == git(repository, "rev-parse", "HEAD")

        (repository / "module.toml").write_text('title = "Crows"\n')

        assert repositories.commit_of(repository) == ""

    @pytest.mark.parametrize("kind", ["clean", "process"])
    def test_runs_no_program_that_the_folder_names(self, repository: Path, tmp_path: Path, kind: str) -> None:
        ran = tmp_path / "ran"
        git(repository, "config", f"filter.own.{kind}", f"touch {ran}; cat")
        (repository / ".git" / "info" / "attributes").write_text("* filter=own\n")
        os.utime(repository / "module.toml", (1, 1))

        told = repositories.commit_of(repository)

        assert told == ""
        assert not ran.exists()
