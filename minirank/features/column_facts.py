"""What is left of the inputs of a data folder once its rows are encoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minirank.config.features import FeatureConfig
from minirank.data.column_facts import ColumnFacts, Parts, is_constant, items_dropped, rows_without_id, rows_without_item
from minirank.data.kept.mapped_rows import MappedInputs
from minirank.features import inputs
from minirank.features.pairs import MatchedPairs
from minirank.features.tfidf import TextModel
from minirank.kernels.batch import Bag, Inputs


def folder_facts(
    config: FeatureConfig,
    vocabularies: Mapping[str, tuple[str, ...]],
    text: TextModel | None,
    pairs: MatchedPairs,
    encoded: Inputs | MappedInputs,
    parts: Parts,
) -> dict[str, ColumnFacts]:
    """Name of an input -> `ColumnFacts`; `words` stands for the words that all texts share.

    Args:
        config, vocabularies, text: of the encoder. pairs: the rows. encoded: what it made of them.
        parts: "train", at least one row, "valid", "test" -> their rows.
    """
    train = parts["train"]
    facts = {}
    for index, field in enumerate(inputs.categorical(config)):
        ids, vocabulary = encoded.field(index), vocabularies.get(str(field.size))
        counts = {} if vocabulary is None else _names(field.values(pairs), pairs.rows(field.owner)[train], vocabulary)
        facts[field.name] = ColumnFacts("categorical", **counts, constant=is_constant(ids, train), unknown=rows_without_id(ids, parts))
    for index, each in enumerate(inputs.bags(config)):
        bag = encoded.bag(index)
        counts = _items(each, pairs, bag, train) if each.owner in ("job", "resume") and each.size != "token" else {}
        lost, unknown = items_dropped(bag, train), rows_without_item(bag, parts)
        facts[_free(each.name, facts)] = ColumnFacts("bag", **counts, dropped=lost, unknown=unknown)
    columns = {name: index for index, (name, _, _) in enumerate(inputs.dense_columns(config))}
    for name, _, is_flag in inputs.dense_columns(config):
        if not is_flag:
            flag = columns.get(f"{name}_unknown")
            missing = None if flag is None else float(encoded.number(flag)[train].mean(dtype=np.float64))
            facts[_free(name, facts)] = ColumnFacts("dense", missing=missing, constant=is_constant(encoded.number(columns[name]), train))
    if text is not None and text.words.terms:  # fitted here, not loaded
        facts["words"] = ColumnFacts("words", values=text.words.terms, kept=len(text), dropped=text.words.dropped)
    return facts


def _free(name: str, facts: Mapping[str, Any]) -> str:
    """`name`, or another where an input of another kind has it already."""
    return name if name not in facts else f"{name} (number)"


def _names(names: list[str | None], owner: np.ndarray, vocabulary: tuple[str, ...]) -> dict[str, Any]:
    """Facts of names; owner (n,) is the place in `names` of each training row's."""
    known, lost, missing = set(vocabulary), 0, 0
    distinct = set()
    for place, rows in enumerate(np.bincount(owner, minlength=len(names)).tolist()):
        name = names[place]
        if rows and name is None:
            missing += rows
        elif rows:
            distinct.add(name)
            lost += rows if name not in known else 0
    return {"values": len(distinct), "kept": len(distinct & known), "missing": missing / len(owner), "dropped": lost / len(owner)}


def _items(field: inputs.MultiValued, pairs: MatchedPairs, bag: Bag, train: np.ndarray) -> dict[str, Any]:
    """How many different items the lists of the training rows hold, how many of them have an id, and how many rows have none."""
    sizes = np.diff(bag.offsets)
    used = np.bincount(bag.entity[train], minlength=len(sizes)) > 0
    of_item = np.repeat(used, sizes)
    columns = field.values(pairs).indices
    counts = {"values": len(np.unique(columns[of_item])), "kept": len(np.unique(columns[of_item & (bag.ids > 0)]))}
    return counts | {"missing": float((sizes == 0)[bag.entity[train]].mean())}
