"""The hub is killed while it fetches a data set and installs a module: the next one does both, once and whole."""

import shutil
from pathlib import Path

import hub_world
import pelagos
import slow_site
import waiting

MODULE = Path(__file__).parents[1] / "modules_for_tests" / "trivial"


class TestLongActs:
    def test_go_on_with_the_next_hub_and_leave_nothing_half_done(self, tmp_path: Path) -> None:
        state, folder = tmp_path / "state", Path(shutil.copytree(MODULE, tmp_path / "trivial"))
        state.mkdir()
        environments = state / "modules" / ".environments"
        with slow_site.slow_site() as site:
            first = hub_world.Process(state, PELAGOS_HUB_PRIVATE_URLS="true")
            client = pelagos.Client(state_dir=state)
            fetched = client.acts.fetch("birds", site.url, key="same")
            installed = client.acts.install(str(folder))
            waiting.until(lambda: client.acts.get(fetched.id).done == 2000 and any(environments.glob("*")))
            first.kill()

            site.go_on.set()
            with hub_world.process(state, PELAGOS_HUB_PRIVATE_URLS="true"):
                client = pelagos.Client(state_dir=state)
                dataset = client.acts.get(fetched.id).wait(60).outcome()
                module = client.acts.get(installed.id).wait(120).outcome()
                again = client.acts.fetch("birds", site.url, key="same")

        assert (dataset["bytes"], again.id, len(site.asked)) == (4000, fetched.id, 2)
        assert [path.name for path in (state / "datasets" / ".staging").iterdir()] == []
        assert module["name"] == "trivial"
        assert len(list(environments.glob("*"))) == 1

    def test_end_with_the_hub_in_time(self, tmp_path: Path) -> None:
        (tmp_path / "state").mkdir()
        with slow_site.slow_site() as site:
            hub = hub_world.Process(tmp_path / "state", PELAGOS_HUB_PRIVATE_URLS="true")
            client = pelagos.Client(state_dir=tmp_path / "state")
            act = client.acts.fetch("birds", site.url)
            waiting.until(lambda: client.acts.get(act.id).done == 2000)

            assert hub.end() == 0
