"""The batch size follows the time that batches took."""

import random

from pelagos.module import batching


def learn(each_s: dict[int, float], noise: float = 0.0) -> int:
    """Run until it has settled, on a machine where a batch of n takes `each_s[n]` for each of its requests."""
    sizes, chance = batching.BatchSize(), random.Random(1)
    for _ in range(100):
        wanted = sizes.wanted
        sizes.learn(wanted, wanted * each_s[wanted] * (1 + noise * chance.random()))
    return sizes.size


class TestBatchSize:
    def test_stays_at_one_where_batches_gain_nothing(self) -> None:
        assert learn(dict.fromkeys((1, 2, 4), 0.01)) == 1

    def test_stays_at_one_where_they_gain_too_little(self) -> None:
        assert learn({1: 0.0105, 2: 0.01}) == 1

    def test_climbs_while_each_step_pays(self) -> None:
        assert learn({1: 0.010, 2: 0.006, 4: 0.004, 8: 0.0039, 16: 0.003}) == 4

    def test_ends_at_the_largest(self) -> None:
        assert learn({2**step: 0.01 / 2**step for step in range(7)}) == batching.LARGEST

    def test_is_not_misled_by_a_noisy_machine(self) -> None:
        assert learn({1: 0.010, 2: 0.006, 4: 0.006}, noise=0.5) == 2

    def test_judges_only_batches_of_the_size_that_it_asked_for(self) -> None:
        sizes = batching.BatchSize()

        for _ in range(10):
            sizes.learn(3, 0.001)

        assert (sizes.size, sizes.wanted) == (1, 1)
