"""Ways to make a file wrong, each a function of a random generator: by its bytes, or by what it holds.

A mutation by content writes the file anew: JSON, CSV, YAML, an .npz or SQLite that its format's own reader still takes, with values
of other types and out of range, keys and rows too many or too few, other lengths, other shapes.
"""

from __future__ import annotations

import copy
import csv
import gzip
import io
import json
import math
import random
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

Random = random.Random
Mutation = Callable[[Random, bytes], bytes]

TEXTS = (
    "", " ", "0", "1", "-1", "2", "0.5", "1e400", "-1e308", "1e-320", "NaN", "nan", "inf", "-Infinity", "null", "None", "true", "0x10", "1_000", "١٢٣",
    "9" * 30, "9" * 5_000, "2024-02-30", "2024-01-01", "9999-12-31T23:59:59-23:59", "0001-01-01", "1969-12-31", "2024-01-01T24:00:00Z", "now",
    "\0", "a\0", "\x1b[31mred", "\u202eright to left", "\ufeff", "\ufffe", "\u2028", "e\u0301", "\ufb01", "\u200b", "😀", "\U000e0041", "ß" * 300,
    "a" * 5_000, "a" * 200_000, "=1+1", '"', "'", ",", "\n", "\r\n", "a\nb", "|", "||", "a|a", "../../etc", "/", "C:\\x", "{}", "[]", "%s %d {0}",
    "j0", "c0", "s0", "hr", "Python", "__class__", "columns", "*", "x[0]",
)  # fmt: skip
NUMBERS = (
    0, 1, -1, 2, 3, 7, 255, 256, 2**15, 2**16, 2**31 - 1, 2**31, -(2**31) - 1, 2**32, 2**53 + 1, 2**62, 2**63, 2**64, -(2**63), 10**18, 10**30, 10**400,
    0.0, -0.0, 0.5, 1.5, -0.5, 1e-9, 1e-320, 1e9, 1e18, 1e38, 3.5e38, 1e300, 1e308, -1e308, 0.1 + 0.2, math.nan, math.inf, -math.inf,
)  # fmt: skip
DTYPES = ("f2", "f4", "f8", ">f4", ">f8", "i1", "i2", "i4", "i8", "u1", "u4", "u8", "?", "c8", "S3", "U5", "M8[s]", "O")


def odd(chance: Random, depth: int = 0) -> Any:
    """A value that nobody expects."""
    kind = chance.randrange(10)
    if kind < 4:
        return chance.choice(TEXTS)
    if kind < 7:
        return chance.choice(NUMBERS)
    if kind == 7 or depth > 2:
        return chance.choice((None, True, False, [], {}))
    if kind == 8:
        return [odd(chance, depth + 1) for _ in range(chance.choice((1, 2, 3, 50)))]
    return {str(chance.choice(TEXTS))[:40]: odd(chance, depth + 1) for _ in range(chance.choice((1, 2, 3)))}


# --- By bytes


def truncate(chance: Random, content: bytes) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def flip_bits(chance: Random, content: bytes) -> bytes:
    changed = bytearray(content or b"\0")
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def insert(chance: Random, content: bytes) -> bytes:
    at = chance.randrange(len(content) + 1)
    part = chance.choice(
        (b"\0", b"\xff", b"\n", b'"', b",", b"{", b"]", b"\xef\xbb\xbf", chance.randbytes(9), b"a" * 70_000, b"PK\x05\x06")
    )
    return content[:at] + part + content[at:]


def cut_out(chance: Random, content: bytes) -> bytes:
    begin = chance.randrange(len(content) + 1)
    return content[:begin] + content[begin + chance.choice((1, 2, 16, 300)) :]


def repeat(chance: Random, content: bytes) -> bytes:
    begin = chance.randrange(len(content) + 1)
    part = content[begin : begin + chance.choice((1, 16, 300, 5_000))]
    return content[:begin] + part * chance.choice((2, 3, 40)) + content[begin + len(part) :]


def replace_whole(chance: Random, content: bytes) -> bytes:
    deep = b"[" * chance.choice((100, 5_000, 100_000))
    wholes = (
        b"",
        b"\n",
        b"\0" * 100,
        b"null",
        b"[]",
        b"{}",
        b"5",
        b'"text"',
        b"NaN",
        deep,
        deep + b"]" * len(deep),
        chance.randbytes(300),
        b"PK\x03\x04",
    )
    return chance.choice(wholes)


