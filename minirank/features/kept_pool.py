"""The resumes of a folder, read for an encoder, as they are kept: what ranks a job waits for no text.

Of texts the counts of their words are kept; what an encoder makes of them (TF-IDF and the like) is computed of those words alone that a
job asks for, see `sparse.Weights`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from minirank.config.features import FeatureConfig
from minirank.data.column_names import FILES
from minirank.data.folder.records import column_of
from minirank.data.kept.array_file import Damaged
from minirank.data.kept.entry import EntryReader, EntryWriter
from minirank.data.kept.packed import Packed
from minirank.data.values import MISSING_TIME
from minirank.extract.made_files import RESUME_FILE
from minirank.features.kept_rows import KeptRows
from minirank.features.profiles import Profiles
from minirank.features.sparse import Weights

if TYPE_CHECKING:
    from minirank.features.encoder import Encoder
    from minirank.features.tfidf import TextModel

ROWS = 4_096
KIND, SOURCES = "resumes", (FILES["resumes"], RESUME_FILE)
ARRAYS, NAMES = ("key", "time", "years", "currency", "domain_column", "known", "title_rarity"), ("title", "domain")


def kept_resumes(kept: KeptRows, encoder: Encoder, records: Sequence[Any], features: Sequence[Any]) -> Profiles | None:
    """`Encoder.resumes` of all snapshots of a folder as they were kept; None where they were not.

    Args:
        records, features: those that it was made of, which need not be parsed.
    """
    found = kept.read_of(KIND, encoder, SOURCES)
    try:
        return None if found is None else _profiles(EntryReader(*found), encoder.text, records, features)
    except (Damaged, KeyError, ValueError):
        return None


def keep_resumes(kept: KeptRows, encoder: Encoder, profiles: Profiles) -> None:
    """Keep what `Encoder.resumes` gave, where its resumes are compared as training compared them."""
    if profiles.model is encoder.text:
        write_resumes(kept, encoder, entry_of(profiles))


def write_resumes(kept: KeptRows, encoder: Encoder, entry: EntryWriter) -> None:
    """Keep what `entry_of` made."""
    kept.write_of(KIND, encoder, entry, SOURCES)


def can_keep(kept: KeptRows, config: FeatureConfig) -> bool:
    """Whether resumes are kept: not those without a time, which are as of the moment of the search; nor those that have vectors."""
    return kept.is_used and not config.embedded and MISSING_TIME not in column_of(kept.folder.resumes, "updated_at")


def entry_of(profiles: Profiles) -> EntryWriter:
    """Resumes as they are kept."""
    entry = EntryWriter()
    for name in ARRAYS:
        entry.column(name, getattr(profiles, name))
    for name in NAMES:
        values = getattr(profiles, name)
        different = {value: place for place, value in enumerate(dict.fromkeys(values))}
        entry.column(f"{name}.code", np.array([different[value] for value in values], np.int32))
        entry.about[name] = list(different)
    for group in ("levels", "numbers"):
        for name, array in getattr(profiles, group).items():
            entry.column(f"{group}.{name}", array.astype(np.float64))
    entry.column("foreign", profiles.foreign.astype(np.int32))
    for name, rows in profiles.sets.items():
        _keep_rows(entry, f"sets.{name}", rows)
    entry.about |= {group: list(getattr(profiles, group)) for group in ("levels", "numbers", "sets")}
    entry.about["has_texts"] = profiles.counts is not None
    if profiles.counts is not None:
        assert profiles.tokens is not None and profiles.model is not None
        for name, rows in zip(("words", "parts"), profiles.counts):
            _keep_rows(entry, name, rows, pack=False)
        model, (in_words, in_parts) = profiles.model, profiles.counts
        entry.column("words.most", _of_rows(in_words, lambda rows: model.most(rows, model.word_length)))
        entry.column("parts.most", _of_rows(in_parts, lambda rows: model.most(rows, model.length)))
        entry.column("parts.length", _of_rows(in_parts, model.parts.lengths))
        _keep_rows(entry, "tokens", profiles.tokens, ones=True)  # which they are, not how much they weigh, is an input
    return entry


def _profiles(entry: EntryReader, model: TextModel | None, records: Sequence[Any], features: Sequence[Any]) -> Profiles:
    about = entry.about
    made = Profiles.__new__(Profiles)
    made.records, made.features, made.model, made.is_jobs = records, features, model, False
    for name in ARRAYS:
        setattr(made, name, entry.column(name).rows())
    for name in NAMES:
        values = about[name]
        setattr(made, name, [values[code] for code in entry.column(f"{name}.code").rows().tolist()])
    made.levels = {name: entry.column(f"levels.{name}").rows().astype(np.int8) for name in about["levels"]}
    made.numbers = {name: entry.column(f"numbers.{name}").rows() for name in about["numbers"]}
    made.foreign = entry.column("foreign").rows().astype(bool)
    made.sets = {name: _rows(entry, f"sets.{name}") for name in about["sets"]}
    made.text = made.tokens = made.meaning = made.counts = None
    made.wanted, made.saturated = {}, {}
    if about["has_texts"]:
        assert model is not None
        none = np.empty(0)
        made.saturated = {name: _weights(entry, name, lambda counts: counts, none, f"{name}.most") for name in ("words", "parts")}
        made.text = _weights(entry, "parts", model.parts.said, model.parts.weights, "parts.length")
        made.tokens = _rows(entry, "tokens")
    return made


def _weights(entry: EntryReader, name: str, of_counts: Callable[[np.ndarray], np.ndarray], idf: np.ndarray, by_row: str) -> Weights:
    """Weights of the counts under a name."""
    numbers, codes = _coded(entry.column(f"{name}.data"))
    ends = np.cumsum(entry.column(f"{name}.lengths").rows(), dtype=np.int64)
    begins, columns = np.concatenate([[0], ends[:-1]]).astype(np.int64), entry.column(f"{name}.columns").rows()
    return Weights(begins, ends, columns, codes, of_counts(numbers.astype(np.float64)), idf, entry.column(by_row).rows().copy())


def _coded(column: Packed) -> tuple[np.ndarray, np.ndarray]:
    """Numbers, and the place among them in each row."""
    if column.kind == "codes":
        return column.numbers, column.codes
    numbers, codes = np.unique(column.rows(), return_inverse=True)
    return numbers, codes.astype(np.uint16) if len(numbers) <= 2**16 else codes


def _of_rows(rows: csr_array, compute: Callable[[csr_array], np.ndarray]) -> np.ndarray:
    """(n,) numbers of each row, which hang on nothing else; what they are computed of is made of a part of the rows at a time."""
    return np.concatenate([compute(rows[first : first + ROWS]) for first in range(0, max(rows.shape[0], 1), ROWS)])


def _keep_rows(entry: EntryWriter, name: str, rows: csr_array, ones: bool = False, pack: bool = True) -> None:
    data = np.ones(len(rows.data), np.float32) if ones else rows.data.astype(np.float32)
    entry.column(f"{name}.data", data if ones or np.array_equal(data, rows.data) else rows.data)
    entry.column(f"{name}.columns", rows.indices.astype(np.int32), pack)
    entry.column(f"{name}.lengths", np.diff(rows.indptr).astype(np.int32))
    entry.about[f"{name}.width"] = rows.shape[1]


def _rows(entry: EntryReader, name: str) -> csr_array:
    lengths = entry.column(f"{name}.lengths").rows()
    starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    data, columns = (entry.column(f"{name}.{part}").rows().astype(kind) for part, kind in (("data", np.float64), ("columns", np.int32)))
    return csr_array((data, columns, starts), shape=(len(lengths), entry.about[f"{name}.width"]))
