"""The batch size follows the time that batches took."""

import random

import pytest

from pelagos.module import batching

MANY = 1000
"""Requests that wait: enough for any size."""


def learn(each_s: dict[int, float], noise: float = 0.0, requests: int = 1000) -> batching.BatchSize:
    """Run until it has settled, on a machine where a batch of n takes `each_s[n]` for each of its requests."""
    sizes, chance = batching.BatchSize(), random.Random(1)
    for _ in range(requests):
        wanted = sizes.wanted(MANY)
        sizes.learn(wanted, wanted * each_s[wanted] * (1 + noise * chance.random()))
    return sizes


class TestBatchSize:
    def test_stays_at_one_where_batches_cost_time(self) -> None:
        assert learn({1: 0.010, 2: 0.0105}).size == 1

    def test_believes_the_author_that_pairs_pay_where_there_is_little_between_them(self) -> None:
        assert learn({1: 0.0099, 2: 0.01, 4: 0.01}).size == 2

    def test_stays_at_two_where_more_gains_too_little(self) -> None:
        assert learn({1: 0.012, 2: 0.0108, 4: 0.01}).size == 2

    def test_climbs_while_each_step_pays(self) -> None:
        assert learn({1: 0.010, 2: 0.006, 4: 0.004, 8: 0.0039, 16: 0.003}).size == 4

    def test_ends_at_the_largest(self) -> None:
        assert learn({2**step: 0.01 / 2**step for step in range(7)}).size == batching.LARGEST

    def test_learns_from_few_what_is_plain(self) -> None:
        assert learn({1: 0.010, 2: 0.005, 4: 0.02}, noise=0.5, requests=4 * batching.FEW).size == 2

    @pytest.mark.parametrize(("gained", "size"), [(0.0087, 4), (0.0095, 2)])
    def test_sees_a_small_gain_on_a_noisy_machine(self, gained: float, size: int) -> None:
        assert learn({1: 0.010, 2: 0.010, 4: gained, 8: 0.010}, noise=0.1).size == size

    def test_compares_both_sizes_at_the_same_time(self) -> None:
        sizes = batching.BatchSize()
        for look in range(2 * batching.LOOKS):
            slowed = 1 + look / 10
            wanted = sizes.wanted(MANY)
            sizes.learn(wanted, wanted * slowed * {1: 0.01, 2: 0.009}.get(wanted, 0.01))

        assert sizes.size == 2

    def test_judges_only_batches_of_the_sizes_that_it_compares(self) -> None:
        sizes = batching.BatchSize()

        for _ in range(100):
            sizes.learn(3, 0.001)

        assert (sizes.size, sizes.wanted(MANY)) == (1, 2)

    def test_tries_more_only_while_as_many_as_now_wait_behind(self) -> None:
        sizes = learn({1: 0.010, 2: 0.005, 4: 0.004}, requests=2 * batching.FEW)

        assert (sizes.size, sizes.trying) == (2, 4)
        assert [sizes.wanted(waiting) for waiting in (1, 2, 5, 6)] == [2, 2, 2, 4]
