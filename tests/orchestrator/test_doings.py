"""What long acts do is done once, whenever a hub dies and the next one begins it again."""

from __future__ import annotations

import dataclasses
import datetime
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import pelagos.db
import slow_site
from pelagos import catalog, environments, orchestrator, storage
from pelagos.domain import clock, errors, steps
from pelagos.orchestrator import doings

KIND = orchestrator.Kind
MODULES = Path(__file__).parents[1] / "modules_for_tests"
NOW = datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC)


@dataclasses.dataclass(frozen=True)
class Rooms:
    datasets: storage.Datasets
    modules: environments.Environments
    sources: catalog.Sources
    proposals: catalog.Proposals
    doings: doings.Doings

    def do(
        self, kind: orchestrator.Kind, about: str, /, *, tries: int = 1, act_id: str = "a" * 32, **asked: object
    ) -> dict[str, object]:
        act = orchestrator.Act(act_id, kind, about, asked, NOW, NOW, tries=tries, person="ada")
        doing = self.doings.all()[kind]
        return dict(doing.do(act, steps.quiet))

    def check(self, kind: orchestrator.Kind, about: str, /, **asked: object) -> None:
        self.doings.all()[kind].check(about, asked)


@pytest.fixture
def rooms(tmp_path: Path, database_url: str) -> Iterator[Rooms]:
    database, time_ = pelagos.db.connect(database_url), clock.SystemClock()
    cards = catalog.Store(database)
    modules = environments.Environments(tmp_path / "state" / "modules")
    datasets = storage.Datasets(tmp_path / "datasets", limits=storage.Limits(private_addresses=True), clock=time_)
    sources = catalog.Sources(cards, database, folder=tmp_path / "sources", clock=time_, modules=modules)
    proposals = catalog.Proposals(cards, database, clock=time_, modules=modules)
    known = doings.Doings(datasets=datasets, modules=modules, sources=sources, proposals=proposals, clock=time_)
    yield Rooms(datasets, modules, sources, proposals, known)
    database.close()


@pytest.fixture
def trivial(tmp_path: Path) -> Path:
    """The folder of a module."""
    folder = Path(shutil.copytree(MODULES / "trivial", tmp_path / "trivial"))
    card = folder / "module.toml"
    card.write_text(card.read_text().replace('["The Pelagos authors"]', '[{ name = "Ada" }]'))
    return folder


class TestDataset:
    def test_that_was_there_when_the_hub_died_is_not_fetched_again(self, rooms: Rooms) -> None:
        with slow_site.slow_site() as site:
            site.go_on.set()
            first = rooms.do(KIND.DATASET, "birds", url=site.url)
            second = rooms.do(KIND.DATASET, "birds", url=site.url, tries=2)

            with pytest.raises(errors.Conflict):
                rooms.do(KIND.DATASET, "birds", url=site.url, act_id="b" * 32)

        assert first == second
        assert (first["bytes"], len(site.asked)) == (4000, 1)

    def test_is_refused_before_anybody_is_asked(self, rooms: Rooms) -> None:
        with slow_site.slow_site() as site:
            site.go_on.set()
            rooms.do(KIND.DATASET, "birds", url=site.url)

        with pytest.raises(errors.Conflict):
            rooms.check(KIND.DATASET, "birds", url=site.url)
        with pytest.raises(errors.InvalidInput):
            rooms.check(KIND.DATASET, "../birds", url=site.url)
        with pytest.raises(errors.InvalidInput):
            rooms.check(KIND.DATASET, "other", url="file:///etc/passwd")


class TestProposal:
    def test_is_made_once(self, rooms: Rooms, trivial: Path) -> None:
        first, second = (rooms.do(KIND.PROPOSAL, str(trivial), tries=tries) for tries in (1, 2))

        (proposal,) = rooms.proposals.list()
        assert first == second == {"id": proposal.id, "name": "trivial"}
        assert (proposal.person, proposal.id) == ("ada", "a" * 32)
        assert [each.name for each in rooms.modules.list() if each.environment] == ["trivial"]

    def test_of_a_folder_that_is_none_is_refused(self, rooms: Rooms) -> None:
        with pytest.raises(errors.InvalidInput, match="no folder"):
            rooms.check(KIND.PROPOSAL, "/nowhere")


class TestInstallation:
    def test_has_its_card_in_the_catalog_at_once(self, rooms: Rooms, trivial: Path) -> None:
        made = rooms.do(KIND.INSTALLATION, str(trivial))

        assert (made["name"], made["source"]) == ("trivial", str(trivial))
        assert rooms.sources.get("installed").cards >= 1

    def test_that_fails_leaves_no_environment(self, rooms: Rooms, trivial: Path) -> None:
        (trivial / "pyproject.toml").write_text("broken")

        with pytest.raises(errors.EnvironmentFailed):
            rooms.do(KIND.INSTALLATION, str(trivial))

        assert list((rooms.modules.root / ".environments").glob("*")) == []


class TestSource:
    def test_that_was_added_when_the_hub_died_is_found(self, rooms: Rooms, tmp_path: Path) -> None:
        first = rooms.do(KIND.SOURCE, str(tmp_path), kind=None)
        second = rooms.do(KIND.SOURCE, str(tmp_path), kind=None, tries=2)

        assert first == second
        with pytest.raises(errors.Conflict):
            rooms.do(KIND.SOURCE, str(tmp_path), kind=None)
