"""The resumes of a folder, read for an encoder, as they are kept: what ranks a job waits for no text.

Of texts the counts of their words are kept; what an encoder makes of them (TF-IDF and the like) is computed when they are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from minirank.data.kept.array_file import Damaged
from minirank.data.kept.entry import EntryReader, EntryWriter
from minirank.features.kept_rows import KeptRows
from minirank.features.profiles import Profiles

if TYPE_CHECKING:
    from minirank.features.encoder import Encoder

KIND = "resumes"
ARRAYS, NAMES = ("key", "time", "years", "currency", "domain_column", "known", "title_rarity"), ("title", "domain")


def kept_resumes(kept: KeptRows, encoder: Encoder, records: Sequence[Any], features: Sequence[Any]) -> Profiles | None:
    """`Encoder.resumes` as it was kept; None where it was not.

    Args:
        records, features: those that it was made of, which need not be parsed.
    """
    found = kept.read_of(KIND, encoder)
    try:
        return None if found is None else _profiles(EntryReader(*found), encoder, records, features)
    except (Damaged, KeyError, ValueError):
        return None


def keep_resumes(kept: KeptRows, encoder: Encoder, profiles: Profiles) -> None:
    """Keep what `Encoder.resumes` gave, where its resumes are compared as training compared them."""
    if not kept.is_used or profiles.model is not encoder.text:
        return
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
    if profiles.counts is not None:
        for name, rows in zip(("words", "parts"), profiles.counts):
            _keep_rows(entry, name, rows)
        assert profiles.tokens is not None
        _keep_rows(entry, "tokens", profiles.tokens, ones=True)  # which they are, not how much they weigh, is an input
    entry.about["has_texts"] = profiles.counts is not None
    kept.write_of(KIND, encoder, entry)


def _profiles(entry: EntryReader, encoder: Encoder, records: Sequence[Any], features: Sequence[Any]) -> Profiles:
    about, model = entry.about, encoder.text
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
        words, parts = _rows(entry, "words"), _rows(entry, "parts")
        with ThreadPoolExecutor(2) as threads:
            text = threads.submit(model.parts.tfidf, parts)
            of_words = threads.submit(model.saturated, words, model.word_length)
            made.saturated = {"words": of_words.result(), "parts": model.saturated(parts, model.length)}
            made.text = text.result()
        made.tokens = _rows(entry, "tokens")
    return made


def _keep_rows(entry: EntryWriter, name: str, rows: csr_array, ones: bool = False) -> None:
    data = np.ones(len(rows.data), np.float32) if ones else rows.data.astype(np.float32)
    entry.column(f"{name}.data", data if ones or np.array_equal(data, rows.data) else rows.data)
    entry.column(f"{name}.columns", rows.indices.astype(np.int32))
    entry.column(f"{name}.lengths", np.diff(rows.indptr).astype(np.int32))
    entry.about[f"{name}.width"] = rows.shape[1]


def _rows(entry: EntryReader, name: str) -> csr_array:
    lengths = entry.column(f"{name}.lengths").rows()
    starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    data, columns = entry.column(f"{name}.data").rows().astype(np.float64), entry.column(f"{name}.columns").rows()
    return csr_array((data, columns, starts), shape=(len(lengths), entry.about[f"{name}.width"]))
