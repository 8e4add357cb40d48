from cli.conftest import Pelagos


class TestSites:
    def test_are_shown(self, hub_command: Pelagos) -> None:
        assert "local" in hub_command("sites").out
        assert hub_command("sites", "--json").json[0]["name"] == "local"
