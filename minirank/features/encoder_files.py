"""An encoder on disk: encoder.json with names and settings, encoder.npz with arrays, tied by a checksum."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from minirank.config.dataclass_yaml import build
from minirank.config.features import FeatureConfig
from minirank.data.read_files import short
from minirank.data.values import LATEST
from minirank.errors import ConfigError, RunError
from minirank.features import inputs, market
from minirank.features.embeddings import Vectors
from minirank.features.links import Links
from minirank.features.tfidf import Rarity, TextModel
from minirank.storage import load_npz, make_folder, read_json, save_npz, write_text
from minirank.terminal import json_text

FORMAT = "minirank encoder"
VECTORS = "embeddings.npz"
VERSION = 4  # of 1 the words were those of the raw texts, with everybody's name; 2 knew no parts of words, 3 no links and no market
NAMES = ("roles", "vocabularies", "until", "max_position")  # of the encoder, as they are
MOST = 2**53  # of anything that is counted in a float
_AGAIN = "train again, or take the folder from a backup"


@dataclass(frozen=True)
class _Settings:
    """What encoder.json holds; `arrays` is the checksum of encoder.npz, the rest is `Encoder`'s."""

    format: str
    version: int
    arrays: str
    config: FeatureConfig
    roles: tuple[str, ...]
    vocabularies: dict[str, tuple[str, ...]]
    until: int
    max_position: int
    links: dict[str, str]


def save(encoder: Any, folder: Path) -> None:
    """Writes the two files, and embeddings.npz where there are vectors.

    Raises:
        RunError: they cannot be written.
    """
    arrays = {"mean": encoder.mean, "std": encoder.std, **encoder.market.arrays()}
    if encoder.text is not None:
        text = encoder.text
        arrays |= {"kept": text.words.kept, "idf": text.words.idf, "parts_kept": text.parts.kept, "parts_idf": text.parts.idf}
        arrays |= {"texts": np.array([text.words.texts, text.length, text.word_length, text.most_unknown])}
    config = asdict(replace(encoder.config, embeddings=encoder.config.embeddings.identity))
    make_folder(folder)
    if encoder.config.embedded:
        encoder.text.vectors.save(folder / VECTORS)
    else:
        del config["embeddings"]
    save_npz(folder / "encoder.npz", arrays)
    settings = {"format": FORMAT, "version": VERSION, "arrays": _checksum(folder / "encoder.npz"), "config": config}
    settings |= {name: getattr(encoder, name) for name in NAMES}
    settings |= {"links": {} if encoder.text is None else encoder.text.links.names}
    write_text(folder / "encoder.json", json_text(settings))


def load(folder: Path) -> dict[str, Any]:
    """Fields of the encoder that `save` wrote.

    Raises:
        RunError: a file is missing, truncated or of another version.
    """
    names, arrays = folder / "encoder.json", folder / "encoder.npz"
    content = read_json(names, _AGAIN)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise RunError(f"{names}: no encoder; give the folder of a run")
    if content.get("version") != VERSION:
        raise RunError(f"{names}: version {short(content.get('version'))}, this minirank reads {VERSION}; train again")
    try:
        settings = build(_Settings, content)
        if not (
            0 <= settings.until <= LATEST and 0 <= settings.max_position < 2**31 and set(settings.vocabularies) >= _needed(settings.config)
        ):
            raise ValueError
    except (ConfigError, ValueError):
        raise RunError(f"{names}: damaged; {_AGAIN}") from None
    if _checksum(arrays) != settings.arrays:
        raise RunError(f"{arrays}: truncated, or not written together with encoder.json; {_AGAIN}")
    config = settings.config
    reads_text, number = config.text or config.tokens, (len(inputs.features(config)),)
    kinds = (("kept", np.int32), ("idf", np.float64))
    texts: dict[str, Any] = {prefix + name: ((None,), kind) for prefix in ("", "parts_") for name, kind in kinds}
    texts = texts | {"texts": ((4,), np.float64)} if reads_text else {}
    values = load_npz(arrays, _AGAIN, {"mean": (number, np.float64), "std": (number, np.float64), **market.ARRAYS, **texts})
    fields = {"config": config, "text": None} | {name: getattr(settings, name) for name in NAMES}
    if reads_text:
        count, length, word_length, most_unknown = values.pop("texts")
        found = [Rarity(config.buckets, values.pop(f"{prefix}kept"), values.pop(f"{prefix}idf"), int(count)) for prefix in ("", "parts_")]
        for terms in found:
            ascending = (np.diff(terms.kept, prepend=0) > 0).all() and (terms.kept[-1:] < config.buckets).all()
            if len(terms.kept) != len(terms.idf) or not ascending or (terms.idf <= 0).any() or not (1 <= count < MOST):
                raise RunError(f"{arrays}: damaged; {_AGAIN}")
        if not (0 <= length < MOST and 0 <= word_length < MOST and 0 <= most_unknown <= 1):
            raise RunError(f"{arrays}: damaged; {_AGAIN}")
        fields["text"] = TextModel(
            config.bigrams,
            found[0],
            found[1],
            float(length),
            float(word_length),
            float(most_unknown),
            Links(settings.links),
            _vectors(folder / VECTORS, config),
        )
    if (values["std"] <= 0).any():
        raise RunError(f"{arrays}: damaged; {_AGAIN}")
    try:
        fields["market"] = market.Market.of_arrays({name: values.pop(name) for name in market.ARRAYS})
    except ValueError:
        raise RunError(f"{arrays}: damaged; {_AGAIN}") from None
    return fields | values


def _vectors(path: Path, config: FeatureConfig) -> Vectors | None:
    """The vectors that an encoder was fitted with.

    Raises:
        RunError: they are missing or damaged, or of another model.
    """
    if not config.embedded:
        return None
    vectors = Vectors.load(path)
    if vectors.model != config.embeddings.model:
        raise RunError(f"{path}: its vectors are of the model {vectors.model!r}, the run's are of {config.embeddings.model!r}; {_AGAIN}")
    return vectors


def _needed(config: FeatureConfig) -> set[str]:
    """The vocabularies that the inputs of a configuration are places in."""
    sizes = {each.size for each in (*inputs.categorical(config), *inputs.bags(config))}
    return {size for size in sizes if isinstance(size, str)} - {"role", "position", "token"}


def _checksum(path: Path) -> str:
    """sha256 (hex) of a file."""
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}; {_AGAIN}") from None
