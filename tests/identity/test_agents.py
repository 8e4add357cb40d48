from __future__ import annotations

import pytest

from pelagos.identity import agents

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


class TestShort:
    @pytest.mark.parametrize(
        ("agent", "said"),
        [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Linux"),
            (f"Mozilla/5.0 (Windows NT 10.0; Win64) {_WEBKIT} Chrome/1.0 Safari/537.36", "Chrome on Windows"),
            (f"Mozilla/5.0 (Windows NT 10.0; Win64) {_WEBKIT} Chrome/1.0 Safari/537.36 Edg/1.0", "Edge on Windows"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/605 Version/17 Safari/605", "Safari on macOS"),
            (f"Mozilla/5.0 (Linux; Android 14) {_WEBKIT} Chrome/1.0 Mobile Safari/537.36", "Chrome on Android"),
            ("curl/8.5.0", "curl"),
            ("<script>alert(1)</script>", "unknown"),
            ("", "unknown"),
        ],
    )
    def test_says_browser_and_system_and_nothing_else(self, agent: str, said: str) -> None:
        assert agents.short(agent) == said
