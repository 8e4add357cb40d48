"""What every site driver must do, as one test class: derive from it, say how to make your driver, run pytest.

class TestMySite(SiteConformance):
    def make(self, folder: Path) -> driver.SiteDriver:
        return MyDriver(...)
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pelagos
from pelagos.domain import errors, resources, states
from pelagos.sites import driver

SLEEPER = """
import time
from pelagos.module import Module


class Sleeper(Module):
    def train(self, run, seconds: float = 0.0, text: str = ""):
        print(text)
        time.sleep(seconds)
"""
LONG_S = 60.0
"""Longer than any test waits."""


class SiteConformance:
    """The tests. The commands they launch run the supervisor with a module that prints and sleeps."""

    patience_s = 20.0
    """How long the site may take to show what happened; raise it for a site with a queue."""
    python = sys.executable
    """An interpreter on the site."""

    def make(self, folder: Path) -> driver.SiteDriver:
        """Make a driver. Called twice in a test with the same folder it must talk to the same site."""
        raise NotImplementedError

    @pytest.fixture
    def site(self, tmp_path: Path) -> Iterator[_Bench]:
        """Give the driver of one test, and end what the test has left running."""
        bench = _Bench(self.make(tmp_path / "site"), tmp_path, self.python, self.patience_s)
        yield bench
        bench.clean_up()

    def test_tells_what_it_has_and_when_it_looked(self, site: _Bench) -> None:
        """An offer is dated and has no reason against it."""
        offers = site.driver.offers(resources.Resources())

        assert offers
        assert all(offer.dated is not None and offer.dated.tzinfo is not None for offer in offers)
        assert any(offer.possible for offer in offers)

    def test_says_why_it_cannot_give_what_nobody_has(self, site: _Bench) -> None:
        """A million cores are refused with a reason, not with an exception."""
        offers = site.driver.offers(resources.Resources(cpus=10**6))

        assert all(offer.reasons for offer in offers)

    def test_gives_a_handle_of_plain_json(self, site: _Bench) -> None:
        """What `launch` gives survives a trip through the database."""
        handle = site.driver.launch(site.command("plain"))

        assert json.loads(json.dumps(handle)) == handle

    def test_runs_a_job_to_its_end(self, site: _Bench) -> None:
        """A run that ended well is seen as such, with its times."""
        handle = site.driver.launch(site.command("ends"))

        seen = site.await_sight(handle, driver.Sight.ENDED)

        assert seen.reason == states.Reason.FINISHED
        assert seen.started is not None
        assert seen.finished is not None
        assert seen.started <= seen.finished

    def test_sees_a_running_job_alive(self, site: _Bench) -> None:
        """A run that goes on is alive, and has a start."""
        handle = site.driver.launch(site.command("lives", seconds=LONG_S))

        seen = site.await_sight(handle, driver.Sight.ALIVE)

        assert seen.started is not None

    def test_finds_a_run_again_by_its_handle_alone(self, site: _Bench, tmp_path: Path) -> None:
        """A driver made after a restart sees and stops what the one before it launched."""
        handle = json.loads(json.dumps(site.driver.launch(site.command("found", seconds=LONG_S))))
        site.driver = self.make(tmp_path / "site")

        site.await_sight(handle, driver.Sight.ALIVE)
        site.stop(handle)

        site.await_sight(handle, driver.Sight.ENDED)

    def test_starts_no_second_run_for_the_same_token(self, site: _Bench) -> None:
        """Launching again what runs gives an equal handle and nothing else."""
        command = site.command("once", seconds=LONG_S, text="begun")
        first = site.driver.launch(command)
        site.await_sight(first, driver.Sight.ALIVE)
        site.await_(lambda: site.driver.logs(first, 0) == b"begun\n")

        second = site.driver.launch(command)

        assert second == first
        site.await_sight(second, driver.Sight.ALIVE)
        assert site.driver.logs(first, 0) == b"begun\n"

    def test_starts_no_second_run_after_the_end(self, site: _Bench) -> None:
        """Launching again what has ended does not run it again."""
        command = site.command("over", text="begun")
        handle = site.driver.launch(command)
        site.await_sight(handle, driver.Sight.ENDED)

        again = site.driver.launch(command)

        assert again == handle
        assert site.driver.poll([again])[0].sight == driver.Sight.ENDED
        assert site.driver.logs(again, 0) == b"begun\n"

    def test_answers_for_every_handle_in_order(self, site: _Bench) -> None:
        """One call tells of many runs."""
        over = site.driver.launch(site.command("over"))
        on = site.driver.launch(site.command("on", seconds=LONG_S))
        site.await_sight(over, driver.Sight.ENDED)
        site.await_sight(on, driver.Sight.ALIVE)

        seen = site.driver.poll([on, over, on])

        assert [one.sight for one in seen] == [driver.Sight.ALIVE, driver.Sight.ENDED, driver.Sight.ALIVE]

    def test_stops_a_run(self, site: _Bench) -> None:
        """A stopped run ends as cancelled."""
        handle = site.driver.launch(site.command("stopped", seconds=LONG_S))
        site.await_sight(handle, driver.Sight.ALIVE)

        site.stop(handle)

        assert site.await_sight(handle, driver.Sight.ENDED).reason == states.Reason.CANCELLED_BY_USER

    def test_is_silent_when_it_stops_what_is_gone(self, site: _Bench) -> None:
        """A second stop, and one after the end, do nothing."""
        handle = site.driver.launch(site.command("gone"))
        site.await_sight(handle, driver.Sight.ENDED)
        site.stop(handle)

        site.driver.stop(handle)

        assert site.driver.poll([handle])[0].reason == states.Reason.FINISHED

    def test_gives_the_log_from_any_byte(self, site: _Bench) -> None:
        """A follower asks from where it stopped reading, and gets nothing at the end."""
        handle = site.driver.launch(site.command("talks", text="one two"))
        site.await_sight(handle, driver.Sight.ENDED)

        assert site.driver.logs(handle, 0) == b"one two\n"
        assert site.driver.logs(handle, 4) == b"two\n"
        assert site.driver.logs(handle, 8) == b""

    def test_keeps_a_command_running_until_it_is_stopped(self, site: _Bench) -> None:
        """A spec of kind `command`, which deployments are, lives under the same supervisor as a job."""
        if driver.Ability.SERVICE not in site.driver.can:
            pytest.skip("this site keeps no services running")
        handle = site.driver.launch(site.service("echo up; exec sleep 600"))
        site.await_sight(handle, driver.Sight.ALIVE)
        site.await_(lambda: site.driver.logs(handle, 0) == b"up\n")

        site.stop(handle)

        assert site.await_sight(handle, driver.Sight.ENDED).reason == states.Reason.CANCELLED_BY_USER

    def test_tells_of_a_run_that_could_not_begin(self, site: _Bench) -> None:
        """A run without a spec never begins: `launch` raises, or the run is seen to have vanished, and why."""
        command = site.command("nothing")
        (command.folder / "spec.json").unlink()

        try:
            handle = site.driver.launch(command)
        except errors.PelagosError:
            return

        assert site.await_sight(handle, driver.Sight.VANISHED).reason == states.Reason.START_FAILED


class _Bench:
    """The driver of one test, and commands for it."""

    def __init__(self, tested: driver.SiteDriver, folder: Path, python: str, patience_s: float) -> None:
        self.driver = tested
        self._folder = folder
        self._python = python
        self._patience_s = patience_s
        self._code = folder / "code"
        self._code.mkdir()
        (self._code / "sleeper.py").write_text(SLEEPER, encoding="utf-8")
        (self._code / "pelagos").symlink_to(Path(pelagos.__file__).parent)
        self._tokens: list[driver.Command] = []

    def command(self, name: str, **arguments: Any) -> driver.Command:
        """Make the run folder and the command of a run that prints `text` and sleeps for `seconds`."""
        run = self._folder / "runs" / name
        run.mkdir(parents=True)
        token = f"{name}-{time.time_ns()}"
        spec = {
            "id": name,
            "kind": "training",
            "token": token,
            "module": {"name": "sleeper", "kind": "native", "entry": "sleeper:Sleeper", "cwd": None},
            "arguments": {"seconds": 0.0, **arguments},
            "resources": {},
            "cache": str(self._folder / "cache"),
            "resume": None,
        }
        (run / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
        command = driver.Command(
            arguments=(self._python, "-m", "pelagos.module.job", str(run / "spec.json")),
            folder=run,
            environment={"PYTHONPATH": str(self._code), "PYTHONUNBUFFERED": "1"},
            resources=resources.Resources(),
            token=token,
        )
        self._tokens.append(command)
        return command

    def service(self, script: str) -> driver.Command:
        """Make the run folder and the command of a shell script that is kept running."""
        made = self.command("service")
        spec = json.loads((made.folder / "spec.json").read_text(encoding="utf-8"))
        del spec["module"]
        spec.update(kind="command", command=["/bin/sh", "-c", script])
        (made.folder / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
        return made

    def await_sight(self, handle: driver.Handle, wanted: driver.Sight) -> driver.Sighting:
        """Look until the run is seen so; fails when it is not in time."""
        self.await_(lambda: self.driver.poll([handle])[0].sight == wanted)
        return self.driver.poll([handle])[0]

    def stop(self, handle: driver.Handle) -> None:
        """Stop a run, asking as often as the driver wants to be asked."""
        self.await_(lambda: self._stopped(handle))

    def await_(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds; fails when it does not in time."""
        deadline = time.monotonic() + self._patience_s
        while not condition():
            assert time.monotonic() < deadline, "the site did not show it in time"
            time.sleep(0.02)

    def clean_up(self) -> None:
        """Stop every run of the test. Launching again gives the handle, and starts nothing."""
        for command in self._tokens:
            if (command.folder / "spec.json").exists():
                self.stop(self.driver.launch(command))

    def _stopped(self, handle: driver.Handle) -> bool:
        try:
            self.driver.stop(handle)
        except errors.NotYet:
            return False
        return True
