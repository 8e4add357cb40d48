"""What a source brings: versions of cards that stay, and the faults of those that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

import pelagos.db
from catalog import origins
from pelagos.catalog import source_store, sources, store
from pelagos.catalog.source_store import Kind
from pelagos.domain import clock


@pytest.fixture
def cards(database: pelagos.db.Database) -> store.Store:
    return store.Store(database)


class TestVersions:
    def test_stay_when_the_repository_goes_on(
        self, known: sources.Sources, cards: store.Store, time: clock.FixedClock, tmp_path: Path
    ) -> None:
        origin = origins.repository(tmp_path / "plankton", "Before")
        known.add(origin.as_uri())
        known.refresh()
        first = cards.get("plankton")
        time.move(60)
        origins.module(origin, "After")
        origins.committed(origin)

        known.refresh()

        found = cards.versions("plankton")
        assert [each.commit for each in found] == [cards.get("plankton").commit, first.commit]
        assert cards.version("plankton", first.commit) == first

    def test_stay_when_their_source_goes(self, known: sources.Sources, cards: store.Store, tmp_path: Path) -> None:
        known.add(str(origins.module(tmp_path / "one", "One")))
        known.refresh()

        known.remove("one")

        (left,) = cards.versions("one")
        assert (cards.names(), cards.version("one", left.version).card.title) == ((), "One")


class TestFaults:
    BROKEN = 'title = "Two"\nsummary = "no end\n'

    @pytest.fixture
    def origin(self, tmp_path: Path) -> Path:
        """A repository with two modules, of which one is about to break."""
        origins.module(tmp_path / "many" / "one", "One")
        origins.module(tmp_path / "many" / "two", "Two")
        origins.git(tmp_path / "many", "init", "-q")
        return origins.committed(tmp_path / "many")

    @pytest.mark.parametrize("kind", [Kind.FOLDER, Kind.GIT, Kind.INDEX])
    def test_of_a_broken_card_say_where_and_leave_the_last_good_one(
        self, known: sources.Sources, cards: store.Store, tmp_path: Path, origin: Path, kind: Kind
    ) -> None:
        listed = tmp_path / "MODULES.yml"
        listed.write_text(f"- {origin.as_uri()}\n")
        known.add({Kind.FOLDER: str(origin), Kind.GIT: origin.as_uri(), Kind.INDEX: str(listed)}[kind])
        known.refresh()
        (origin / "two" / "module.toml").write_text(self.BROKEN)
        origins.committed(origin)

        (found,) = known.refresh()

        (fault,) = found.faults
        place = "two/module.toml" if kind is Kind.FOLDER else "many/two/module.toml"
        assert (fault.module, fault.file, fault.line, fault.column) == ("two", place, 2, 18)
        assert fault.suggestion.startswith("Write key =")
        assert found.error == "the card of two cannot be read"
        assert (cards.names(), cards.get("two").card.title) == (("one", "two"), "Two")

    def test_are_gone_when_the_card_is_whole_again(
        self, known: sources.Sources, cards: store.Store, origin: Path
    ) -> None:
        (origin / "two" / "module.toml").write_text(self.BROKEN)
        known.add(str(origin))
        (broken,) = known.refresh()
        origins.module(origin / "two", "Whole")

        (whole,) = known.refresh()

        assert (len(broken.faults), whole.faults, whole.error) == (1, (), "")
        assert cards.get("two").card.title == "Whole"

    def test_make_no_card_of_a_file_that_may_be_something_else(
        self, known: sources.Sources, cards: store.Store, origin: Path
    ) -> None:
        (origin / "data").mkdir()
        (origin / "data" / "metadata.json").write_text("{rows")
        known.add(str(origin))

        (found,) = known.refresh()

        assert cards.names() == ("one", "two")
        assert [(each.module, each.file) for each in found.faults] == [("data", "data/metadata.json")]

    def test_stay_while_the_source_does_not_answer(self, known: sources.Sources, origin: Path) -> None:
        (origin / "two" / "module.toml").write_text(self.BROKEN)
        known.add(str(origin))
        (before,) = known.refresh()
        origin.rename(origin.with_name("moved"))

        (found,) = known.refresh()

        assert found.faults == before.faults != ()

    def test_are_told_of_a_card_that_can_be_read_for_the_most_part(
        self, known: sources.Sources, cards: store.Store, tmp_path: Path
    ) -> None:
        known.add(str(origins.module(tmp_path / "one", "One", CITATION__cff="doi: nowhere\n")))

        (found,) = known.refresh()

        assert [str(each)[:20] for each in found.faults] == ["CITATION.cff:1:1: er"]
        assert (found.error, cards.names()) == ("", ("one",))

    def test_hold_nothing_that_steers_a_terminal(self, known: sources.Sources, tmp_path: Path) -> None:
        folder = origins.module(tmp_path / "one", "One")
        (folder / "metadata.json").write_text('{"a\\u001b[2J": 1, "a\\u001b[2J": 2}')
        known.add(str(folder))

        (found,) = known.refresh()

        assert [each.message for each in found.faults] == ["The key “a\ufffd[2J” comes twice; the last one counts."]

    def test_are_kept_up_to_a_number(self, known: sources.Sources, tmp_path: Path) -> None:
        authors = "".join(f"[[authors]]\nname = {number}\n" for number in range(source_store.MOST_FAULTS + 1))
        folder = origins.module(tmp_path / "one", "One")
        (folder / "module.toml").write_text(f'title = "One"\n{authors}')
        known.add(str(folder))

        (found,) = known.refresh()

        assert len(found.faults) == source_store.MOST_FAULTS