def reencode(chance: Random, content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    ways = (
        lambda: text.encode("utf-16"), lambda: b"\xef\xbb\xbf" + content, lambda: gzip.compress(content), lambda: content.replace(b"\n", b"\r\n"),
        lambda: content.replace(b"\n", b"\r"), lambda: (text + "\xe4").encode("latin-1", "replace"), lambda: content + b"\x1a", lambda: content * 2,
    )  # fmt: skip
    return chance.choice(ways)()


BYTES: tuple[Mutation, ...] = (truncate, flip_bits, insert, cut_out, repeat, replace_whole, reencode)


# --- Values as JSON and YAML hold them


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """The paths of all values within a value, itself first."""
    found = [path]
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        found += places(part, (*path, key))
    return found


def near(chance: Random, value: Any) -> Any:
    """Something like a value, and yet not it."""
    if isinstance(value, bool) or value is None:
        return chance.choice((None, True, False, 0, 1, "true", ""))
    if isinstance(value, (int, float)):
        return chance.choice(
            (-value, value + 1, value - 1, value * 1e6, value / 3, str(value), [value], float(value), chance.choice(NUMBERS))
        )
    if isinstance(value, str):
        more = (
            value.upper(),
            f" {value} ",
            value + "\0",
            value[::-1],
            value * 50,
            value[:-1],
            value + chance.choice(TEXTS)[:50],
            [value],
            7,
        )
        return chance.choice((*more, "".join(f"{sign}\u200b" for sign in value[:200])))
    if isinstance(value, list):
        more = (value * 2, value[1:], value[::-1], [*value, odd(chance)], [value], dict(enumerate(map(str, value))), value * 300)
        return chance.choice((*more, chance.sample(value, len(value))))
    keys = list(value)
    key = chance.choice(keys) if keys else "a"
    more = (
        {k: v for k, v in value.items() if k != key},
        value | {f"{key}s": 1},
        value | {chance.choice(TEXTS)[:60]: odd(chance)},
        list(value.values()),
    )
    return chance.choice((*more, {str(k).upper(): v for k, v in value.items()}, {k: v for k, v in value.items() if k == key}))


def change(chance: Random, value: Any) -> Any:
    """A value with one to three of its parts changed."""
    value = copy.deepcopy(value)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        *path, last = ("", *chance.choice(places(value)))
        holder = {"": value}
        inside: Any = holder
        for key in path:
            inside = inside[key]
        how = chance.randrange(8)
        if how < 3:
            inside[last] = odd(chance)
        elif how < 7 or last == "":
            inside[last] = near(chance, inside[last])
        elif isinstance(inside, (dict, list)):
            del inside[last]
        value = holder[""]
    return value


def to_json(chance: Random, value: Any) -> str:
    """JSON text; now and then with NaN, with a key twice, or deeper than anybody reads."""
    text = json.dumps(value, ensure_ascii=chance.random() < 0.8, default=str)
    how = chance.randrange(40)
    if how == 0 and '": ' in text:
        key = text[text.index('"') : text.index('": ') + 3]
        return text.replace("{", "{" + key + chance.choice(("1, ", "null, ", "[], ")), 1)
    if how == 1 and ": " in text:
        depth = chance.choice((20, 200, 5_000, 100_000))
        return text.replace(": ", ": " + "[" * depth + "]" * depth + ' , "more": ', 1)
    return text


def change_json(chance: Random, content: bytes) -> bytes:
    return to_json(chance, change(chance, json.loads(content))).encode("utf-8", "replace")


def change_json_lines(chance: Random, content: bytes) -> bytes:
    lines: list[Any] = [json.loads(line) for line in content.splitlines()]
    how = chance.randrange(10)
    if how == 0:
        chance.shuffle(lines)
    elif how == 1:
        lines = lines[: chance.randrange(len(lines) + 1)]
    elif how == 2:
        lines += chance.choices(lines, k=chance.choice((1, 3)))
    elif how == 3:
        key = chance.choice(list(lines[0]) or [""])
        strange = odd(chance)
        lines = [{**line, key: strange} if chance.random() < 0.9 else line for line in lines]
    elif how == 4:
        key = chance.choice(list(lines[0]) or [""])
        lines = [{k: v for k, v in line.items() if k != key} for line in lines]
    else:
        for _ in range(chance.choice((1, 1, 2, 5))):
            at = chance.randrange(len(lines))
            lines[at] = change(chance, lines[at])
    end = chance.choice(("\n", "\n", "\n", "\r\n", "\n\n"))
    return "".join(to_json(chance, line) + end for line in lines).encode("utf-8", "replace")


def change_yaml(chance: Random, content: bytes) -> bytes:
    value = change(chance, yaml.safe_load(content))
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=chance.random() < 0.5)
    how = chance.randrange(25)
    if how == 0:
        text += chance.choice(
            ("model: {experts: 3}\n", "? [1, 2]\n: 3\n", "<<: {model: 3}\n", "zz: &a [*a]\n", "zz: !!binary aGk=\n", "zz: !!set {a, b}\n")
        )
    elif how == 1:  # sections that stand for others: small here, without an end elsewhere
        rows = [f"z{n}: &z{n} [{', '.join([f'*z{n - 1}'] * 9)}]" if n else "z0: &z0 [1]" for n in range(7)]
        text = "\n".join(rows) + "\n" + text
    elif how == 2:
        text = text.replace(": ", f": {'[' * 3_000}", 1)
    elif how == 3:
        text = text.replace("\n", chance.choice(("\n\t", "\r", "\n---\n", "\n# \x85 \n")), 1)
    return text.encode("utf-8", "replace")


