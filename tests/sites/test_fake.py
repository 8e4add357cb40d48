"""The site that runs nothing does what it is told. That it is a site at all shows `tests/conformance`."""

from __future__ import annotations

from pathlib import Path

import pytest

from pelagos.domain import errors, resources, states
from pelagos.sites import driver, fake


def command(folder: Path, token: str = "t") -> driver.Command:
    """A command whose run waits to be told."""
    folder.mkdir(exist_ok=True)
    (folder / "spec.json").write_text('{"arguments": {}}')
    return driver.Command(("/bin/true",), folder, {}, resources.Resources(), token)


class TestARun:
    def test_waits_until_it_is_told_to_begin_and_to_end(self, tmp_path: Path) -> None:
        site = fake.FakeDriver(tmp_path / "site")
        handle = site.launch(command(tmp_path / "run"))
        seen = [site.poll([handle])[0].sight]

        site.begin("t")
        seen.append(site.poll([handle])[0].sight)
        site.end("t", states.Reason.TIME_LIMIT, "too long")
        ended = site.poll([handle])[0]

        assert seen == [driver.Sight.WAITING, driver.Sight.ALIVE]
        assert (ended.sight, ended.reason, ended.message) == (
            driver.Sight.ENDED,
            states.Reason.TIME_LIMIT,
            "too long",
        )
        assert (tmp_path / "run" / "started").exists()

    def test_vanishes_when_it_is_told_to(self, tmp_path: Path) -> None:
        site = fake.FakeDriver(tmp_path / "site")
        handle = site.launch(command(tmp_path / "run"))

        site.vanish("t")

        assert site.poll([handle])[0].sight == driver.Sight.VANISHED

    def test_that_was_never_launched_cannot_be_told_anything(self, tmp_path: Path) -> None:
        with pytest.raises(errors.NotFound):
            fake.FakeDriver(tmp_path / "site").begin("t")


class TestLaunches:
    def test_are_all_calls_and_every_process_sees_them(self, tmp_path: Path) -> None:
        site = fake.FakeDriver(tmp_path / "site")
        for token in ("a", "b", "a"):
            site.launch(command(tmp_path / "run", token))

        assert fake.FakeDriver(tmp_path / "site").launches == ["a", "b", "a"]


class TestAnUnreachableSite:
    def test_answers_nothing(self, tmp_path: Path) -> None:
        site = fake.FakeDriver(tmp_path / "site")
        handle = site.launch(command(tmp_path / "run"))
        (tmp_path / "site" / "unreachable").touch()

        with pytest.raises(errors.SiteUnreachable):
            site.poll([handle])
        with pytest.raises(errors.SiteUnreachable):
            site.launch(command(tmp_path / "run", "other"))
        assert site.launches == ["t"]
