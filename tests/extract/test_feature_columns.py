"""Features that are read as columns: what objects of the same lines hold; any other spelling is left to those."""

import json
import random
from dataclasses import fields, replace

import numpy as np
import pytest

from minirank.extract import JobFeatures, ResumeFeatures, Value
from minirank.extract.feature_columns import FeatureColumns
from minirank.extract.schema import DEPTH, Flag, Mask
from minirank.storage import parse_json

TEXTS = ["sql", "c++", 'say "hi"', "a\\b", "naïve 漢字 \ud800", "tab\tbreak\n", "", "\x7f/", "bachelor" * 30]
ALLOWED = {"seniority": "senior", "education": "master", "remote": "hybrid", "leadership": "people", "conditions": "travel"}


def one(draw, kind, key):
    """A random value of a key."""
    numeric = key in kind._numbers
    value = draw.choice([0, 7, 2**31 - 1]) if numeric else ALLOWED.get(key) or draw.choice(TEXTS)
    start = draw.choice([0, 5, 2**31 - 2])
    found = Value(value, draw.choice(TEXTS), start, start + draw.choice([0, 1]), draw.choice(["rules", "llm", "tagger", 'odd "source"']))
    return replace(
        found,
        rules=draw.choice([None, 3 if numeric else ALLOWED.get(key, "x")]),
        depth=draw.choice([None, *DEPTH]),
        years=draw.choice([None, 0, 12]),
    )


def some(draw, kind):
    """Random features."""
    made = {}
    for field in fields(kind):
        if field.name in kind._ids:
            made[field.name] = draw.choice([None, *TEXTS])
        elif field.name == "flagged":
            made[field.name] = tuple(Flag(at, at + 1, draw.choice(TEXTS)) for at in range(draw.randint(0, 2)))
        elif field.name == "masked":
            made[field.name] = tuple(Mask(at, at, draw.choice(TEXTS)) for at in range(draw.randint(0, 3)))
        elif field.default is None:
            made[field.name] = draw.choice([None, one(draw, kind, field.name)])
        else:
            made[field.name] = tuple(one(draw, kind, field.name) for _ in range(draw.randint(0, 3)))
    return kind(**made)


def scanned(lines, kind):
    content = np.frombuffer("".join(f"{line}\n" for line in lines).encode(), np.uint8)
    ends = np.flatnonzero(content == 10)
    return FeatureColumns.of_lines(content, np.append(0, ends[:-1] + 1), kind)


def held_by(objects, kind):
    """What `FeatureColumns` says of objects: entries with their texts, and spans."""
    entries, spans = [], []
    for row, features in enumerate(objects):
        for key, field in enumerate(fields(kind)):
            held = getattr(features, field.name)
            for each in held if isinstance(held, tuple) else () if held is None else (held,):
                if isinstance(each, str):
                    entries.append((row, key, each))
                elif isinstance(each, Value):
                    depth = -1 if each.depth is None else DEPTH.index(each.depth)
                    entries.append((row, key, each.value, each.source == "tagger", depth, -1 if each.years is None else each.years))
                else:
                    spans.append((row, key, each.start, each.end))
    return entries, spans


@pytest.mark.parametrize("kind", [JobFeatures, ResumeFeatures])
def test_columns_hold_what_objects_hold(kind):
    draw = random.Random(1)
    objects = [some(draw, kind) for _ in range(200)]
    columns = scanned([json.dumps(features.to_json()) for features in objects], kind)
    names = [field.name for field in fields(kind)]
    numbers, ids = ({place for place, name in enumerate(names) if name in chosen} for chosen in (kind._numbers, kind._ids))
    found = [
        (row, key, columns.texts[value]) if key in ids else (row, key, value if key in numbers else columns.texts[value], *rest)
        for row, key, value, *rest in columns.entries.tolist()
    ]
    entries, spans = held_by(objects, kind)
    assert found == entries and list(map(tuple, columns.spans.tolist())) == spans
    rows = np.array([150, 3, 77])
    taken, again = columns.take(rows), scanned([json.dumps(objects[row].to_json()) for row in rows], kind)
    for name in names:
        if name in kind._numbers:
            np.testing.assert_array_equal(taken.numbers(name), again.numbers(name))
        elif name not in ("flagged", "masked"):
            assert taken.first(name) == again.first(name), name
    for row, place in enumerate(rows):
        flags, masks = taken.flags_and_masks(row)
        assert [(each.start, each.end) for each in flags] == [(each.start, each.end) for each in objects[place].flagged]
        assert [(each.start, each.end) for each in masks] == [(each.start, each.end) for each in objects[place].masked]


SKILL = Value("sql", "SQL", 4, 7, depth="solid", years=3)
SOUND = json.dumps(ResumeFeatures("r", "t", skills=(SKILL,), masked=(Mask(0, 3, "NAME"),)).to_json())
CHANGES = {
    "spaces": (": ", ":"),
    "another order": ('"resume_id": "r", "updated_at": "t"', '"updated_at": "t", "resume_id": "r"'),
    "a key twice": ('"value": "sql"', '"value": "sql", "value": "sql"'),
    "a number for a text": ('"value": "sql"', '"value": 3'),
    "a text for a number": ('"start": 4', '"start": "4"'),
    "a leading zero": ('"start": 4', '"start": 04'),
    "below zero": ('"start": 4', '"start": -4'),
    "too large": ('"end": 7', '"end": 2147483648'),
    "more digits than fit": ('"end": 7', '"end": 99999999999999999999'),
    "a fraction": ('"end": 7', '"end": 7.0'),
    "the end before the start": ('"start": 4', '"start": 8'),
    "a span that ends before it starts": ('"start": 0', '"start": 5'),
    "an unknown depth": ('"solid"', '"deep"'),
    "null": ('"years": 3', '"years": null'),
    "true": ('"years": 3', '"years": true'),
    "a bare control character": ('"SQL"', '"S\tL"'),
    "letters that are not escaped": ('"SQL"', '"ŚQL"'),
    "an escape that there is not": ('"SQL"', '"\\x53"'),
    "half an escape": ('"SQL"', '"\\u12"'),
    "no end of the text": ('"SQL",', '"SQL,'),
    "something behind": ("]}", "]} x"),
    "nothing": (SOUND, ""),
    "an open line": ("]}", "]"),
    "a level that there is not": (
        '"seniority": null',
        '"seniority": {"value": "duke", "quote": "x", "start": 0, "end": 1, "source": "rules"}',
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_other_spelling_is_left_to_objects(change):
    before, after = CHANGES[change]
    assert scanned([SOUND, SOUND], ResumeFeatures) is not None and before in SOUND
    assert scanned([SOUND, SOUND.replace(before, after, 1)], ResumeFeatures) is None


def test_random_damage_is_noticed():
    """A line that columns take is one that `from_json` takes, and holds the same."""
    draw = random.Random(2)
    taken = 0
    for _ in range(3_000):
        at = draw.randrange(len(SOUND))
        line = SOUND[:at] + draw.choice('"{}[]:,\\0 9azu') + SOUND[at + draw.randint(0, 1) :]
        columns = scanned([line], ResumeFeatures)
        if columns is not None:
            features = ResumeFeatures.from_json(parse_json(line))
            assert [entry[:2] for entry in held_by([features], ResumeFeatures)[0]] == list(map(tuple, columns.entries[:, :2].tolist()))
            assert columns.first("skills") == [features.skills[0].value] and columns.entries[-1, 5] == features.skills[0].years
            taken += 1
    assert 100 < taken < 2_000
