"""However a licence is written, it is known or refused."""

from __future__ import annotations

import pytest

from catalog import sources
from pelagos.catalog import licences


class TestSpdx:
    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ("MIT", "MIT"),
            ("mit", "MIT"),
            ("MIT License", "MIT"),
            ("Apache 2.0", "Apache-2.0"),
            ("Apache License, Version 2.0", "Apache-2.0"),
            ("The Apache Licence 2.0", "Apache-2.0"),
            ("BSD 3-Clause", "BSD-3-Clause"),
            ("GPLv3", "GPL-3.0-only"),
            ("GPL-3.0-or-later WITH Classpath-exception-2.0", "GPL-3.0-or-later WITH Classpath-exception-2.0"),
            ("mit or apache-2.0", "MIT OR Apache-2.0"),
        ],
    )
    def test_understands(self, said: str, meant: str) -> None:
        assert licences.spdx(said) == meant

    @pytest.mark.parametrize("said", ["", " ", "my own", "MIT AND", "(", "proprietary", "MIT " * 1000])
    def test_does_not_guess(self, said: str) -> None:
        assert licences.spdx(said) is None


class TestOfText:
    def test_knows_our_own(self) -> None:
        assert licences.of_text((sources.ROOT / "LICENSE").read_text()) == "Apache-2.0"

    def test_does_not_know_any_text(self) -> None:
        assert licences.of_text("All rights reserved.") is None


class TestContradict:
    @pytest.mark.parametrize(
        ("stated", "other", "answer"),
        [
            ("MIT", "MIT", False),
            ("MIT", "Apache-2.0", True),
            ("GPL-3.0-or-later", "GPL-3.0-only", False),
            ("MIT OR Apache-2.0", "Apache-2.0", False),
        ],
    )
    def test_tells_whether_both_can_be_true(self, stated: str, other: str, answer: bool) -> None:
        assert licences.contradict(stated, other) is answer
