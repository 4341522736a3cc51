"""Ways to make an .npz and a database wrong that their own readers still take; see mutations.py."""

from __future__ import annotations

import io
import json
import math
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from bench.fuzz.mutations import TEXTS, Random, change, near, odd, to_json

DTYPES = ("f2", "f4", "f8", ">f4", ">f8", "i1", "i2", "i4", "i8", "u1", "u4", "u8", "?", "c8", "S3", "U5", "M8[s]", "O")


def change_npz(chance: Random, content: bytes) -> bytes:
    with np.load(io.BytesIO(content)) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for _ in range(chance.choice((1, 1, 1, 2))):
        name = chance.choice(list(arrays))
        how = chance.randrange(14)
        if how == 0:
            del arrays[name]
            arrays = arrays or {"a": np.zeros(3)}
        elif how == 1:
            arrays[chance.choice((name.upper(), f"{name}x", "", "a/b", "../a", "é", name[:-1]))] = arrays.pop(name)
        elif how == 2:
            arrays[chance.choice(("more", "a", "y", "0"))] = chance.choice(
                (np.zeros(0), np.zeros((2, 2, 2)), np.array("text"), np.arange(9))
            )
        elif how < 5:
            arrays[name] = _cast(arrays[name], chance.choice(DTYPES))
        elif how < 8:
            arrays[name] = _reshaped(chance, arrays[name])
        elif how == 8:
            arrays[name] = np.asfortranarray(arrays[name])
        else:
            arrays[name] = _other_values(chance, arrays[name])
    made = io.BytesIO()
    (np.savez if chance.random() < 0.7 else np.savez_compressed)(made, **arrays)
    how = chance.randrange(12)
    if how > 3:
        return made.getvalue()
    return (_other_header, _twice, _large, _other_members)[how](chance, made.getvalue())


def _cast(array: np.ndarray, dtype: str) -> np.ndarray:
    with np.errstate(all="ignore"):
        try:
            return array.astype(dtype)
        except (TypeError, ValueError):
            return np.full(array.shape, "x", "U5")


def _reshaped(chance: Random, array: np.ndarray) -> np.ndarray:
    flat = array.reshape(-1)
    ways = (
        lambda: array.T, lambda: flat, lambda: flat[:-1], lambda: flat[:0], lambda: array[None], lambda: array[..., None],
        lambda: np.array(7, array.dtype),
        lambda: np.concatenate([flat, flat]), lambda: flat[: len(flat) // 2], lambda: array[:1], lambda: np.zeros((0,
        *array.shape), array.dtype),
        lambda: np.zeros((*array.shape[:1], 1000), array.dtype),
    )  # fmt: skip
    return chance.choice(ways)()


def _other_values(chance: Random, array: np.ndarray) -> np.ndarray:
    changed = array.copy()
    flat = changed.reshape(-1)
    if not len(flat):
        return changed
    if array.dtype.kind in "US":
        flat[chance.randrange(len(flat))] = chance.choice(TEXTS)[:9]
        return changed
    limits = np.iinfo(array.dtype) if array.dtype.kind in "iu" else None
    number = chance.choice((-1, 0, 1, 2, 1e30, 3e38, -1e38, 1e-40, math.nan, math.inf, -math.inf))
    if limits is not None:
        number = int(chance.choice((limits.min, limits.max, 0, 1, 2)))
    with np.errstate(all="ignore"):
        how = chance.randrange(4)
        if how == 0:
            flat[:] = number
        elif how == 1:
            flat[:] = np.array(chance.sample(flat.tolist(), len(flat)))
        elif how == 2 and limits is None:
            flat *= number
        else:
            flat[chance.randrange(len(flat))] = number
    return changed


def _members(content: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def _zipped(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, member in members:
            archive.writestr(name, member)
    return made.getvalue()


def _other_header(chance: Random, content: bytes) -> bytes:
    """An array whose header lies about it."""
    members = _members(content)
    at = chance.randrange(len(members))
    name, member = members[at]
    old, new = chance.choice(
        ((b"(", b"(9"), (b", )", b",9)"), (b"<f", b">f"), (b"False", b"True "), (b"'descr'", b"'other'"), (b"NUMPY\x01", b"NUMPY\x09"))
    )
    members[at] = name, member[:128].replace(old, new, 1) + member[128:]
    return _zipped(members)


def _twice(chance: Random, content: bytes) -> bytes:
    """An array that is there twice, with two values."""
    name, member = chance.choice(_members(content))
    other = f"{name[:-1]}_"  # of the same length, so that the name can be written over it
    return _zipped([*_members(content), (other, member[:-1] + b"\x01")]).replace(other.encode(), name.encode())


def _large(chance: Random, content: bytes) -> bytes:
    """A small file that unpacks to 40 million cells: more than its size is worth, and no harm to any reader."""
    name, _ = chance.choice(_members(content))
    array = io.BytesIO()
    np.lib.format.write_array(array, np.zeros(40_000_000, np.int8))
    return _zipped([member for member in _members(content) if member[0] != name] + [(name, array.getvalue())])


def _other_members(chance: Random, content: bytes) -> bytes:
    extra = chance.choice((("readme.txt", b"text"), ("x.npy", b""), ("x.npy", b"\x93NUMPY"), ("folder/", b""), (".npy", b"x")))
    return _zipped([*_members(content), extra], chance.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)))


# --- SQLite


def change_sqlite(chance: Random, path: Path) -> None:
    """Change cells, rows or tables of a database in its place."""
    base = sqlite3.connect(path, isolation_level=None)
    try:
        base.execute("PRAGMA ignore_check_constraints = ON")
        tables = [row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        for _ in range(chance.choice((1, 1, 2, 4))):
            table = chance.choice(tables)
            columns = [row[1] for row in base.execute(f'PRAGMA table_info("{table}")')]
            rows = [row[0] for row in base.execute(f'SELECT rowid FROM "{table}" ORDER BY rowid')]
            if not rows:
                continue
            column, row, how = chance.choice(columns), chance.choice(rows), chance.randrange(12)
            cell = base.execute(f'SELECT "{column}" FROM "{table}" WHERE rowid = ?', (row,)).fetchone()
            if how < 8 and cell is not None:
                where, values = ("", ()) if how == 0 else (" WHERE rowid = ?", (row,))
                base.execute(f'UPDATE OR REPLACE "{table}" SET "{column}" = ?{where}', (_cell(chance, cell[0]), *values))
            elif how == 8:
                base.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (row,))
            elif how == 9:
                base.execute(f'DELETE FROM "{table}"')
            elif how == 10:
                base.execute(f'ALTER TABLE "{table}" ADD COLUMN more TEXT')
            else:
                base.execute(
                    chance.choice((f'ALTER TABLE "{table}" RENAME TO other', f"PRAGMA user_version = {chance.choice((0, 1, 7, -1))}"))
                )
                tables = [found[0] for found in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    except sqlite3.Error:
        pass  # a column that allows no such value: the changes before it stand
    finally:
        base.close()


def _cell(chance: Random, value: Any) -> Any:
    """A cell in the place of another one; JSON in it is changed as JSON."""
    if isinstance(value, str) and value[:1] in "{[" and chance.random() < 0.8:
        return to_json(chance, change(chance, json.loads(value))).encode("utf-8", "replace").decode()
    strange = chance.choice((odd(chance), near(chance, value), b"\xff\x00bytes"))
    if isinstance(strange, bool) or (isinstance(strange, int) and not -(2**63) <= strange < 2**63) or isinstance(strange, (list, dict)):
        return json.dumps(strange)
    return strange
