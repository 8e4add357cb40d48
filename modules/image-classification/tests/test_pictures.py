"""Decoding a data set once."""

from pathlib import Path

import pytest

from builders import encoded, noise, write
from pelagos_image_classification import dataset, pictures, stages


def samples(folder: Path, **contents: bytes) -> tuple[dataset.Sample, ...]:
    return tuple(dataset.Sample(name, write(folder / name, content), 0) for name, content in contents.items())


def unwatched(_done: int, _total: int) -> None:
    """Let everything pass."""


class TestALibrary:
    def test_decodes_what_it_can_and_lists_the_rest_with_reasons(self, tmp_path: Path) -> None:
        given = samples(tmp_path / "in", good=encoded(noise()), cut=encoded(noise())[:80], zip=b"PK\3\4", other=b"")
        absent = dataset.Sample("absent", tmp_path / "absent", 0)

        decoded = pictures.Library.at(tmp_path, size=32, framing="pad").decode((*given, absent), unwatched)

        assert [sample.name for sample in decoded.samples] == ["good"]
        reasons = dict(decoded.broken)
        assert reasons.keys() == {"cut", "zip", "other", "absent"}
        assert "zip archive" in reasons["zip"]
        assert "empty" in reasons["other"]
        assert "No such file" in reasons["absent"]

    def test_keeps_one_row_for_equal_files_and_finds_it_by_content(self, tmp_path: Path) -> None:
        given = samples(tmp_path / "in", a=encoded(noise()), b=encoded(noise()))
        library = pictures.Library.at(tmp_path, size=32, framing="pad")

        first = library.decode(given, unwatched)
        given[0].path.write_bytes(encoded(noise(seed=1)))
        second = library.decode(given, unwatched)

        assert first.keys[0] == first.keys[1]
        assert second.keys[0] != first.keys[0]
        assert (tmp_path / "pictures-32-pad-1" / "keys").stat().st_size == 2 * 32

    def test_stops_when_the_watch_says_so(self, tmp_path: Path) -> None:
        def stop(_done: int, _total: int) -> None:
            raise stages.Cancelled

        with pytest.raises(stages.Cancelled):
            pictures.Library.at(tmp_path, size=32, framing="pad").decode(samples(tmp_path, a=encoded(noise())), stop)
