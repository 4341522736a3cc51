"""An encoder on disk: encoder.json with names and settings, encoder.npz with arrays, tied by a checksum."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from minirank.config.features import FeatureConfig
from minirank.errors import RunError
from minirank.features.tfidf import TextModel
from minirank.storage import load_npz, make_folder, read_json, save_npz, write_text

FORMAT = "minirank encoder"
VERSION = 1
_AGAIN = "train again, or take the folder from a backup"


def save(encoder: Any, folder: Path) -> None:
    """Writes the two files.

    Raises:
        RunError: they cannot be written.
    """
    arrays = {"mean": encoder.mean, "std": encoder.std}
    if encoder.text is not None:
        arrays |= {"kept": encoder.text.kept, "idf": encoder.text.idf}
    make_folder(folder)
    save_npz(folder / "encoder.npz", arrays)
    settings = {"format": FORMAT, "version": VERSION, "arrays": _checksum(folder / "encoder.npz"), "config": asdict(encoder.config)}
    settings |= {name: getattr(encoder, name) for name in ("roles", "vocabularies", "until", "max_position")}
    write_text(folder / "encoder.json", json.dumps(settings, ensure_ascii=False, allow_nan=False))


def load(folder: Path) -> dict[str, Any]:
    """Fields of the encoder that `save` wrote.

    Raises:
        RunError: a file is missing, truncated or of another version.
    """
    names, arrays = folder / "encoder.json", folder / "encoder.npz"
    settings = read_json(names, _AGAIN)
    if not isinstance(settings, dict) or settings.get("format") != FORMAT:
        raise RunError(f"{names}: no encoder; give the folder of a run")
    if settings.get("version") != VERSION:
        raise RunError(f"{names}: version {settings.get('version')}, this minirank reads {VERSION}; train again")
    if _checksum(arrays) != settings["arrays"]:
        raise RunError(f"{arrays}: truncated, or not written together with encoder.json; {_AGAIN}")
    values = load_npz(arrays, _AGAIN)
    config = FeatureConfig(**settings["config"])
    fields = {"config": config, "roles": tuple(settings["roles"])}
    fields["vocabularies"] = {field: tuple(names) for field, names in settings["vocabularies"].items()}
    fields["text"] = TextModel(config.buckets, config.bigrams, values["kept"], values["idf"]) if "kept" in values else None
    return fields | {name: values[name] for name in ("mean", "std")} | {name: settings[name] for name in ("until", "max_position")}


def _checksum(path: Path) -> str:
    """sha256 (hex) of a file."""
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}; {_AGAIN}") from None
