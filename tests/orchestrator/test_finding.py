from __future__ import annotations

from pathlib import Path

import hub_world
from pelagos import app, catalog
from pelagos.orchestrator import finding


class TestFind:
    def test_gives_a_few_of_each_kind_with_the_addresses_of_their_pages(self, tmp_path: Path) -> None:
        hub = app.create(hub_world.settings(tmp_path / "state")).hub
        cards = [catalog.Card(name=f"bird-{each}", title=f"Bird {each}", status="listed") for each in range(3)]
        hub.cards.put(catalog.Record(each, "made up", "", hub.clock.now()) for each in cards)
        (tmp_path / "picture").write_bytes(b"...")
        hub.datasets.add_files("birds-of-1998", [("one.jpg", tmp_path / "picture")])

        found = list(finding.find(hub, "bird", 2))

        assert [(one.kind, one.path) for one in found] == [
            ("module", found[0].path),
            ("module", found[1].path),
            ("dataset", "/datasets/birds-of-1998"),
        ]
        assert {found[0].path, found[1].path} < {"/modules/bird-0", "/modules/bird-1", "/modules/bird-2"}
        assert found[2].note == "1 files"
