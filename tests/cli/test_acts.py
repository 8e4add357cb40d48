import pytest

import hub_world
import pelagos
import slow_site
from cli.conftest import Pelagos
from pelagos.cli import things
from pelagos.domain import errors


class TestActs:
    def test_are_listed_followed_and_cancelled(self, hub_command: Pelagos, running_hub: hub_world.Process) -> None:
        client = pelagos.Client(state_dir=running_hub.state)
        with slow_site.slow_site() as site:
            one, other = (client.acts.fetch(name, site.url, key=name) for name in ("acts-one", "acts-other"))
            cancelled = hub_command("acts", "cancel", other.id[:12])
            site.go_on.set()
            followed = hub_command("acts", "follow", one.id[:12])
            other.wait(60)

        listed = hub_command("acts", "list").out
        assert (cancelled.code, followed.code) == (0, 0)
        assert "dataset acts-one: done" in followed.out
        assert "acts-other" in listed
        assert client.acts.fetch("acts-one", site.url, key="acts-one").id == one.id

    def test_of_an_upload_are_waited_for_with_their_progress(self, hub_command: Pelagos) -> None:
        with slow_site.slow_site() as site:
            site.go_on.set()
            made = hub_command("datasets", "upload", "acts-waited", site.url, "--json")

        assert made.json["bytes"] == len(slow_site.CONTENT)

    def test_that_fail_raise_what_the_hub_says(self, running_hub: hub_world.Process) -> None:
        client = pelagos.Client(state_dir=running_hub.state)
        with slow_site.slow_site() as site:
            site.go_on.set()
            client.datasets.upload("acts-twice", site.url)

            with pytest.raises(errors.Conflict, match="acts-twice"):
                client.datasets.upload("acts-twice", site.url)
        with pytest.raises(errors.Unavailable):
            client.datasets.upload("acts-nobody", "http://127.0.0.1:1/x.zip")

    def test_tell_every_look(self, running_hub: hub_world.Process) -> None:
        client = pelagos.Client(state_dir=running_hub.state)
        seen: list[str] = []
        with slow_site.slow_site() as site:

            def tell(act: things.Act) -> None:
                seen.append(act.state)
                site.go_on.set()

            act = client.acts.fetch("acts-told", site.url).wait(60, tell=tell)

        assert act.outcome()["name"] == "acts-told"
        assert (seen[0], seen[-1]) == ("running", "done")
