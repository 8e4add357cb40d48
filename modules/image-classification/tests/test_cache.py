"""The store of rows: shared, and whole whoever dies."""

import multiprocessing
from pathlib import Path

import numpy
import pytest

from pelagos_image_classification import cache


def store(folder: Path) -> cache.Store:
    return cache.Store(folder, (3,), "float32")


def row(number: int) -> numpy.ndarray:
    return numpy.full(3, number, numpy.float32)


def name(number: int) -> cache.Key:
    return cache.key(str(number))


def fill(folder: Path, start: int) -> None:
    mine = store(folder)
    for number in range(start, start + 60):
        mine.append({name(number): row(number)})


class TestAStore:
    def test_gives_rows_back_in_the_order_asked_for(self, tmp_path: Path) -> None:
        store(tmp_path).append({name(number): row(number) for number in range(5)})

        view = store(tmp_path).rows([name(4), name(0), name(4)])

        assert view.all()[:, 0].tolist() == [4, 0, 4]
        assert view[1].tolist() == [0, 0, 0]
        assert view[numpy.array([2, 1])][:, 0].tolist() == [4, 0]

    def test_tells_what_is_missing_each_once(self, tmp_path: Path) -> None:
        store(tmp_path).append({name(1): row(1)})

        assert store(tmp_path).missing([name(2), name(1), name(2)]) == [name(2)]
        with pytest.raises(KeyError, match="1 of 2 rows are not in the store"):
            store(tmp_path).rows([name(1), name(2)])

    def test_keeps_the_first_row_of_a_key(self, tmp_path: Path) -> None:
        store(tmp_path).append({name(1): row(1)})
        store(tmp_path).append({name(1): row(9), name(2): row(2)})

        assert store(tmp_path).rows([name(1), name(2)]).all()[:, 0].tolist() == [1, 2]

    def test_refuses_a_row_of_another_shape(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"^a row of shape \(4,\), expected \(3,\)$"):
            store(tmp_path).append({name(1): numpy.zeros(4)})

    def test_is_empty_at_first(self, tmp_path: Path) -> None:
        assert store(tmp_path).rows([]).all().shape == (0, 3)


class TestWritersAtTheSameTime:
    def test_lose_nothing_and_mix_nothing(self, tmp_path: Path) -> None:
        context = multiprocessing.get_context("spawn")
        writers = [context.Process(target=fill, args=(tmp_path, start)) for start in (0, 30, 60)]

        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(60)

        assert [writer.exitcode for writer in writers] == [0, 0, 0]
        assert store(tmp_path).rows([name(n) for n in range(120)]).all()[:, 0].tolist() == list(range(120))
        assert (tmp_path / "keys").stat().st_size == 120 * 32


class TestAWriterThatWasKilled:
    def test_between_rows_and_keys_leaves_no_trace_in_what_others_read(self, tmp_path: Path) -> None:
        store(tmp_path).append({name(1): row(1)})
        with (tmp_path / "rows").open("ab") as rows:
            rows.write(b"half a row of a writer that died")

        store(tmp_path).append({name(2): row(2)})

        assert store(tmp_path).rows([name(1), name(2)]).all()[:, 0].tolist() == [1, 2]

    def test_within_the_keys_loses_only_the_key_that_is_cut(self, tmp_path: Path) -> None:
        store(tmp_path).append({name(1): row(1), name(2): row(2)})
        with (tmp_path / "keys").open("r+b") as keys:
            keys.truncate(50)

        assert store(tmp_path).missing([name(1), name(2)]) == [name(2)]
        store(tmp_path).append({name(3): row(3)})

        assert store(tmp_path).rows([name(1), name(3)]).all()[:, 0].tolist() == [1, 3]


class TestAKey:
    def test_depends_on_every_part_and_on_where_parts_end(self) -> None:
        assert cache.key("ab", "c") != cache.key("a", "bc")
        assert cache.key("ab", b"c") == cache.key(b"ab", "c")
