"""A list of skill labels that the user points at (ESCO's, or one's own), looked up beside the lexicon."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from minirank.errors import DataError
from minirank.extract.normal_form import normalised
from minirank.extract.rules.ambiguity import believable
from minirank.extract.rules.lexicon import Match, Matcher, Tokens, lexicon
from minirank.extract.rules.nearest_label import NearestLabel

# What a word inside a label is worth against "outside", in the tagger's log scores: skills, knowledge.
# Chosen by cross-validation over the postings of SkillSpan's train.json with the labels of ESCO.
_BONUS = (0.0, 1.0)
_COLUMNS = ("preferredLabel", "altLabels", "skillType")
_REMEDY = "give a list of labels in UTF-8, one a line, or a skills CSV of ESCO"


class Gazetteer:
    """Labels, the layer each belongs to, and the name it stands for.

    Args:
        labels: iterable of (label, "skill" | "knowledge", name); the first name of a label counts.
        bonus: of a word inside a label, for skills and for knowledge.
        origin: what reports say of it: the file's name and sha256; anything that JSON can hold.

    `size` is the number of different labels.
    """

    def __init__(self, labels: Iterable[tuple[str, str, str]], bonus: tuple[float, float] = _BONUS, origin: dict | None = None) -> None:
        self.bonus, self.origin = bonus, origin
        layers: dict[str, dict[str, str]] = {"skill": {}, "knowledge": {}}
        names: dict[str, str] = {}
        for label, layer, name in labels:
            phrase = _plain(label)
            if _is_label(phrase):
                layers[layer][phrase] = names.setdefault(phrase, name)
        self.size, self._names = len(names), names
        self._matchers = {layer: Matcher((phrase, "skill", name) for phrase, name in found.items()) for layer, found in layers.items()}

    @cached_property
    def _nearest(self) -> NearestLabel:
        return NearestLabel(self._names)

    def nearest_named(self, form: Match) -> Match:
        """A span without a name, under that of the label which is spelled almost like it, where there is one."""
        name = self._nearest.find(form.name)
        return form if name is None else Match(form.start, form.end, "skill", name)

    def spans(self, plain: str) -> dict[str, list[tuple[int, int]]]:
        """{layer: sorted list of (start, end)} of the labels in a normalised text."""
        tokens = Tokens(plain)
        return {layer: [(m.start, m.end) for m in matcher.scan(tokens)] for layer, matcher in self._matchers.items()}

    def matches(self, plain: str, tokens: Tokens, known: Iterable[Match] = ()) -> list[Match]:
        """Labels of both layers, as skills.

        Args:
            plain: a normalised text.
            tokens: Tokens(plain).
            known: Matches of the lexicon, whose names count where both know the words; a label that says more stands
                beside them (`Danish cuisine` beside `Danish`).
        Returns: list of Match in text order, without overlaps, the longer one of two that begin together.
        """
        found = [m for matcher in self._matchers.values() for m in matcher.scan(tokens)]
        found = believable(plain, sorted(found, key=lambda m: (m.start, -m.end)))
        named = {at: m for m in known for at in range(m.start, m.end)}
        kept, reached = [], 0
        for m in found:
            others = {named[at] for at in range(m.start, m.end) if at in named}
            if m.start >= reached and all(m.start <= o.start and o.end <= m.end and o.end - o.start < m.end - m.start for o in others):
                kept.append(m)
                reached = m.end
        return kept


def read_gazetteer(path: str | Path | None, asked_by: str | None = None) -> Gazetteer | None:
    """Gazetteer of a file; None without one.

    A plain list has a label a line; those that start with an action verb are skills, the others knowledge. A CSV
    of ESCO has the columns `preferredLabel`, `altLabels` (separated by `|` or line breaks) and `skillType`; what it
    finds has the preferred label as its name.

    Args:
        path: .csv, or any other file for a plain list; or None.
        asked_by: what names the file, such as a key of a configuration, for the error where it is not there.
    Raises:
        DataError: the file cannot be read, is not UTF-8, lacks a column or holds no label.
    """
    if path is None:
        return None
    path = Path(path)
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
        labels = list(_esco(text, path) if path.suffix.lower() == ".csv" else _listed(text))
    except OSError as problem:
        remedy = "check the path" if asked_by is None else f"{asked_by} asks for it: put it back, or write there where it is now"
        raise DataError(f"the gazetteer cannot be read: {problem.strerror}", file=path, remedy=remedy) from None
    except (UnicodeDecodeError, csv.Error) as problem:
        raise DataError(f"the gazetteer cannot be read: {problem}", file=path, remedy=_REMEDY) from None
    made = Gazetteer(labels, origin={"file": path.name, "sha256": hashlib.sha256(content).hexdigest()})
    if not made.size:
        raise DataError("the gazetteer holds no label", file=path, remedy=_REMEDY)
    return made


def _is_label(phrase: str) -> bool:
    """Letters, and more than one, or `R` and its like would be every `a`."""
    return any(map(str.isalpha, phrase)) and (len(phrase) > 1 or not phrase.isascii() or phrase in lexicon().exact)


def _listed(text: str) -> Iterator[tuple[str, str, str]]:
    verbs = lexicon().verbs
    for name in map(_plain, text.splitlines()):
        yield name, "skill" if verbs.get(name.partition(" ")[0]) else "knowledge", name


def _esco(text: str, path: Path) -> Iterator[tuple[str, str, str]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        remedy = "give a skills CSV of ESCO, or a plain list of labels as .txt"
        raise DataError("a column is missing", file=path, column=missing[0], remedy=remedy)
    concepts = [(_plain(row["preferredLabel"]), row) for row in reader]
    for own in (True, False):  # a concept's own label before what others are called too
        for name, row in concepts:
            layer = "knowledge" if row["skillType"] == "knowledge" else "skill"
            for label in (name,) if own else (row["altLabels"] or "").replace("|", "\n").split("\n"):
                yield label, layer, name or _plain(label)


def _plain(label: str | None) -> str:
    return " ".join(normalised(label or "").lower().split())
