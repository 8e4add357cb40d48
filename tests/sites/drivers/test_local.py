"""This machine as a site, beyond what every site must do (`tests/conformance`)."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import waiting
from pelagos.domain import errors, resources, states
from pelagos.module import processes
from pelagos.sites import driver
from pelagos.sites.drivers import local

SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")
TELL = "import os, json; print(json.dumps(dict(os.environ)))"


@pytest.fixture
def token() -> Iterator[str]:
    """A token whose processes are ended after the test."""
    made = f"local-{os.getpid()}-{time.monotonic_ns()}"
    yield made
    waiting.until(lambda: not ended(made))


@pytest.fixture
def gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a program on PATH that answers as `nvidia-smi` does."""

    def install(script: str) -> None:
        program = tmp_path / "bin" / "nvidia-smi"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    return install


def ended(token: str) -> list[processes.Process]:
    """Kill what carries a token; gives what was there."""
    left = processes.of_run(token)
    processes.end(left)
    return left


def command(folder: Path, token: str, *arguments: str, **need: int) -> driver.Command:
    """A command that is no supervisor: what a driver does with it is seen without one."""
    folder.mkdir(exist_ok=True)
    return driver.Command(arguments or SLEEP, folder, {"EXTRA": "1"}, resources.Resources(**need), token)


class TestOffers:
    def test_are_the_cores_that_this_process_may_use(self) -> None:
        (offer,) = local.LocalDriver().offers(resources.Resources())

        assert offer.free is not None
        assert 1 <= (offer.free.cpus or 0) <= len(os.sched_getaffinity(0))
        assert (offer.free.memory_mb or 0) > 100

    @pytest.mark.parametrize(
        ("need", "reason"),
        [
            ({"cpus": 5000}, "It asks for 5000 cores; this machine has "),
            ({"memory_mb": 10**9}, "It asks for 1000000000 MiB; this machine has "),
            ({"gpus": 64}, "It asks for 64 GPUs; this machine has "),
        ],
    )
    def test_say_what_is_missing(self, need: dict[str, int], reason: str) -> None:
        (offer,) = local.LocalDriver().offers(resources.Resources(**need))

        assert not offer.possible
        assert offer.reasons[0].startswith(reason)

    def test_collect_all_reasons(self) -> None:
        (offer,) = local.LocalDriver().offers(resources.Resources(cpus=5000, memory_mb=10**9))

        assert len(offer.reasons) == 2

    def test_count_gpus_by_model(self, gpus: Callable[[str], None]) -> None:
        gpus("printf '0, NVIDIA H200, 5\\n1, NVIDIA H200, 7\\n2, Tesla T4, [N/A]\\n'")

        (offer,) = local.LocalDriver().offers(resources.Resources(gpus=3))

        assert offer.possible
        assert offer.gpus == {"NVIDIA H200": 2, "Tesla T4": 1}

    def test_have_no_gpus_when_the_driver_of_the_card_is_broken(self, gpus: Callable[[str], None]) -> None:
        gpus("echo 'Failed to initialize NVML'; exit 9")

        (offer,) = local.LocalDriver().offers(resources.Resources())

        assert offer.gpus == {}


class TestLaunch:
    def test_makes_the_run_nobodys_child(self, tmp_path: Path, token: str) -> None:
        local.LocalDriver().launch(command(tmp_path / "run", token))

        waiting.until(lambda: processes.of_run(token))
        (run,) = processes.of_run(token)
        assert run.parent != os.getpid()
        assert os.getsid(run.pid) != os.getsid(0)

    def test_leaves_no_zombie(self, tmp_path: Path, token: str) -> None:
        local.LocalDriver().launch(command(tmp_path / "run", token, "/bin/true"))

        waiting.until(lambda: not processes.of_run(token))

        mine = [process for process in processes.everybody() if process.parent == os.getpid()]
        assert [process for process in mine if process.state == "Z"] == []

    def test_gives_the_command_its_variables_and_the_token(self, tmp_path: Path, token: str) -> None:
        site = local.LocalDriver()

        handle = site.launch(command(tmp_path / "run", token, sys.executable, "-c", TELL))

        waiting.until(lambda: site.logs(handle, 0).endswith(b"}\n"))
        said = site.logs(handle, 0).decode()
        assert '"EXTRA": "1"' in said
        assert f'"PELAGOS_RUN": "{token}"' in said

    def test_gives_the_command_an_empty_standard_input(self, tmp_path: Path, token: str) -> None:
        site = local.LocalDriver()

        handle = site.launch(
            command(tmp_path / "run", token, sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))")
        )

        waiting.until(lambda: site.logs(handle, 0) == b"''\n")

    def test_refuses_a_program_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(errors.NotFound, match="/nowhere/python"):
            local.LocalDriver().launch(command(tmp_path / "run", "t", "/nowhere/python"))

    def test_keeps_a_run_on_the_cores_it_asked_for(self, tmp_path: Path, token: str) -> None:
        if len(os.sched_getaffinity(0)) < 2:
            pytest.skip("one core leaves nothing to choose")
        site = local.LocalDriver()
        site.launch(command(tmp_path / "first", token, cpus=1))
        waiting.until(lambda: cores(token))

        site.launch(command(tmp_path / "second", f"{token}-2", cpus=1))

        waiting.until(lambda: cores(f"{token}-2"))
        assert cores(token) != cores(f"{token}-2")
        ended(f"{token}-2")

    def test_gives_a_run_the_gpus_that_others_do_not_use(
        self, tmp_path: Path, token: str, gpus: Callable[[str], None]
    ) -> None:
        gpus("printf '0, NVIDIA H200, 5\\n1, NVIDIA H200, 9000\\n2, NVIDIA H200, 7\\n'")
        site = local.LocalDriver()
        site.launch(command(tmp_path / "first", token, gpus=1))
        waiting.until(lambda: devices(token))

        site.launch(command(tmp_path / "second", f"{token}-2", gpus=2))

        waiting.until(lambda: devices(f"{token}-2"))
        assert (devices(token), devices(f"{token}-2")) == ("0", "2,1")
        ended(f"{token}-2")


