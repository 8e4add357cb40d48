"""The end of a log."""

from pelagos.runtime import tail


class TestTail:
    def test_keeps_what_came_last(self) -> None:
        log = tail.Tail()
        for number in range(10_000):
            log.add(f"line {number}\n".encode())

        text = log.text()

        assert text.endswith("line 9998\nline 9999\n")
        assert "line 0\n" not in text
        assert len(text) <= tail.KEPT

    def test_cuts_a_piece_that_is_too_long(self) -> None:
        log = tail.Tail()

        log.add(b"x" * tail.KEPT + b"end")

        assert log.text().endswith("xend")
        assert len(log.text()) == tail.KEPT
