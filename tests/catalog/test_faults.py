"""Faults say where they are."""

from __future__ import annotations

from pelagos.catalog import faults


class TestFault:
    def test_reads_as_editors_want_it(self) -> None:
        fault = faults.Fault("module.toml", "No.", "Write yes.", "links.paper", 3, 7)

        assert str(fault) == "module.toml:3:7: error: links.paper: No. Write yes."

    def test_leaves_out_what_it_does_not_know(self) -> None:
        assert str(faults.Fault("a.yml", "Broken.")) == "a.yml:1:1: error: Broken."
