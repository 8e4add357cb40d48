import os
import signal
import subprocess
import sys
import tarfile
import threading
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from pelagos import environments
from pelagos.domain import errors
from pelagos.environments import Environments, Installed, Step

Make = Callable[..., Path]
TWO = """
from pelagos.module import Module

class One(Module):
    def predict(self) -> int: return 1

class Other(Module):
    def predict(self) -> int: return 2
"""


def runs(known: Environments, installed: Installed, code: str) -> str:
    """Give what `code` prints in the module's interpreter, with the path that workers and jobs get."""
    variables = {"PYTHONPATH": str(known.author_path())}
    command = [str(installed.python), "-c", code]
    return subprocess.run(command, env=variables, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def environments_on_disk(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "state" / "modules" / ".environments").glob("*"))


@pytest.mark.heavy
class TestInstall:
    def test_uses_the_code_of_a_folder_where_it_is(self, known: Environments, project: Make) -> None:
        folder = project("tiny")

        installed = known.install(str(folder))

        assert installed.folder == folder
        assert (
            runs(known, installed, "import tiny_code; print(tiny_code.__file__)") == f"{folder}/tiny_code/__init__.py"
        )

    def test_understands_real_projects_of_setuptools(self, installed_modules: Environments) -> None:
        installed = installed_modules.find("counting")

        assert runs(installed_modules, installed, "import pelagos_counting; print(pelagos_counting.MODEL_FILE)")

    def test_copies_a_wheel(self, known: Environments, wheel: Make) -> None:
        installed = known.install(str(wheel("tiny", version="1.5")))

        assert (installed.name, installed.version, installed.folder) == ("tiny", "1.5", None)
        assert runs(known, installed, "import tiny_code; print(tiny_code.__file__)").startswith(
            str(installed.environment)
        )

    def test_builds_an_sdist(self, known: Environments, project: Make, tmp_path: Path) -> None:
        folder = project("tiny")
        (folder / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        with tarfile.open(tmp_path / "tiny-1.0.tar.gz", "w:gz") as archive:
            archive.add(folder, "tiny-1.0")

        installed = known.install(str(tmp_path / "tiny-1.0.tar.gz"))

        assert runs(known, installed, "import tiny_code; print(1)") == "1"

    def test_clones_a_branch_of_a_repository(self, known: Environments, project: Make) -> None:
        folder = project("tiny")
        git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
        for words in (["init", "-q"], ["checkout", "-qb", "old"], ["add", "."], ["commit", "-qm", "Begin"]):
            subprocess.run([*git, *words], check=True)
        project("tiny", version="2.0")
        subprocess.run([*git, "checkout", "-qb", "new"], check=True)
        subprocess.run([*git, "commit", "-qam", "Go on"], check=True)

        installed = known.install(f"git+file://{folder}@old")

        assert installed.version == "1.0"
        assert installed.folder == installed.environment / "source" if installed.environment else False
        assert runs(known, installed, "import tiny_code; print(1)") == "1"

    def test_finds_a_name_on_the_index(self, known: Environments, wheel: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        wheel("tiny", version="1.0")
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(wheel("tiny", version="2.0").parent))

        newest = known.install("tiny").version
        older = known.install("tiny==1.0").version

        assert (newest, older) == ("2.0", "1.0")

    def test_brings_extras_and_requirements_beside(self, known: Environments, wheel: Make) -> None:
        needed, asked = wheel("needed", modules={}), wheel("asked", modules={})
        tiny = wheel("tiny", extras={"more": [f"needed @ file://{needed}"]})

        installed = known.install(f"{tiny}[more]", extra=[str(asked)])

        assert runs(known, installed, "import tiny_code, needed_code, asked_code; print(1)") == "1"

    def test_leaves_extras_out_unless_asked(self, known: Environments, wheel: Make) -> None:
        tiny = wheel("tiny", extras={"more": [f"needed @ file://{wheel('needed', modules={})}"]})

        installed = known.install(str(tiny))

        with pytest.raises(subprocess.CalledProcessError):
            runs(known, installed, "import needed_code")

    def test_records_all_modules_of_a_distribution(self, known: Environments, wheel: Make) -> None:
        entries = {"one": "pair_code:One", "other": "pair_code:Other"}

        installed = known.install(str(wheel("pair", code=TWO, modules=entries)))

        assert installed.siblings == ("one", "other")
        assert [each.name for each in known.list()] == ["one", "other"]
        assert known.find("one").environment == known.find("other").environment

    def test_forgets_a_module_that_a_newer_version_lacks(self, known: Environments, wheel: Make) -> None:
        known.install(str(wheel("pair", code=TWO, modules={"one": "pair_code:One", "other": "pair_code:Other"})))

        known.install(str(wheel("pair", version="2.0", code=TWO, modules={"other": "pair_code:Other"})))

        assert [(each.name, each.version) for each in known.list()] == [("other", "2.0")]

    def test_tells_what_it_does_and_what_it_cost(self, known: Environments, wheel: Make) -> None:
        told: list[Step] = []

        installed = known.install(str(wheel("tiny")), progress=told.append)

        assert "Installing collected packages: tiny" in [step.text for step in told]
        assert installed.size_bytes > 1000
        assert installed.took_s > 0


INSTALL = """
import sys
from pathlib import Path
from pelagos.environments import Environments
print(Environments(Path(sys.argv[1])).install(sys.argv[2]).name)
"""


@pytest.mark.heavy
class TestWithoutPip:
    def test_uses_the_one_that_python_carries(self, known: Environments, project: Make, tmp_path: Path) -> None:
        venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
        source = str(Path(environments.__file__).parents[2])
        command = [str(tmp_path / "bare/bin/python"), "-c", INSTALL, str(tmp_path / "state" / "modules")]

        subprocess.run([*command, str(project("tiny"))], env={"PYTHONPATH": source}, check=True, timeout=100)

        assert runs(known, known.find("tiny"), "import tiny_code; print(1)") == "1"


@pytest.mark.heavy
class TestInstallAgain:
    def test_does_nothing_when_nothing_has_changed(self, known: Environments, project: Make) -> None:
        first = known.install(str(project("tiny")))
        told: list[Step] = []

        second = known.install(str(project("tiny")), progress=told.append)

        assert second == first
        assert [step.text for step in told] == ["'tiny' is installed and up to date"]

    @pytest.mark.parametrize(("facts", "force"), [({"version": "2.0"}, False), ({}, True)], ids=["changed", "forced"])
    def test_replaces_the_environment(
        self, known: Environments, project: Make, tmp_path: Path, facts: dict[str, str], force: bool
    ) -> None:
        first = known.install(str(project("tiny")))

        second = known.install(str(project("tiny", **facts)), force=force)

        assert second.environment != first.environment
        assert environments_on_disk(tmp_path) == [second.environment.name] if second.environment else False

    def test_leaves_the_old_environment_to_those_who_use_it(
        self, known: Environments, project: Make, tmp_path: Path
    ) -> None:
        first = known.install(str(project("tiny")))
        with subprocess.Popen([str(first.python), "-c", "input()"], stdin=subprocess.PIPE) as user:
            second = known.install(str(project("tiny")), force=True)
            meanwhile = environments_on_disk(tmp_path)
            user.communicate(b"\n", timeout=30)

        third = known.install(str(project("tiny")), force=True)

        assert meanwhile == sorted(each.environment.name for each in (first, second) if each.environment)
        assert environments_on_disk(tmp_path) == [third.environment.name if third.environment else ""]

    def test_leaves_the_old_environment_to_waiting_jobs(self, project: Make, tmp_path: Path) -> None:
        waiting: list[Path] = []
        known = Environments(tmp_path / "state" / "modules", in_use=lambda: waiting)
        waiting.append(known.install(str(project("tiny"))).python)

        known.install(str(project("tiny")), force=True)

        assert waiting[0].exists()

    def test_keeps_the_old_module_when_the_new_one_fails(self, known: Environments, project: Make) -> None:
        first = known.install(str(project("tiny")))
        folder = project("tiny", extras={"more": ["no-such-thing @ file:///nowhere-at-all"]})

        with pytest.raises(errors.EnvironmentFailed):
            known.install(f"{folder}[more]")

        assert known.find("tiny") == first
        assert runs(known, first, "import tiny_code; print(1)") == "1"

    def test_keeps_what_was_installed_under_another_name_of_the_same_root(
        self, known: Environments, project: Make, tmp_path: Path
    ) -> None:
        first = known.install(str(project("tiny")))
        (tmp_path / "alias").symlink_to(known.root)

        environments.Environments(tmp_path / "alias").install(str(project("other")))

        assert known.find("tiny").python == first.python
        assert first.python.exists()


@pytest.mark.heavy
class TestFailedInstall:
    def test_says_that_there_is_no_module_and_leaves_nothing(
        self, known: Environments, wheel: Make, tmp_path: Path
    ) -> None:
        with pytest.raises(errors.EnvironmentFailed, match="there is no module in it") as caught:
            known.install(str(wheel("plain", modules={})))

        assert "pelagos.modules" in caught.value.hint
        assert environments_on_disk(tmp_path) == []
        assert known.list() == ()

    def test_gives_the_reason_that_pip_gave(
        self, known: Environments, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PIP_NO_INDEX", "1")

        with pytest.raises(errors.EnvironmentFailed, match="No matching distribution found for no-such-name-at-all"):
            known.install("no-such-name-at-all")

        assert environments_on_disk(tmp_path) == []

    def test_gives_the_reason_that_git_gave(self, known: Environments, tmp_path: Path) -> None:
        with pytest.raises(errors.EnvironmentFailed, match=r"does not (appear to be a git repository|exist)"):
            known.install(f"git+file://{tmp_path}/nowhere")

    def test_refuses_names_that_are_no_file_names(self, known: Environments, wheel: Make) -> None:
        with pytest.raises(errors.EnvironmentFailed, match=r"'\.\./up' cannot be used"):
            known.install(str(wheel("tiny", modules={"../up": "tiny_code:Tiny"})))

    def test_ends_at_its_time_limit(self, project: Make, tmp_path: Path) -> None:
        known = Environments(tmp_path / "state" / "modules", install_timeout_s=0.1)

        with pytest.raises(errors.EnvironmentFailed, match=r"longer than 0\.1 s"):
            known.install(str(project("tiny")))

        assert known.list() == ()


INSTALL_AND_STOP = """
import sys, threading
from pathlib import Path
from pelagos.environments import Environments
def stop(step):
    if step.text.startswith(sys.argv[3]):
        print("there", flush=True)
        threading.Event().wait()
Environments(Path(sys.argv[1])).install(sys.argv[2], progress=stop, force=True)
"""


def killed_at(words: str, source: Path, tmp_path: Path) -> None:
    """Install in another process, and kill it with -9 when it says `words`."""
    command = [sys.executable, "-c", INSTALL_AND_STOP, str(tmp_path / "state" / "modules"), str(source), words]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        os.kill(process.pid, signal.SIGKILL)


@pytest.mark.heavy
class TestKilledInstall:
    @pytest.mark.parametrize("words", ["Making a Python", "Processing", "Installing", "Successfully"])
    def test_shows_no_half_module(self, known: Environments, wheel: Make, tmp_path: Path, words: str) -> None:
        source = wheel("tiny")

        killed_at(words, source, tmp_path)

        assert known.list() == ()
        assert known.install(str(source)).name == "tiny"
        assert len(environments_on_disk(tmp_path)) == 1

    def test_leaves_the_old_module_in_place(self, known: Environments, wheel: Make, tmp_path: Path) -> None:
        first = known.install(str(wheel("tiny")))

        killed_at("Installing", wheel("tiny", version="2.0"), tmp_path)

        assert known.find("tiny") == first
        assert runs(known, first, "import tiny_code; print(1)") == "1"

    def test_lets_a_second_installation_wait_for_the_first(
        self, known: Environments, wheel: Make, tmp_path: Path
    ) -> None:
        source = str(wheel("tiny"))
        others = [Environments(tmp_path / "state" / "modules") for _ in range(2)]
        threads = [threading.Thread(target=each.install, args=(source,)) for each in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert len(environments_on_disk(tmp_path)) == 1
        assert runs(known, known.find("tiny"), "import tiny_code; print(1)") == "1"


@pytest.mark.heavy
class TestFind:
    @pytest.mark.parametrize("name", ["two-words", "two_words", "Two.Words"])
    def test_does_not_mind_the_spelling(self, known: Environments, wheel: Make, name: str) -> None:
        known.install(str(wheel("two-words")))

        assert known.find(name).name == "two-words"

    def test_names_the_nearest(self, installed_modules: Environments) -> None:
        with pytest.raises(errors.NotFound, match="there is no module 'countin'") as caught:
            installed_modules.find("countin")

        assert "Did you mean counting?" in caught.value.hint

    def test_says_how_to_install_the_first(self, known: Environments) -> None:
        with pytest.raises(errors.NotFound) as caught:
            known.find("counting")

        assert "pelagos install" in caught.value.hint

    def test_says_that_the_folder_is_gone(self, known: Environments, project: Make) -> None:
        folder = project("tiny")
        known.install(str(folder))

        folder.rename(folder.with_name("elsewhere"))

        with pytest.raises(errors.NotFound, match="is gone"):
            known.find("tiny")

    def test_finds_what_is_in_the_interpreter_of_pelagos(
        self, known: Environments, wheel: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        place = tmp_path / "site"
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-index",
            "--target",
            str(place),
            str(wheel("tiny")),
        ]
        subprocess.run([*command, "--disable-pip-version-check"], check=True)
        monkeypatch.syspath_prepend(place)

        found = known.find("tiny")

        assert (found.environment, str(found.python)) == (None, sys.executable)

    def test_says_that_the_interpreter_is_gone(self, known: Environments, project: Make) -> None:
        installed = known.install(str(project("tiny")))

        installed.python.unlink()

        with pytest.raises(errors.NotFound, match="the Python of module 'tiny' is gone") as caught:
            known.find("tiny")
        assert f"pelagos install {installed.source}" in caught.value.hint


@pytest.mark.heavy
class TestRemove:
    def test_deletes_module_and_environment(self, known: Environments, wheel: Make, tmp_path: Path) -> None:
        known.install(str(wheel("tiny")))

        known.remove("tiny")

        assert known.list() == ()
        assert environments_on_disk(tmp_path) == []

    def test_leaves_the_other_module_of_the_distribution(self, known: Environments, wheel: Make) -> None:
        known.install(str(wheel("pair", code=TWO, modules={"one": "pair_code:One", "other": "pair_code:Other"})))

        known.remove("one")

        assert runs(known, known.find("other"), "import pair_code; print(1)") == "1"

    def test_works_when_the_folder_is_gone(self, known: Environments, project: Make) -> None:
        folder = project("tiny")
        known.install(str(folder))
        folder.rename(folder.with_name("elsewhere"))

        known.remove("tiny")

        assert known.list() == ()

    def test_refuses_what_it_does_not_know(self, known: Environments) -> None:
        with pytest.raises(errors.NotFound):
            known.remove("tiny")


@pytest.mark.heavy
class TestDescribe:
    def test_gives_the_arguments_and_the_card(self, installed_modules: Environments) -> None:
        description = installed_modules.describe(installed_modules.find("counting"))

        assert [each["name"] for each in description["predict"]["parameters"]] == ["values", "scale", "file"]
        assert description["metadata"]["title"] == "Counting"
        assert description["metadata"]["version"] == "1.0.0"

    def test_follows_the_code_of_a_folder(self, known: Environments, project: Make) -> None:
        installed = known.install(str(project("tiny")))
        before = known.describe(installed)
        code = (installed.folder or Path()) / "tiny_code" / "__init__.py"

        code.write_text(code.read_text().replace("one number", "one small number"))
        after = known.describe(installed)

        assert (before["summary"], after["summary"]) == ("Answers with one number.", "Answers with one small number.")

    def test_follows_a_card_that_is_added(self, known: Environments, project: Make) -> None:
        installed = known.install(str(project("tiny")))
        before = known.describe(installed)

        ((installed.folder or Path()) / "module.toml").write_text('title = "Tiny"\nmade = 2026-01-01\n')
        after = known.describe(installed)

        assert "title" not in before["metadata"]
        assert (after["metadata"]["title"], after["metadata"]["made"]) == ("Tiny", "2026-01-01")

    def test_asks_the_module_only_once(self, known: Environments, project: Make, tmp_path: Path) -> None:
        count = f"open({str(tmp_path / 'count')!r}, 'a').write('x')\n"
        installed = known.install(str(project("tiny", code=count + CODE)))

        first, second = known.describe(installed), known.describe(installed)
        refreshed = known.describe(installed, refresh=True)

        assert first == second == refreshed
        assert (tmp_path / "count").read_text() == "xx"

    def test_does_not_mind_what_the_module_prints(self, known: Environments, project: Make) -> None:
        installed = known.install(str(project("tiny", code="print('{}' * 100000)\n" + CODE)))

        assert known.describe(installed)["name"] == "tiny"

    def test_shows_the_end_of_a_failing_import(self, known: Environments, project: Make) -> None:
        installed = known.install(str(project("tiny", code="raise OSError('no weights here')\n")))

        with pytest.raises(errors.ModuleFailed, match="cannot be imported: OSError: no weights here") as caught:
            known.describe(installed)

        assert "tiny_code/__init__.py" in caught.value.hint

    def test_tells_a_missing_dependency_apart(self, known: Environments, project: Make) -> None:
        installed = known.install(str(project("tiny", code="import no_such_package\n")))

        with pytest.raises(errors.ModuleFailed, match="No module named 'no_such_package'") as caught:
            known.describe(installed)

        assert "declare it" in caught.value.hint

    def test_ends_at_its_time_limit(self, known: Environments, project: Make, tmp_path: Path) -> None:
        installed = known.install(str(project("tiny", code="import threading; threading.Event().wait()\n")))
        hasty = Environments(tmp_path / "state" / "modules", describe_timeout_s=0.5)

        with pytest.raises(errors.Timeout, match=r"longer than 0\.5 s"):
            hasty.describe(installed)

    def test_refuses_a_card_that_is_no_toml(self, known: Environments, project: Make) -> None:
        installed = known.install(str(project("tiny")))
        ((installed.folder or Path()) / "module.toml").write_text("title = \n")

        with pytest.raises(errors.ModuleFailed, match=r"module\.toml of 'tiny' is not valid TOML"):
            known.describe(installed)


@pytest.mark.heavy
class TestAuthorPath:
    def test_holds_the_authors_room_only(self, installed_modules: Environments) -> None:
        path = installed_modules.author_path()

        assert [each.name for each in path.iterdir()] == ["pelagos"]
        assert sorted(each.name for each in (path / "pelagos").iterdir() if each.name != "__pycache__") == [
            "__init__.py",
            "module",
        ]

    @pytest.mark.parametrize("package", ["rich", "sqlalchemy", "pelagos.jobs", "pip"])
    def test_keeps_the_servers_packages_out(self, installed_modules: Environments, package: str) -> None:
        code = f"import pelagos.module, importlib.util; print(importlib.util.find_spec({package!r}))"

        assert runs(installed_modules, installed_modules.find("trivial"), code) == "None"

    def test_is_compiled_for_workers_that_may_not_write(self, known: Environments) -> None:
        room = known.author_path() / "pelagos" / "module"

        compiled = {each.name.partition(".")[0] for each in (room / "__pycache__").iterdir()}

        assert compiled == {each.stem for each in room.glob("*.py")}

    def test_is_the_same_for_all(self, known: Environments, tmp_path: Path) -> None:
        again = Environments(tmp_path / "state" / "modules")

        assert known.author_path() == again.author_path()


CODE = """
from pelagos.module import Module

class Tiny(Module):
    def predict(self) -> int: return 1
"""
