"""When a further rung counts."""

import math

from pelagos_image_classification import rungs


def result(loss: float) -> rungs.Result:
    return rungs.Result(2, {}, 1, 0.9, loss)


class TestAResult:
    def test_is_better_when_its_loss_is_clearly_lower(self) -> None:
        assert result(0.5).better(result(0.6))

    def test_is_not_better_by_a_hair_or_when_worse(self) -> None:
        assert not result(0.595).better(result(0.6))
        assert not result(0.7).better(result(0.6))

    def test_is_better_where_there_was_nothing_to_tell_by(self) -> None:
        assert result(math.nan).better(result(math.nan))

    def test_is_not_better_when_its_loss_is_no_number(self) -> None:
        assert not result(math.nan).better(result(0.6))
