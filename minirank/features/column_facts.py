"""What is left of the inputs of a data folder once its rows are encoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minirank.config.features import FeatureConfig
from minirank.data.column_facts import ColumnFacts, Parts, is_constant, items_dropped, rows_without_id, rows_without_item
from minirank.features import inputs
from minirank.features.pairs import MatchedPairs
from minirank.features.tfidf import TextModel
from minirank.kernels.batch import Bag, Inputs


def folder_facts(
    config: FeatureConfig,
    vocabularies: Mapping[str, tuple[str, ...]],
    text: TextModel | None,
    pairs: MatchedPairs,
    encoded: Inputs,
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
        found = field.values(pairs)
        names = _names(found, pairs.rows(field.owner)[train], vocabularies[str(field.size)]) if isinstance(found, list) else {}
        ids = encoded.ids[:, index]
        facts[field.name] = ColumnFacts("categorical", **names, constant=is_constant(ids, train), unknown=rows_without_id(ids, parts))
    for field, bag in zip(inputs.bags(config), encoded.bags):
        counts = _items(field, pairs, bag, train) if field.owner in ("job", "resume") and field.size != "token" else {}
        facts[_free(field.name, facts)] = ColumnFacts(
            "bag", **counts, dropped=items_dropped(bag, train), unknown=rows_without_item(bag, parts)
        )
    names = [name for name, _, _ in inputs.dense_columns(config)]
    for index, (name, _, is_flag) in enumerate(inputs.dense_columns(config)):
        if not is_flag:
            flag = f"{name}_unknown"
            missing = float(encoded.dense[train, names.index(flag)].mean(dtype=np.float64)) if flag in names else None
            facts[_free(name, facts)] = ColumnFacts("dense", missing=missing, constant=is_constant(encoded.dense[:, index], train))
    if text is not None and text.words:  # fitted here, not loaded
        facts["words"] = ColumnFacts("words", values=text.words, kept=len(text), dropped=text.dropped)
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
