"""The architecture as a table."""

import pytest

from pelagos_image_classification import network


class TestTheTable:
    def test_has_sixteen_blocks_that_fit_together(self) -> None:
        outputs = [network.STEM.outputs, *(block.convs[-1].outputs for block in network.BLOCKS)]

        assert len(network.BLOCKS) == 16
        assert [block.inputs for block in network.BLOCKS] == outputs[:-1]
        assert network.HEAD.inputs == outputs[-1]

    def test_halves_the_picture_four_times_before_the_tail(self) -> None:
        assert network.side(224, 0) == 112
        assert network.side(224, network.TAIL) == 14

    @pytest.mark.parametrize(("size", "padding"), [(224, (0, 1)), (225, (1, 1)), (97, (1, 1)), (32, (0, 1))])
    def test_pads_the_stem_as_tensorflow_does(self, size: int, padding: tuple[int, int]) -> None:
        assert network.STEM.padding(size) == padding
