import httpx

import hub_world
from cli.conftest import Pelagos


class TestSessions:
    def test_are_listed_and_ended(self, hub_command: Pelagos, running_hub: hub_world.Process) -> None:
        with httpx.Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/130.0"}) as browser:
            browser.get(running_hub.login())
            listed = hub_command("sessions", "list", "--json").json
            shown = hub_command("sessions", "list").out
            mine = next(each["id"] for each in listed if each["agent"] == "Firefox on Linux")
            before = browser.get(f"{running_hub.address}/api/v1/me").status_code
            ended = hub_command("sessions", "end", mine)
            after = browser.get(f"{running_hub.address}/api/v1/me").status_code

        assert mine in shown
        assert not any(each["current"] for each in listed)
        assert (before, ended.code, after) == (200, 0, 401)
