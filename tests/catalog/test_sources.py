"""Sources bring cards into the catalog, keep the last good ones, and take away what is gone."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic

import pytest

import databases
import pelagos.db
from catalog import origins
from pelagos import environments
from pelagos.catalog import sources, store
from pelagos.catalog.source_store import Kind
from pelagos.domain import clock, errors
from pelagos.environments import records


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def cards(database: pelagos.db.Database) -> store.Store:
    return store.Store(database)


@databases.BOTH
class TestAdd:
    @pytest.mark.parametrize(
        ("location", "kind"),
        [
            ("https://example.org/group/plankton.git", Kind.GIT),
            ("git@example.org:group/plankton.git", Kind.GIT),
            ("https://example.org/group/plankton/raw/MODULES.yml", Kind.INDEX),
        ],
    )
    def test_knows_what_a_location_is(self, known: sources.Sources, location: str, kind: Kind) -> None:
        made = known.add(location)

        assert (made.kind, made.location, made.refreshed) == (kind, location, None)

    def test_gives_each_a_short_id(self, known: sources.Sources) -> None:
        made = [known.add(f"https://example.org/{group}/plankton") for group in "abc"]

        assert [each.id for each in made] == ["plankton", "plankton-2", "plankton-3"]

    def test_refuses_the_same_twice(self, known: sources.Sources, tmp_path: Path) -> None:
        known.add(str(tmp_path))

        with pytest.raises(errors.Conflict):
            known.add(str(tmp_path))

    @pytest.mark.parametrize(
        "location",
        [
            "",
            "nowhere",
            "ext::sh -c touch% x",
            "--upload-pack=x",
            "https://me:secret@example.org/x",
            "https://ghp_token@example.org/x",
            "/" + "a" * 300,
            f"https://example.org/{'a' * 2000}",
        ],
    )
    def test_refuses_what_is_no_location(self, known: sources.Sources, location: str) -> None:
        with pytest.raises(errors.InvalidInput) as caught:
            known.add(location)

        assert list(caught.value.faults) == ["location"]
        assert known.list() == ()

    @pytest.mark.parametrize("location", ["http://node:5000", "https://example.org/base/v2/"])
    def test_says_how_the_modules_of_a_server_are_listed(self, known: sources.Sources, location: str) -> None:
        with pytest.raises(errors.InvalidInput, match="is the address of a server") as caught:
            known.add(location)

        assert f"pelagos install {location}." in caught.value.hint
        assert known.add(location, "git").kind is Kind.GIT

    def test_refuses_a_kind_that_is_none(self, known: sources.Sources, tmp_path: Path) -> None:
        with pytest.raises(errors.InvalidInput):
            known.add(str(tmp_path), "installed")


class TestFolder:
    def test_may_be_one_module_or_hold_many(self, known: sources.Sources, cards: store.Store, tmp_path: Path) -> None:
        origins.module(tmp_path / "one", "One")
        origins.module(tmp_path / "many" / "modules" / "two", "Two")
        origins.module(tmp_path / "many" / "three", "Three")
        known.add(str(tmp_path / "one"))
        known.add(str(tmp_path / "many"))

        found = known.refresh()

        assert {each.id: (each.cards, each.error) for each in found} == {"one": (1, ""), "many": (2, "")}
        assert cards.names() == ("one", "three", "two")

    def test_names_a_card_as_its_module_is_installed(
        self, known: sources.Sources, cards: store.Store, tmp_path: Path
    ) -> None:
        project = '[project.entry-points."pelagos.modules"]\nplankton = "a:B"\n'
        known.add(str(origins.module(tmp_path / "some-folder", "Plankton", pyproject__toml=project)))

        known.refresh()

        assert cards.names() == ("plankton",)

    def test_takes_no_other_metadata_for_a_card(
        self, known: sources.Sources, cards: store.Store, tmp_path: Path
    ) -> None:
        origins.module(tmp_path / "many" / "one", "One")
        (tmp_path / "many" / "data").mkdir()
        (tmp_path / "many" / "data" / "metadata.json").write_text('{"columns": 3}')
        known.add(str(tmp_path / "many"))

        known.refresh()

        assert cards.names() == ("one",)

    def test_keeps_its_cards_when_it_is_gone(
        self, known: sources.Sources, cards: store.Store, time: clock.FixedClock, tmp_path: Path
    ) -> None:
        folder = origins.module(tmp_path / "one", "One")
        known.add(str(folder))
        (good,) = known.refresh()
        folder.rename(tmp_path / "elsewhere")
        time.move(60)

        (bad,) = known.refresh()

        assert cards.names() == ("one",)
        assert "there is no folder" in bad.error
        assert (bad.refreshed, bad.tried) == (good.refreshed, time.now())

    def test_keeps_a_card_that_became_unreadable(
        self, known: sources.Sources, cards: store.Store, tmp_path: Path
    ) -> None:
        folder = origins.module(tmp_path / "one", "One")
        known.add(str(folder))
        known.refresh()
        (folder / "module.toml").write_bytes(b"\xff")

        (found,) = known.refresh()

        assert cards.get("one").card.title == "One"
        assert found.error == "the card of one cannot be read"
        assert [str(each) for each in found.faults] == [
            "module.toml:1:1: error: The file is no text in UTF-8 from here on. Save it as UTF-8."
        ]

    def test_loses_the_cards_that_left_it(self, known: sources.Sources, cards: store.Store, tmp_path: Path) -> None:
        origins.module(tmp_path / "many" / "one", "One")
        two = origins.module(tmp_path / "many" / "two", "Two")
        known.add(str(tmp_path / "many"))
        known.refresh()
        (two / "module.toml").unlink()

        known.refresh()

        assert cards.names() == ("one",)

    def test_changes_nothing_when_nothing_has_changed(
        self, known: sources.Sources, cards: store.Store, tmp_path: Path
    ) -> None:
        known.add(str(origins.module(tmp_path / "one", "One")))
        known.refresh()
        before = cards.snapshot()

        known.refresh()

        assert cards.snapshot() is before

    def test_leaves_a_name_to_the_source_that_had_it_first(
        self, known: sources.Sources, cards: store.Store, tmp_path: Path
    ) -> None:
        known.add(str(origins.module(tmp_path / "a" / "one", "First")))
        known.add(str(origins.module(tmp_path / "b" / "one", "Second")))

        _, second = known.refresh()

        assert cards.get("one").card.title == "First"
        assert "one is left out: there is one from one" in second.error


class TestGit:
    def test_gives_each_card_its_commit(self, known: sources.Sources, cards: store.Store, tmp_path: Path) -> None:
        origin = origins.repository(tmp_path / "plankton", "Plankton")
        known.add(origin.as_uri())

        (found,) = known.refresh()

        assert found.commit == origins.git(origin, "rev-parse", "HEAD")
        assert (cards.get("plankton").commit, cards.get("plankton").source) == (found.commit, "plankton")

    def test_follows_the_repository(self, known: sources.Sources, cards: store.Store, tmp_path: Path) -> None:
        origin = origins.repository(tmp_path / "plankton", "Before")
        known.add(origin.as_uri())
        known.refresh()
        origins.module(origin, "After")
        origins.committed(origin)

        (found,) = known.refresh()

        assert cards.get("plankton").card.title == "After"
        assert found.commit == origins.git(origin, "rev-parse", "HEAD")

    def test_keeps_the_last_good_cards(self, known: sources.Sources, cards: store.Store, tmp_path: Path) -> None:
        origin = origins.repository(tmp_path / "plankton", "Plankton")
        known.add(origin.as_uri())
        (good,) = known.refresh()
        origin.rename(tmp_path / "moved")

        (bad,) = known.refresh()

        assert cards.get("plankton").commit == good.commit == bad.commit
        assert "plankton: " in bad.error
        assert bad.refreshed == good.refreshed

    def test_says_at_once_that_there_is_none(self, known: sources.Sources, tmp_path: Path) -> None:
        known.add((tmp_path / "nowhere").as_uri())

        (found,) = known.refresh()

        assert (found.cards, found.refreshed) == (0, None)
        assert "nowhere" in found.error

    def test_fetches_no_weights(self, known: sources.Sources, tmp_path: Path) -> None:
        origin = origins.module(
            tmp_path / "plankton", "Plankton", weights__bin="x" * 1000, LICENSE="MIT", README__md="# Hi"
        )
        origins.git(origin, "init", "-q")
        origins.committed(origin)
        known.add(origin.as_uri())

        known.refresh()

        files = {path.name for path in (tmp_path / "clones" / "plankton").rglob("*") if path.is_file()}
        assert files == {"module.toml", "LICENSE", "README.md"}

    def test_survives_what_a_crash_left(self, known: sources.Sources, tmp_path: Path) -> None:
        origin = origins.repository(tmp_path / "plankton", "Before")
        known.add(origin.as_uri())
        known.refresh()
        (clone,) = (tmp_path / "clones" / "plankton").iterdir()
        (clone / ".new-1").mkdir()
        origins.module(origin, "After")
        origins.committed(origin)

        (found,) = known.refresh()

        assert found.error == ""
        assert [path.name for path in clone.iterdir()] == [found.commit]

    def test_is_read_by_several_at_once(
        self, cards: store.Store, database: pelagos.db.Database, time: clock.FixedClock, tmp_path: Path
    ) -> None:
        made = [sources.Sources(cards, database, folder=tmp_path / "clones", clock=time) for _ in range(4)]
        made[0].add(origins.repository(tmp_path / "plankton", "Plankton").as_uri())

        threads = [threading.Thread(target=each.refresh) for each in made]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        (clone,) = (tmp_path / "clones" / "plankton").iterdir()
        assert [path.name for path in clone.iterdir()] == [made[0].get("plankton").commit]
        assert made[0].get("plankton").error == ""

    @databases.BOTH
    def test_survives_a_kill_in_the_middle(
        self, known: sources.Sources, cards: store.Store, tmp_path: Path, database_url: str
    ) -> None:
        origin = origins.repository(tmp_path / "plankton", "Plankton")
        known.add(origin.as_uri())
        reading = (
            "import sys, pathlib, pelagos.db\nfrom pelagos import catalog\nfrom pelagos.domain import clock\n"
            "database = pelagos.db.connect(sys.argv[1])\nprint('ready', flush=True)\n"
            "made = catalog.Sources(catalog.Store(database), database, folder=pathlib.Path(sys.argv[2]),"
            " clock=clock.SystemClock())\nmade.refresh()\n"
        )
        words = [sys.executable, "-c", reading, database_url, str(tmp_path / "clones")]
        with subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True) as killed:
            assert killed.stdout is not None
            killed.stdout.readline()
            clone = tmp_path / "clones" / "plankton"
            deadline = monotonic() + 30
            while not list(clone.glob("*/.new-*")) and monotonic() < deadline and killed.poll() is None:
                pass
            with contextlib.suppress(ProcessLookupError):  # On a fast disk it may have just ended.
                os.killpg(killed.pid, signal.SIGKILL)

        (found,) = known.refresh()

        assert (found.error, cards.names()) == ("", ("plankton",))
        assert [path.name for path in clone.glob("*/*")] == [found.commit]


class TestIndex:
    def test_lists_repositories_as_deep_did(self, known: sources.Sources, cards: store.Store, tmp_path: Path) -> None:
        lines = [f"- module: {origins.repository(tmp_path / name, name.title()).as_uri()}\n" for name in ("one", "two")]
        (tmp_path / "MODULES.yml").write_text("---\n" + "".join(lines))
        known.add(str(tmp_path / "MODULES.yml"))

        (found,) = known.refresh()

        assert (found.kind, found.cards, found.error) == (Kind.INDEX, 2, "")
        assert cards.get("two").commit == origins.git(tmp_path / "two", "rev-parse", "HEAD")

    def test_may_be_a_repository_with_submodules(
        self, known: sources.Sources, cards: store.Store, tmp_path: Path
    ) -> None:
        origins.repository(tmp_path / "one", "One")
        catalog = tmp_path / "modules-catalog"
        catalog.mkdir()
        (catalog / ".gitmodules").write_text('[submodule "one"]\n\tpath = one\n\turl = ../one\n\tbranch = main\n')
        origins.git(catalog, "init", "-q")
        origins.committed(catalog)
        known.add(catalog.as_uri(), "index")

        (found,) = known.refresh()

        assert (found.error, cards.names()) == ("", ("one",))
        assert found.commit == origins.git(catalog, "rev-parse", "HEAD")

    def test_goes_on_without_a_repository_that_fails(
        self, known: sources.Sources, cards: store.Store, tmp_path: Path
    ) -> None:
        good = origins.repository(tmp_path / "good", "Good").as_uri()
        lost = origins.repository(tmp_path / "lost", "Lost").as_uri()
        (tmp_path / "MODULES.yml").write_text(f"- {lost}\n- {good}\n- {(tmp_path / 'never').as_uri()}\n")
        known.add(str(tmp_path / "MODULES.yml"))
        known.refresh()
        (tmp_path / "lost").rename(tmp_path / "moved")

        (found,) = known.refresh()

        assert cards.names() == ("good", "lost")
        assert "lost: " in found.error
        assert "never: " in found.error

    def test_from_the_web_leads_to_no_folder_of_this_machine(
        self, known: sources.Sources, cards: store.Store, tmp_path: Path
    ) -> None:
        private = origins.repository(tmp_path / "private", "Private")
        listed = f"- {private.as_uri()}\n- {private}\n- http://127.0.0.1:9/nobody\n"
        (tmp_path / "web").mkdir()
        (tmp_path / "web" / "MODULES.yml").write_text(listed)
        handler = functools.partial(Quiet, directory=str(tmp_path / "web"))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            known.add(f"http://127.0.0.1:{server.server_port}/MODULES.yml")

            (found,) = known.refresh()
            server.shutdown()
            thread.join(10)

        assert cards.names() == ()
        assert f"{private.as_uri()} is left out" in found.error
        assert f"{private} is left out" in found.error
        assert "nobody: " in found.error

    def test_loses_what_left_the_list(self, known: sources.Sources, cards: store.Store, tmp_path: Path) -> None:
        addresses = [origins.repository(tmp_path / name, name).as_uri() for name in ("one", "two")]
        listed = tmp_path / "MODULES.yml"
        listed.write_text("".join(f"- {each}\n" for each in addresses))
        known.add(str(listed))
        known.refresh()
        listed.write_text(f"- {addresses[0]}\n")

        known.refresh()

        assert cards.names() == ("one",)
        assert len(list((tmp_path / "clones" / "modules.yml").iterdir())) == 1

    def test_says_where_it_is_broken(self, known: sources.Sources, tmp_path: Path) -> None:
        (tmp_path / "MODULES.yml").write_text("- module: 'x\n")
        known.add(str(tmp_path / "MODULES.yml"))

        (found,) = known.refresh()

        assert "MODULES.yml:2:1" in found.error


class TestInstalled:
    @pytest.fixture
    def known(
        self,
        cards: store.Store,
        database: pelagos.db.Database,
        tmp_path: Path,
        time: clock.FixedClock,
        installed_modules: environments.Environments,
    ) -> sources.Sources:
        """The sources of a catalog beside the modules `trivial` and `counting`."""
        return sources.Sources(cards, database, folder=tmp_path / "clones", clock=time, modules=installed_modules)

    def test_brings_the_modules_that_can_be_run(self, known: sources.Sources, cards: store.Store) -> None:
        (found,) = known.refresh()

        assert (found.id, found.kind, found.error, found.cards) == ("installed", Kind.INSTALLED, "", 2)
        trivial = cards.get("trivial").card
        assert (trivial.version, trivial.licence) == ("1.0.0", "Apache-2.0")
        assert (trivial.inference, trivial.trainable) == (True, False)

    def test_gives_way_to_every_other_source(self, known: sources.Sources, cards: store.Store, tmp_path: Path) -> None:
        known.add(str(origins.module(tmp_path / "trivial", "Better")))

        first = known.refresh()
        second = known.refresh()

        assert cards.get("trivial").card.title == "Better"
        assert [each.error for each in (*first, *second)] == [""] * 4

    def test_cannot_be_removed(self, known: sources.Sources) -> None:
        with pytest.raises(errors.Conflict):
            known.remove("installed")

    def test_keeps_the_last_good_card_of_a_module_whose_card_broke(
        self, cards: store.Store, database: pelagos.db.Database, tmp_path: Path, time: clock.FixedClock
    ) -> None:
        folder = origins.module(tmp_path / "odd", "Odd one")
        place = environments.Environments(tmp_path / "modules")
        odd = environments.Installed("odd", "native", "nothing_of_this_name:Odd", Path(sys.executable), folder=folder)
        records.write(place.root, odd)
        known = sources.Sources(cards, database, folder=tmp_path / "clones", clock=time, modules=place)
        known.refresh()
        (folder / "module.toml").write_text("title = ")

        (found,) = known.refresh()

        assert cards.get("odd").card.title == "Odd one"
        assert [(each.module, each.file, each.line) for each in found.faults] == [("odd", "odd/module.toml", 1)]


class TestDue:
    def test_reads_what_was_not_read_for_long(
        self, known: sources.Sources, time: clock.FixedClock, tmp_path: Path
    ) -> None:
        known.add(str(origins.module(tmp_path / "one", "One")))

        ran = []
        for seconds in (0, 60, 6 * 3600):
            time.move(seconds)
            ran.append([each.id for each in known.due(time.now())])

        assert ran == [["one"], [], ["one"]]


class TestRefresh:
    @pytest.mark.parametrize("source_id", ["nothing", "../nothing", ""])
    def test_says_that_there_is_none(self, known: sources.Sources, source_id: str) -> None:
        with pytest.raises(errors.NotFound):
            known.refresh(source_id)


@databases.BOTH
class TestRemove:
    def test_takes_cards_and_clones_away(self, known: sources.Sources, cards: store.Store, tmp_path: Path) -> None:
        known.add(origins.repository(tmp_path / "plankton", "Plankton").as_uri())
        known.refresh()

        known.remove("plankton")

        assert (known.list(), cards.names()) == ((), ())
        assert not (tmp_path / "clones" / "plankton").exists()

    def test_leaves_nothing_to_a_reading_at_the_same_time(
        self, cards: store.Store, database: pelagos.db.Database, time: clock.FixedClock, tmp_path: Path
    ) -> None:
        made = [sources.Sources(cards, database, folder=tmp_path / "clones", clock=time) for _ in range(4)]
        made[0].add(origins.repository(tmp_path / "plankton", "Plankton").as_uri())
        acts = [made[0].refresh, made[1].refresh, lambda: made[2].remove("plankton"), made[3].refresh]

        threads = [threading.Thread(target=act) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert (made[0].list(), cards.names()) == ((), ())

    def test_says_that_there_is_none(self, known: sources.Sources) -> None:
        with pytest.raises(errors.NotFound):
            known.remove("nothing")
