"""Ways to make a file wrong, each a function of a random generator: by its bytes, or by what it holds.

A mutation by content writes the file anew: JSON, CSV or YAML that its format's own reader still takes, with values of other types
and out of range, keys and rows too many or too few. Arrays and databases are in binary.py.
"""

from __future__ import annotations

import copy
import csv
import gzip
import io
import json
import math
import random
from collections.abc import Callable
from typing import Any

import yaml

Random = random.Random
Mutation = Callable[[Random, bytes], bytes]

TEXTS = (
    "", " ", "0", "1", "-1", "2", "0.5", "1e400", "-1e308", "1e-320", "NaN", "nan", "inf", "-Infinity", "null", "None", "true",
    "0x10", "1_000", "١٢٣",
    "9" * 30, "9" * 5_000, "2024-02-30", "2024-01-01", "9999-12-31T23:59:59-23:59", "0001-01-01", "1969-12-31",
    "2024-01-01T24:00:00Z", "now",
    "\0", "a\0", "\x1b[31mred", "\u202eright to left", "\ufeff", "\ufffe", "\u2028", "e\u0301", "\ufb01", "\u200b", "😀",
    "\U000e0041", "ß" * 300,
    "a" * 5_000, "a" * 200_000, "=1+1", '"', "'", ",", "\n", "\r\n", "a\nb", "|", "||", "a|a", "../../etc", "/", "C:\\x", "{}",
    "[]", "%s %d {0}",
    "j0", "c0", "s0", "hr", "Python", "__class__", "columns", "*", "x[0]",
)  # fmt: skip
UNITS = (  # of long texts: what a quadratic search or a backtracking expression trips over
    "a ", "A. ", " ", "\n", "1 ", "- ", "(", "+", ", ", "<", "a@", ".a", "a.", "@a.b ", "http://", "0049 ", "(0) ", "2019 - ",
    "Jan 2015 - Mar 2018\n",
    "5 years ", "Skills:\n", "Mr ", "born ", "Ann Lee ", "E X ", "no ", "Python, ", "and ", "a\u200b", "\u00ad-\n", "\u0301",
    "\ufb01", "日本", "&amp;",
)  # fmt: skip
NUMBERS = (
    0, 1, -1, 2, 3, 7, 255, 256, 2**15, 2**16, 2**31 - 1, 2**31, -(2**31) - 1, 2**32, 2**53 + 1, 2**62, 2**63, 2**64, -(2**63),
    10**18, 10**30, 10**400,
    0.0, -0.0, 0.5, 1.5, -0.5, 1e-9, 1e-320, 1e9, 1e18, 1e38, 3.5e38, 1e300, 1e308, -1e308, 0.1 + 0.2, math.nan, math.inf, -math.inf,
)  # fmt: skip


def odd(chance: Random, depth: int = 0) -> Any:
    """A value that nobody expects."""
    kind = chance.randrange(10)
    if kind < 4:
        return chance.choice(UNITS) * chance.choice((100, 5_000, 30_000)) if chance.random() < 0.05 else chance.choice(TEXTS)
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
        lambda: text.encode("utf-16"), lambda: b"\xef\xbb\xbf" + content, lambda: gzip.compress(content),
        lambda: content.replace(b"\n", b"\r\n"),
        lambda: content.replace(b"\n", b"\r"), lambda: (text + "\xe4").encode("latin-1", "replace"), lambda: content + b"\x1a",
        lambda: content * 2,
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
        value = max(-1e300, min(value, 1e300))  # what is larger has no part that is a number
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
                    str(odd(chance)) if chance.random() < 0.7 else str(near(chance, row[min(column, len(row) - 1)] if row else ""))
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
