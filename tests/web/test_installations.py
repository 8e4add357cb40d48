from __future__ import annotations

import threading
from collections.abc import Callable

from pelagos import environments
from pelagos.domain import errors
from pelagos.web import installations

PATIENCE_S = 20


def ended(found: installations.Installations, name: str) -> installations.Installation:
    waiting, deadline = threading.Event(), 1000
    while (seen := found.of(name)) is None or not seen.ended:
        deadline -= 1
        assert deadline
        waiting.wait(0.02)
    return seen


class TestInstallations:
    def test_tell_their_steps_and_their_end(self) -> None:
        told, going_on = threading.Event(), threading.Event()

        def install(source: str, progress: environments.Progress) -> None:
            progress(environments.Step(f"Fetching {source}", 1, 4))
            told.set()
            going_on.wait(PATIENCE_S)

        found = installations.Installations(install)
        found.begin("birds", "./birds")
        assert told.wait(PATIENCE_S)
        seen = found.of("birds")
        going_on.set()

        assert seen is not None
        assert (seen.step, seen.fraction, seen.ended) == ("Fetching ./birds", 0.25, False)
        assert (ended(found, "birds").step, ended(found, "birds").error) == ("Installed", "")

    def test_of_one_module_go_on_once(self) -> None:
        going_on, begun = threading.Event(), []

        def install(source: str, _: environments.Progress) -> None:
            begun.append(source)
            going_on.wait(PATIENCE_S)

        found = installations.Installations(install)
        both = [found.begin("birds", source) for source in ("./birds", "./other")]
        going_on.set()
        ended(found, "birds")

        assert both[0].source == both[1].source == "./birds"
        assert begun == ["./birds"]

    def test_say_why_they_failed_and_can_be_begun_again(self) -> None:
        outcomes: list[Callable[[], None]] = [lambda: None, _fail]

        def install(_: str, __: environments.Progress) -> None:
            outcomes.pop()()

        found = installations.Installations(install)
        found.begin("birds", "./birds")
        first = ended(found, "birds")
        found.begin("birds", "./birds")

        assert (first.error, first.hint) == ("pip says no", "Ask it why.")
        assert ended(found, "birds").error == ""


def _fail() -> None:
    raise errors.EnvironmentFailed("pip says no", hint="Ask it why.")
