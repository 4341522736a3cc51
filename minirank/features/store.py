"""An encoder on disk: encoder.json with names and settings, encoder.npz with arrays, tied by a checksum."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from minirank.data.read_files import write_json
from minirank.errors import RunError
from minirank.features.feature_config import FeatureConfig
from minirank.features.tfidf import TextModel

FORMAT = "minirank encoder"
VERSION = 1
_AGAIN = "train again, or take the folder from a backup"


def save(encoder, folder: Path) -> None:
    """Writes the two files.

    Raises:
        RunError: they cannot be written.
    """
    arrays = {"mean": encoder.mean, "std": encoder.std}
    if encoder.text is not None:
        arrays |= {"kept": encoder.text.kept, "idf": encoder.text.idf}
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    content = stream.getvalue()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "encoder.npz").write_bytes(content)
    except OSError as error:
        raise RunError(f"{folder}: cannot be written: {error.strerror}; free some space or choose another folder") from None
    settings = {
        "format": FORMAT,
        "version": VERSION,
        "arrays": hashlib.sha256(content).hexdigest(),
        "config": asdict(encoder.config),
        "roles": encoder.roles,
        "vocabularies": encoder.vocabularies,
        "until": encoder.until,
        "max_position": encoder.max_position,
    }
    write_json(folder / "encoder.json", settings)


def load(folder: Path) -> dict:
    """Fields of the encoder that `save` wrote.

    Raises:
        RunError: a file is missing, truncated or of another version.
    """
    settings = _settings(folder / "encoder.json")
    content = _read(folder / "encoder.npz")
    if hashlib.sha256(content).hexdigest() != settings["arrays"]:
        raise RunError(f"{folder / 'encoder.npz'}: truncated, or not written together with encoder.json; {_AGAIN}")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        config = FeatureConfig(**settings["config"])
        text = TextModel(config.buckets, config.bigrams, arrays["kept"], arrays["idf"]) if "kept" in arrays else None
        return {
            "config": config,
            "roles": tuple(settings["roles"]),
            "vocabularies": {field: tuple(names) for field, names in settings["vocabularies"].items()},
            "text": text,
            "mean": arrays["mean"],
            "std": arrays["std"],
            "until": settings["until"],
            "max_position": settings["max_position"],
        }


def _settings(path: Path) -> dict:
    try:
        settings = json.loads(_read(path))
    except ValueError:
        raise RunError(f"{path}: truncated or damaged; {_AGAIN}") from None
    if not isinstance(settings, dict) or settings.get("format") != FORMAT:
        raise RunError(f"{path}: no encoder; give the folder of a run")
    if settings.get("version") != VERSION:
        raise RunError(f"{path}: version {settings.get('version')}, this minirank reads {VERSION}; train again")
    return settings


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}; {_AGAIN}") from None