# --- Rows of CSV


def change_csv(chance: Random, content: bytes) -> bytes:
    rows = list(csv.reader(io.StringIO(content.decode())))
    header, body = rows[0], rows[1:]
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        column = chance.randrange(len(header))
        how = chance.randrange(16)
        if how < 5 and body:
            for row in chance.sample(body, min(len(body), chance.choice((1, 1, 3, 1000)))):
                row[column : column + 1] = [
                    str(odd(chance)) if chance.random() < 0.7 else str(near(chance, row[min(column, len(row) - 1)]))
                ]
        elif how < 7:
            value = str(odd(chance))
            body = [[*row[:column], value, *row[column + 1 :]] for row in body]
        elif how == 7 and len(header) > 1:
            header, body = header[:column] + header[column + 1 :], [row[:column] + row[column + 1 :] for row in body]
        elif how == 8:
            header = [
                *header[:column],
                str(chance.choice((odd(chance), header[0], header[column].upper(), f" {header[column]}"))),
                *header[column + 1 :],
            ]
        elif how == 9:
            header, body = [*header, chance.choice(TEXTS)], [[*row, str(odd(chance))] for row in body]
        elif how == 10:
            chance.shuffle(body)
        elif how == 11:
            body = body[: chance.choice((0, 1, 2, 3, len(body) // 2))]
        elif how == 12:
            body = body + chance.choices(body, k=3) if body else body
        elif how == 13 and body:
            at = chance.randrange(len(body))
            body[at] = chance.choice(([], [""], body[at][:-1], [*body[at], "more"]))
        elif how == 14 and body:
            other = chance.randrange(len(header))
            for row in body:
                if max(column, other) < len(row):
                    row[column], row[other] = row[other], row[column]
        else:
            values = [row[column] if column < len(row) else "" for row in body]
            chance.shuffle(values)
            body = [[*row[:column], value, *row[column + 1 :]] for row, value in zip(body, values)]
    text = io.StringIO(newline="")
    quoting = chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    csv.writer(text, quoting=quoting, lineterminator=chance.choice(("\n", "\n", "\r\n"))).writerows([header, *body])
    return text.getvalue().encode("utf-8", "replace")


def change_labels(chance: Random, content: bytes) -> bytes:
    """A list with a label a line."""
    lines = content.decode().splitlines()
    for _ in range(chance.choice((1, 2, 5))):
        lines.insert(chance.randrange(len(lines) + 1), str(chance.choice((odd(chance), near(chance, chance.choice(lines))))))
    return "\n".join(lines).encode("utf-8", "replace")


# --- Arrays


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
        lambda: array.T, lambda: flat, lambda: flat[:-1], lambda: flat[:0], lambda: array[None], lambda: array[..., None], lambda: np.array(7, array.dtype),
        lambda: np.concatenate([flat, flat]), lambda: flat[: len(flat) // 2], lambda: array[:1], lambda: np.zeros((0, *array.shape), array.dtype),
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
    """A small file that unpacks to 320 MB: more than its size is worth, and no harm to any reader."""
    name, _ = chance.choice(_members(content))
    array = io.BytesIO()
    np.lib.format.write_array(array, np.zeros(40_000_000))
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
