"""Packed columns come back bit by bit, whole or in part; a file of arrays is whole, or it is refused."""

import os

import numpy as np
import pytest

from minirank.data.kept import store
from minirank.data.kept.array_file import Damaged, read_arrays, write_arrays
from minirank.data.kept.entry import EntryReader, EntryWriter
from minirank.data.kept.mapped_rows import MappedBag, MappedInputs
from minirank.data.kept.pack_kernels import MOST
from minirank.data.kept.packed import Packed, table

DRAW = np.random.default_rng(0)
COLUMNS = {
    "constant": (np.full(5, -0.0, np.float32), "constant"),
    "bits": (np.float32([0, np.nan, np.nan, 0, 0, 0, 0, 0, np.nan, 0]), "bits"),
    "signs of zero": (np.float32([0.0, -0.0, 0.0]), "bits"),
    "two kinds of NaN": (np.array([0x7FC00000, 0x7FC00001, 0x7FC00000], np.int32).view(np.float32), "bits"),
    "bytes": (DRAW.integers(0, 256, 3000).astype(np.int32), "codes"),
    "two bytes": (np.arange(MOST, dtype=np.int32)[::-1].copy(), "codes"),
    "one more": (np.arange(MOST + 1, dtype=np.int32), "raw"),
    "floats": (DRAW.random(2 * MOST).astype(np.float32), "raw"),
    "times": (np.int64([1_700_000_000, -1, 1_700_000_000, 5]), "codes"),
    "far apart": (np.int64([2**62, -(2**62)]), "raw"),
    "doubles": (DRAW.random(4), "raw"),
    "nothing": (np.empty(0, np.int32), "raw"),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_comes_back_bit_by_bit(name):
    values, kind = COLUMNS[name]
    packed = Packed.of(values)
    assert packed.kind == kind
    for first, last in ((0, None), (0, len(values)), (1, 3), (len(values) // 2, len(values) + 7)):
        found = packed.rows(first, last)
        assert found.dtype == values.dtype and found.tobytes() == values[first:last].tobytes()


def test_a_table_has_the_columns_side_by_side():
    columns = [DRAW.integers(0, size, 10_000).astype(np.int32) for size in (1, 2, 200, 9000)]
    np.testing.assert_array_equal(table([Packed.of(column) for column in columns], 10_000, np.int32), np.stack(columns, axis=1))


def test_some_rows_are_those_of_the_columns_in_any_order():
    numbers = [np.resize(values, 2 * MOST) for values, _ in COLUMNS.values() if values.itemsize == 4 and len(values)]
    ids, dense = ([column for column in numbers if column.dtype == kind] for kind in (np.int32, np.float32))
    lengths = DRAW.integers(0, 4, 300)
    offsets = np.append(0, np.cumsum(lengths))
    entity, lists = DRAW.integers(0, 300, 2 * MOST).astype(np.int32), DRAW.integers(0, 9, offsets[-1]).astype(np.int32)
    packed, shared = [[Packed.of(column) for column in kind] for kind in (ids, dense)], Packed.of(entity)
    kinds = {(column.kind, column.codes.itemsize) for kind in packed for column in kind}
    assert kinds == {("constant", 1), ("bits", 1), ("codes", 1), ("codes", 2), ("raw", 1)}
    bags = (MappedBag(shared, offsets, Packed.of(lists)), MappedBag(Packed.of(entity[::-1]), offsets, Packed.of(lists % 2)))
    mapped = MappedInputs(2 * MOST, tuple(packed[0]), (bags[0], bags[1], bags[0]), tuple(packed[1]))
    for rows in (np.arange(70_000, 70_009), DRAW.integers(0, 2 * MOST, 2_000), DRAW.permutation(2 * MOST)[:1_000], np.arange(0)):
        found = mapped.take(rows)
        for ours, theirs in ((found.ids, ids), (found.dense, dense)):
            assert ours.tobytes() == np.stack(theirs, axis=1)[rows].tobytes()
        for bag, of_rows, items in zip(found.bags, (entity, entity[::-1], entity), (lists, lists % 2, lists)):
            used = np.unique(of_rows[rows])
            assert bag.entity.tolist() == np.searchsorted(used, of_rows[rows]).tolist()
            assert np.split(bag.ids, bag.offsets[1:-1])[-1].tolist() == [] and len(bag.offsets) == len(used) + 2
            ours = [bag.ids[first:last].tolist() for first, last in zip(bag.offsets, bag.offsets[1:-1])]
            assert ours == [items[offsets[each] : offsets[each + 1]].tolist() for each in used]


def test_an_entry_gives_back_what_was_put_in(tmp_path):
    writer, values = EntryWriter(), np.arange(70_000, dtype=np.int32)
    writer.column("a", values)
    writer.column("b", values.copy())
    writer.texts("names", ["", "Köln", "\ud800", "a\0"])
    assert "b.numbers" not in writer.arrays  # it is that of a
    write_arrays(tmp_path / "entry.bin", writer.arrays, writer.about)
    reader = EntryReader(*read_arrays(tmp_path / "entry.bin"))
    np.testing.assert_array_equal(reader.column("b").rows(), values)
    assert reader.texts("names") == ["", "Köln", "\ud800", "a\0"]


def test_a_file_with_any_byte_changed_or_cut_off_is_refused(tmp_path):
    path = tmp_path / "entry.bin"
    write_arrays(path, {"a": np.arange(9, dtype=np.int32), "b": np.float32([1, 2])}, {"x": 1})
    whole = path.read_bytes()
    read_arrays(path)
    refused = 0
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        try:
            arrays, about = read_arrays(path)
        except Damaged:
            refused += 1
            continue
        assert [array.tolist() for array in arrays.values()] == [list(range(9)), [1, 2]] and about == {"x": 1}  # between the arrays
    assert refused > len(whole) // 2
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(Damaged):
            read_arrays(path)


def test_two_machines_write_one_entry_of_a_shared_folder_at_once(tmp_path, monkeypatch):
    path, replace = tmp_path / "entry.bin", os.replace

    def meanwhile(part, whole):  # the other one, whose process has the same number
        monkeypatch.setattr("os.replace", replace)
        store._make_room(tmp_path, 1e6, ())
        write_arrays(path, {"a": np.arange(9)}, {})
        replace(part, whole)

    monkeypatch.setattr("os.replace", meanwhile)
    write_arrays(path, {"a": np.arange(9)}, {})
    assert [*tmp_path.iterdir()] == [path] and read_arrays(path)[0]["a"].tolist() == [*range(9)]