class TestPoll:
    def test_sees_a_run_on_its_way_as_waiting(self, tmp_path: Path, token: str) -> None:
        site = local.LocalDriver()

        handle = site.launch(command(tmp_path / "run", token))

        assert site.poll([handle])[0].sight == driver.Sight.WAITING

    def test_tells_the_last_words_of_a_run_that_never_began(self, tmp_path: Path, token: str) -> None:
        site = local.LocalDriver()
        handle = site.launch(command(tmp_path / "run", token, "/bin/sh", "-c", "echo one; echo why >&2; echo"))

        waiting.until(lambda: site.poll([handle])[0].sight == driver.Sight.VANISHED)

        seen = site.poll([handle])[0]
        assert (seen.reason, seen.message) == (states.Reason.START_FAILED, "why")

    def test_calls_a_run_lost_that_had_begun(self, tmp_path: Path) -> None:
        (tmp_path / "started").write_text('{"token": "t", "pid": 1, "time": 100.0}')

        (seen,) = local.LocalDriver().poll([{"folder": str(tmp_path), "token": "nobody-has-this"}])

        assert (seen.sight, seen.reason) == (driver.Sight.VANISHED, states.Reason.SITE_LOST)
        assert seen.started is not None
        assert seen.started.timestamp() == 100.0

    def test_concludes_nothing_from_files_it_does_not_understand(self, tmp_path: Path) -> None:
        (tmp_path / "outcome.json").write_text('{"reason": "of a later version"}')

        (seen,) = local.LocalDriver().poll([{"folder": str(tmp_path), "token": "t"}])

        assert seen.sight == driver.Sight.UNKNOWN
        assert "of a later version" in seen.message


class TestARunThatBeginsAtThatMoment:
    @pytest.mark.parametrize("look", range(1, 7))
    def test_is_never_taken_for_lost(self, tmp_path: Path, token: str, look: int) -> None:
        with beginning(tmp_path, token) as begin:
            seen = local._sighting(Watched(tmp_path, look, begin), token)

        assert seen.sight in (driver.Sight.WAITING, driver.Sight.ALIVE)


class TestStop:
    def test_kills_orphans_by_their_token_and_nobody_else(self, tmp_path: Path, token: str) -> None:
        site = local.LocalDriver()
        handle = site.launch(command(tmp_path, token))
        waiting.until(lambda: processes.of_run(token))
        (tmp_path / "started").write_text(f'{{"token": "{token}", "pid": 1, "time": 100.0}}')

        with subprocess.Popen(SLEEP, env={**os.environ, "PELAGOS_RUN": f"{token}x"}) as other:
            with pytest.raises(errors.NotYet):
                site.stop(handle)
            waiting.until(lambda: not processes.of_run(token))
            site.stop(handle)

            assert other.poll() is None
            other.kill()

    def test_is_silent_when_even_the_folder_is_gone(self, tmp_path: Path) -> None:
        local.LocalDriver().stop({"folder": str(tmp_path / "gone"), "token": "nobody-has-this"})

        assert not (tmp_path / "gone").exists()


class Watched(type(Path())):  # type: ignore[misc]
    """A run folder in which something happens before one of the looks into it."""

    def __new__(cls, place: Path, look: int, act: Callable[[], None]) -> Watched:
        made: Watched = super().__new__(cls, place)
        made._looks = iter([*[lambda: None] * (look - 1), act])
        return made

    def __truediv__(self, name: str) -> Path:
        next(self._looks, lambda: None)()
        return Path(self) / name


@contextlib.contextmanager
def beginning(folder: Path, token: str) -> Iterator[Callable[[], None]]:
    """Launch what begins when it is told to: it takes the lock, then it leaves the mark."""
    begins = f"""
import sys
from pelagos.module import lock
print(flush=True)
sys.stdin.readline()
held = lock.hold({str(folder / "lock")!r})
open({str(folder / "started")!r}, "w").write('{{"token": "", "pid": 1, "time": 100.0}}')
print(flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", begins]
    environment = {**os.environ, "PELAGOS_RUN": token}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said, told = process.stdout, process.stdin
        said.readline()

        def begin() -> None:
            told.write("\n")
            told.flush()
            said.readline()

        yield begin
        told.close()


def cores(token: str) -> str | None:
    """The cores that a run was given."""
    found = processes.of_run(token)
    return processes.variable(found[0].pid, "PELAGOS_CPUS") if found else None


def devices(token: str) -> str | None:
    """The accelerators that a run was given."""
    found = processes.of_run(token)
    return processes.variable(found[0].pid, "CUDA_VISIBLE_DEVICES") if found else None
