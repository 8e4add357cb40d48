from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pelagos.runtime.console import logs


class TestClean:
    def test_takes_terminal_codes_out(self) -> None:
        assert logs.clean("\x1b[31mred\x1b[0m \x1b]0;title\x07end\x08") == "red end"

    def test_keeps_the_last_state_of_a_progress_bar(self) -> None:
        assert logs.clean(" 10%\r 50%\r100%\ndone\r\n") == "100%\ndone\n"

    def test_cuts_huge_lines(self) -> None:
        assert len(logs.clean("x" * 100_000)) < 3000


class TestWhole:
    def test_ends_with_a_line(self) -> None:
        assert logs.whole(b"one\ntwo\nthr") == b"one\ntwo\n"

    @given(st.text(alphabet="aé€😀", min_size=1, max_size=8), st.integers(min_value=1, max_value=40))
    def test_never_cuts_a_character(self, text: str, size: int) -> None:
        data = text.encode()

        piece = logs.whole(data[:size])

        assert text.startswith(piece.decode())
        assert len(data[:size]) - len(piece) < 4


class TestTail:
    def test_drops_the_cut_first_line_of_a_later_piece(self) -> None:
        assert logs.tail(b"half\none\ntwo\n", first=False) == ["one", "two"]
        assert logs.tail(b"full\none\n", first=True) == ["full", "one"]

    def test_keeps_the_last_lines(self) -> None:
        assert logs.tail(b"1\n2\n3\n4", first=True, lines=2) == ["3", "4"]
