"""Arrays from files that were not written in good faith: checked before anything is unpacked, refused in one line."""

import io
import struct
import zipfile

import numpy as np
import pytest
from case_table import cases

from minirank.npz import RATIO, SMALL, BadNpz, read_npz


def array_bytes(array, **changes):
    """An array as numpy writes it, with a changed header."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(array) | changes)
    return stream.getvalue() + array.tobytes()


def zipped(path, *members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def refused(path, choose=tuple):
    with pytest.raises(BadNpz) as caught:
        read_npz(path, choose)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_numpy_writes_comes_back_bit_for_bit(tmp_path):
    arrays = {"f": np.float32([[1, np.nan], [np.inf, -0.0]]), "big": np.arange(3, dtype=">i8"), "text": np.array(["x", "yé"])}
    arrays |= {
        "order": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "none": np.zeros((0, 4)),
        "one": np.array(7),
        "b": np.array([True]),
    }
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **arrays)
        found = read_npz(tmp_path / "a.npz")
        assert list(found) == list(arrays)
        for name, array in arrays.items():
            assert found[name].shape == array.shape and found[name].dtype == array.dtype.newbyteorder("=")
            assert found[name].astype(array.dtype).tobytes() == array.tobytes()


def test_only_what_is_chosen_is_unpacked(tmp_path):
    """A gigabyte beside the array that is asked for is neither unpacked nor refused; asked for, it is refused unread."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("small.npy", array_bytes(np.arange(4)))
        header = array_bytes(np.zeros(0), shape=(2**27,))
        with archive.open("large.npy", "w", force_zip64=True) as entry:
            entry.write(header)
            for _ in range(16):
                entry.write(bytes(2**16))
    content = bytearray(stream.getvalue())
    real, told = len(header) + 2**20, len(header) + 2**30  # what its entry says instead: nothing of it is there
    content = (
        bytes(content).replace(struct.pack("<Q", real), struct.pack("<Q", told)).replace(struct.pack("<I", real), struct.pack("<I", told))
    )
    (tmp_path / "a.npz").write_bytes(content)
    assert read_npz(tmp_path / "a.npz", lambda headers: ["small"])["small"].tolist() == [0, 1, 2, 3]
    said = refused(tmp_path / "a.npz", lambda headers: ["large"])
    assert f"unpack to {2**30:,}, more than {SMALL:,}" in said and "write it without compression" in said


def test_a_large_file_may_hold_as_much_as_it_is_worth(tmp_path):
    """Cells count for eight bytes: so large a column does its reader make of each."""
    cells = SMALL // 8 + 1
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros(cells, np.int8))
    assert "more than" in refused(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", x=np.zeros(cells, np.int8))  # 33 MB of file are worth 33 million cells
    assert RATIO >= 8 and len(read_npz(tmp_path / "b.npz")["x"]) == cells


@cases(r"""
    changes= | said
    {"descr": "|O"} | array 'x' must hold numbers or texts, not '|O'
    {"descr": "<c16"} | must hold numbers or texts, not '<c16'
    {"descr": "<M8[s]"} | must hold numbers or texts, not '<M8[s]'
    {"descr": [("a", "<f8")]} | must hold numbers or texts, not [('a', '<f8')]
    {"descr": "<U0"} | must hold numbers or texts, not '<U0'
    {"shape": (4,)} | array 'x' of shape (4,) and type float64 does not take
    {"shape": (2,)} | array 'x' of shape (2,) and type float64 does not take
    {"shape": (0, 1000000000000000000)} | does not take
    {"shape": (-3,)} | must hold numbers or texts
    {"shape": (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3)} | does not take
    {"fortran_order": 1} | must hold numbers or texts
""")
def test_a_header_that_lies_or_says_something_else(tmp_path, changes, said):
    assert said in refused(zipped(tmp_path / "a.npz", ("x.npy", array_bytes(np.zeros(3), **changes))))


def test_a_pickle_is_not_opened(tmp_path):
    class Evil:
        def __reduce__(self):
            return open, (str(tmp_path / "made"), "w")

    np.savez(tmp_path / "a.npz", x=np.array([Evil()], object), allow_pickle=True)
    assert "must hold numbers or texts, not '|O'" in refused(tmp_path / "a.npz")
    assert not (tmp_path / "made").exists()


def test_an_archive_that_contradicts_itself(tmp_path):
    x, path = array_bytes(np.zeros(3)), tmp_path / "a.npz"
    with pytest.warns(UserWarning, match="Duplicate"):
        zipped(path, ("x.npy", x), ("x.npy", x))
    assert refused(path) == "array 'x' is there twice"
    assert "packed in a way that numpy does not use" in refused(zipped(path, ("x.npy", x), method=zipfile.ZIP_BZIP2))
    assert "is no array of numpy" in refused(zipped(path, ("x.npy", b"text")))
    assert read_npz(zipped(path, ("x.npy", x), ("readme.txt", b"text"), ("folder/", b""))).keys() == {"x"}
    whole = bytearray(zipped(path, ("x.npy", x), ("y.npy", array_bytes(np.ones(3)))).read_bytes())
    directory = whole.index(b"PK\x01\x02", whole.index(b"PK\x01\x02") + 1)
    whole[directory + 42 : directory + 46] = struct.pack("<I", 0)  # the second array lies where the first one does
    path.write_bytes(whole)
    assert "overlaps another one" in refused(path)


def test_every_cut_and_every_changed_byte_of_the_cells(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.arange(40.0), y=np.arange(3))
    whole = path.read_bytes()
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        assert refused(path)
    for at in range(0, len(whole), 3):
        changed = bytearray(whole)
        changed[at] ^= 0x55
        path.write_bytes(changed)
        try:
            found = read_npz(path)
        except BadNpz:
            continue
        for name, array in found.items():  # a time, a flag or a name
            assert array.tolist() == (list(range(40)) if len(array) == 40 else [0, 1, 2]), name
