"""What the hub's pages and routes are handed."""

from __future__ import annotations

import json
from pathlib import Path

from pelagos import orchestrator


class TestHubSettings:
    def test_are_plain_json_in_the_end(self) -> None:
        shown = orchestrator.Setting("state_dir", Path("/s"), "Where all is.", "--state-dir")

        plain = orchestrator.HubSettings(10, (shown,)).as_json()

        assert json.loads(json.dumps(plain)) == {
            "upload_max_size": 10,
            "settings": [{"name": "state_dir", "value": "/s", "help": "Where all is.", "origin": "--state-dir"}],
        }
