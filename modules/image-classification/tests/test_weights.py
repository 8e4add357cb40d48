"""Reading the pretrained weights without trusting their file."""

import io
import os
import pickle
from pathlib import Path

import numpy
import pytest

from builders import write
from pelagos_image_classification import network, weights


class TestReadingTheWeights:
    def test_finds_all_tensors_of_the_packaged_file(self) -> None:
        state = weights.read(weights.locate())

        assert len(state) == 296
        assert state["_fc.weight"].shape == (network.CLASSES, network.FEATURES)
        assert state["_conv_stem.weight"].shape == (32, 3, 3, 3)

    def test_gives_what_torch_itself_reads(self) -> None:
        torch = pytest.importorskip("torch", reason="torch is an extra")

        state = weights.read(weights.locate())

        theirs = torch.load(weights.locate(), weights_only=True)
        assert state.keys() == theirs.keys()
        assert all(numpy.array_equal(state[name], theirs[name].numpy()) for name in theirs)

    def test_refuses_a_file_with_another_checksum(self, tmp_path: Path) -> None:
        content = bytearray(weights.locate().read_bytes())
        content[-1] ^= 1
        changed = write(tmp_path / "changed.pth", bytes(content))

        with pytest.raises(weights.BadWeights, match="SHA-256 differs"):
            weights.read(changed)

    def test_never_runs_what_a_file_names(self, tmp_path: Path) -> None:
        class Malice:
            def __reduce__(self) -> tuple[object, ...]:
                return os.mkdir, (str(tmp_path / "executed"),)

        content = b"".join(pickle.dumps(part) for part in (weights._MAGIC, 1001, {}, Malice()))

        with pytest.raises(weights.BadWeights, match=r"posix\.mkdir"):
            weights.tensors(io.BytesIO(content))
        assert not (tmp_path / "executed").exists()

    def test_refuses_a_file_cut_short(self) -> None:
        content = weights.locate().read_bytes()[:-4096]

        with pytest.raises(weights.BadWeights, match="cut short"):
            weights.tensors(io.BytesIO(content))

    def test_refuses_another_format(self) -> None:
        with pytest.raises(weights.BadWeights, match="older format"):
            weights.tensors(io.BytesIO(pickle.dumps(5)))


class TestFoldingTheBatchNorms:
    def test_leaves_one_weight_and_bias_for_every_convolution_and_the_head(self) -> None:
        folded = weights.pretrained()

        assert folded.keys() == {*(conv.name for conv in network.CONVS), "_fc"}
        for conv in network.CONVS:
            weight, bias = folded[conv.name]
            assert weight.shape == (conv.outputs, conv.inputs // conv.groups, conv.kernel, conv.kernel)
            assert bias.shape == (conv.outputs,)
