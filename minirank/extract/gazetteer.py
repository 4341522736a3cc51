"""A list of skill labels that the user points at (ESCO's, or one's own), looked up in postings."""

from __future__ import annotations

import csv
from pathlib import Path

from minirank.errors import DataError
from minirank.extract.lexicon import Matcher, Tokens, lexicon

# What a word inside a label is worth against "outside", in the tagger's log scores: skills, knowledge.
# Chosen by cross-validation over the postings of SkillSpan's train.json with the labels of ESCO.
_BONUS = (0.0, 1.0)


class Gazetteer:
    """Labels and the layer each belongs to.

    Args:
        labels: iterable of (label, "skill" | "knowledge").
        bonus: of a word inside a label, for skills and for knowledge.
    """

    def __init__(self, labels, bonus=_BONUS):
        self.bonus = bonus
        self._matchers = {layer: Matcher((label, layer, label) for label, of in labels if of == layer)
                          for layer in ("skill", "knowledge")}

    def spans(self, plain):
        """{layer: sorted list of (start, end)} of the labels in a normalised text."""
        tokens = Tokens(plain)
        return {layer: [(m.start, m.end) for m in matcher.scan(tokens)] for layer, matcher in self._matchers.items()}


def read_gazetteer(path):
    """Gazetteer of a file.

    A plain list has a label a line; those that start with an action verb are skills, the others knowledge. A CSV
    of ESCO has the columns `preferredLabel`, `altLabels` (separated by `|` or line breaks) and `skillType`.

    Args:
        path: .txt or .csv.
    Raises:
        DataError: the file cannot be read, is not UTF-8, lacks a column or holds no label.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            labels = list(_esco(file, path) if path.suffix == ".csv" else _listed(file))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise DataError(f"the gazetteer cannot be read: {problem}", file=path,
                        remedy="give a list of labels in UTF-8, one a line, or a skills CSV of ESCO") from None
    if not labels:
        raise DataError("the gazetteer holds no label", file=path,
                        remedy="give a list of labels, one a line, or a skills CSV of ESCO")
    return Gazetteer(labels)


def _listed(lines):
    verbs = lexicon().verbs
    for line in lines:
        words = line.lower().split()
        if words:
            yield " ".join(words), "skill" if verbs.get(words[0]) else "knowledge"


def _esco(file, path):
    rows = csv.DictReader(file)
    missing = {"preferredLabel", "altLabels", "skillType"} - set(rows.fieldnames or ())
    if missing:
        raise DataError("a column is missing", file=path, column=sorted(missing)[0],
                        remedy="give a skills CSV of ESCO, or a plain list of labels as .txt")
    for row in rows:
        layer = "knowledge" if row["skillType"] == "knowledge" else "skill"
        alternatives = (row["altLabels"] or "").replace("|", "\n").split("\n")
        for label in (row["preferredLabel"] or "", *alternatives):
            if label.strip():
                yield " ".join(label.lower().split()), layer
