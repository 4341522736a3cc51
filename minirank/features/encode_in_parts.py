"""The rows of a folder whose encoded rows do not fit into memory: made part by part, packed column by column, kept, and mapped.

    for each part of the pairs       what a job, a resume and a search give as a pair, into columns on the disk
    for each column                  mean and standard deviation of the training rows; standardised; packed; kept

The numbers are those of `Encoder.rows`, for what is made of a pair hangs on that pair alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count

import numpy as np

from minirank.data.kept.entry import EntryWriter
from minirank.data.kept.mapped_rows import MappedInputs
from minirank.data.kept.scratch import Scratch
from minirank.features import inputs
from minirank.features.encoder import Encoder, standardised
from minirank.features.kept_rows import KeptRows
from minirank.features.pairs import MatchedPairs
from minirank.features.sparse import entries_of
from minirank.kernels.batch import Inputs
from minirank.progress import stage

PART = 2**15  # pairs that are matched at a time

Statistics = Callable[[np.ndarray, int], tuple[float, float]]  # raw values of a feature, its place -> mean, standard deviation


class PairColumns:
    """The inputs of N pairs, each column for itself.

    What only pairs have waits in the order in which the pairs are matched: those of a part are anywhere in the log, and to write each where
    it belongs would touch all pages of all columns for each part.

    Args:
        encoder: its mean and standard deviation are not asked for. pairs: N.
        scratch: for what only pairs have, which is matched when this is made.
    Raises:
        OSError: there is no space.
    """

    def __init__(self, encoder: Encoder, pairs: MatchedPairs, scratch: Scratch) -> None:
        self._encoder, self._pairs, self._scratch, config = encoder, pairs, scratch, encoder.config
        self.fields, self.bags, self.features = inputs.categorical(config), inputs.bags(config), inputs.features(config)
        fields = [each for each in self.fields if each.owner == "pair"]
        bags = [each for each in self.bags if each.owner == "pair"]
        features = [each for each in self.features if each.owner == "pair"]
        self._pair = scratch.empty((len(pairs),), np.int64)  # that each number below is of
        self._ids = {each.name: scratch.empty((len(pairs),), np.int32) for each in fields}
        self._raw = {each.name: scratch.empty((len(pairs),), np.float64) for each in features}
        self._lists: dict[str, list[tuple[np.ndarray, ...]]] = {each.name: [] for each in bags}
        first = 0
        with stage("matching", len(pairs), "impressions") as at:
            for part, rows in pairs.parts(PART):
                here = slice(first, first + len(part))
                self._pair[here] = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
                for field in fields:
                    self._ids[field.name][here] = field.column(part, encoder.vocabulary(field))
                for bag in bags:
                    self._lists[bag.name] += [tuple(map(scratch.put, each)) for each in bag.lists(part, encoder.vocabulary(bag))]
                for feature in features:
                    self._raw[feature.name][here] = feature.column(part)
                first += len(part)
                at(first)

    def raw(self, feature: inputs.Feature) -> np.ndarray:
        """(N,) float64."""
        return self._in_order(self._raw[feature.name]) if feature.name in self._raw else feature.column(self._pairs)

    def ids(self, field: inputs.Categorical) -> np.ndarray:
        """(N,) int32."""
        if field.name in self._ids:
            return self._in_order(self._ids[field.name])
        return field.column(self._pairs, self._encoder.vocabulary(field)).astype(np.int32, copy=False)

    def lists(self, bag: inputs.MultiValued) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(N,) int32 entities; of each the length of its list, and of an empty one at the end; the ids of all lists."""
        if bag.name in self._lists:
            lengths, ids = self._lists_in_order(self._lists[bag.name])
            return np.arange(len(self._pairs), dtype=np.int32), np.append(lengths, 0), ids
        made = [(lengths, self._scratch.put(ids)) for lengths, ids in bag.lists(self._pairs, self._encoder.vocabulary(bag))]
        lengths = np.concatenate([each for each, _ in made]).astype(np.int64)
        ids = self._scratch.empty((int(lengths.sum()),), np.int32)
        np.concatenate([each for _, each in made], out=ids)
        return self._pairs.rows(bag.owner).astype(np.int32, copy=False), np.append(lengths, 0), ids

    def _in_order(self, matched: np.ndarray) -> np.ndarray:
        """(N,) the numbers of the pairs in their order, of those in the order in which they were matched."""
        values = np.empty_like(matched)
        values[self._pair] = matched
        return values

    def _lists_in_order(self, matched: list[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, np.ndarray]:
        """(N,) int64 lengths of the lists of the pairs in their order, and the ids of all."""
        lengths = self._in_order(np.concatenate([of_pairs for of_pairs, _ in matched] or [np.empty(0, np.int32)])).astype(np.int64)
        ends = np.cumsum(lengths)
        ids, first = np.empty(int(ends[-1]) if len(ends) else 0, np.int32), 0
        for of_pairs, ids_of_pairs in matched:
            last = ends[self._pair[first : first + len(of_pairs)]]
            ids[entries_of(last - of_pairs, last)] = ids_of_pairs
            first += len(of_pairs)
        return lengths, ids


def encode_in_parts(
    encoder: Encoder, pairs: MatchedPairs, kept: KeptRows, remarks: list[str], statistics: Statistics | None = None
) -> tuple[Encoder, Inputs | MappedInputs]:
    """The encoder with the mean and standard deviation of its features, and all rows, which are kept.

    Args:
        pairs: N. remarks: of the texts, to be kept with the rows.
        statistics: None takes those that the encoder has.
    Raises:
        ConfigError: nothing can be kept.
    """
    with kept.room_for_rows() as scratch:
        columns, entry = PairColumns(encoder, pairs, scratch), EntryWriter(scratch)
        scales: list[tuple[float, float]] = []
        jobs, resumes = pairs.jobs.foreign, pairs.resumes.foreign
        either = jobs[pairs.job] | resumes[pairs.resume] if jobs.any() or resumes.any() else None
        foreign = {} if either is None else {"job": jobs[pairs.job], "resume": either, "pair": either}
        hidden = {name: rows for owner, rows in foreign.items() for name in inputs.read_in_texts(encoder.config, owner)}  # type: ignore[arg-type]
        for place, field in enumerate(columns.fields):
            entry.column(f"ids.{place}", _set(columns.ids(field), hidden, field.name, 0))
        unknown = [place for _, place, is_flag in inputs.dense_columns(encoder.config) if is_flag]
        flags = dict(zip(unknown, count(len(columns.features))))
        for place, feature in enumerate(columns.features):
            values = columns.raw(feature)
            found = (encoder.mean[place], encoder.std[place]) if statistics is None else statistics(values, place)
            scales.append(found)
            dense = standardised(values, *found).astype(np.float32)
            entry.column(f"dense.{place}", _set(dense, hidden, feature.name, 0))
            if place in flags:
                entry.column(f"dense.{flags[place]}", _set(np.isnan(values).astype(np.float32), hidden, feature.name, 1))
        for place, bag in enumerate(columns.bags):
            entity, lengths, ids = columns.lists(bag)
            entry.column(f"bag.{place}.entity", _set(entity, hidden, bag.name, len(lengths) - 1))
            entry.column(f"bag.{place}.lengths", lengths)
            entry.column(f"bag.{place}.ids", ids)
        if statistics is not None:
            mean, std = map(np.array, zip(*scales)) if scales else (np.zeros(0), np.zeros(0))
            encoder = replace(encoder, mean=mean, std=std)
        sizes = len(columns.fields), len(columns.features) + len(flags), len(columns.bags)
        entry.about |= dict(zip(("rows", "ids", "dense", "bags"), (len(pairs), *sizes))) | {"remarks": remarks}
        return encoder, kept.keep_rows(encoder, entry)


def _set(values: np.ndarray, hidden: Mapping[str, np.ndarray], name: str, value: float) -> np.ndarray:
    """A column with what it says of rows in which it is hidden."""
    return np.where(hidden[name], values.dtype.type(value), values) if name in hidden else values
