from cli.conftest import Pelagos


class TestDeployments:
    def test_are_made_listed_shown_stopped_and_deleted(self, hub_command: Pelagos) -> None:
        made = hub_command("deploy", "trivial", "--title", "By hand", "--json").json
        listed = hub_command("deployments", "list").out
        shown = hub_command("deployments", "show", made["id"][:8]).out
        logged = hub_command("deployments", "logs", made["id"][:8])
        stopped = hub_command("deployments", "stop", made["id"], "--json").json
        deleted = hub_command("deployments", "delete", made["id"])

        assert made["state"] == "CREATE_COMPLETE"
        assert "By hand" in listed
        assert f"/deployments/{made['id']}/" in shown
        assert logged.code == 0
        assert stopped["state"].startswith("STOP_")
        assert deleted.code == 0

    def test_are_asked_for_by_a_beginning_that_somebody_has(self, hub_command: Pelagos) -> None:
        ran = hub_command("deployments", "show", "ffffffffffff")

        assert (ran.code, "there is no deployment" in ran.err) == (1, True)

    def test_are_planned_without_being_made(self, hub_command: Pelagos) -> None:
        before = hub_command("deployments", "list", "--json").json

        good = hub_command("deploy", "trivial", "--dry-run")
        bad = hub_command("deploy", "trivial", "--dry-run", "--cpus", "100000")

        assert (good.code, "It would run on local." in good.out) == (0, True)
        assert (bad.code, "No site can take it." in bad.out) == (1, True)
        assert hub_command("deployments", "list", "--json").json == before
