"""What a model was trained with: kept in model.npz and checkpoint.npz, so that a file of the run that changed since is found out.

config   what predictions depend on, of config.yaml: all but paths, the score, the server and how it was trained
files    name -> sha256 (hex) of data.json and the encoder's files

All of it is written before training begins and never again, so that a kill between two files leaves nothing that differs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..config.configuration import Config, config_from_dict, difference, for_predictions, to_dict
from ..errors import ConfigError, RunError
from ..npz import Header, read_npz
from ..storage import parse_json, reading

NAME = "trained_with"  # of the array
FILES = ("data.json", "encoder.json", "encoder.npz", "embeddings.npz", "table_encoder.json")
SET_BACK = "train again, or set it back"
RESTORE = "train again, or restore the file"


def trained_with(folder: Path, config: Config) -> np.ndarray:
    """What a model that is trained in a folder is to carry, as (n,) uint8, the bytes of a JSON text.

    Raises:
        RunError: a file cannot be read.
    """
    kept = to_dict(for_predictions(config))
    if not config.features.embedded:
        del kept["features"]["embeddings"]  # what has always been kept, byte for byte
    del kept["training"]["split_tables"]
    facts = {"config": kept, "files": checksums(folder)}
    return np.frombuffer(json.dumps(facts).encode(), np.uint8)


def checksums(folder: Path) -> dict[str, str]:
    """Name -> sha256 (hex) of those of `FILES` that a folder has.

    Raises:
        RunError: a file cannot be read.
    """
    found = {}
    for name in FILES:
        if (folder / name).exists():
            with reading(folder / name, RESTORE), open(folder / name, "rb") as stream:
                found[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def check_unchanged(path: Path, config: Config, remedy: str = RESTORE) -> bool:
    """Refuse a model whose run has other files or another configuration than when it was trained.

    Args:
        path: model.npz or checkpoint.npz. config: what config.yaml beside it says.
        remedy: ends the messages about files.
    Returns:
        False where the file is of an earlier version, which did not keep this.
    Raises:
        RunError: names the file, and the key of config.yaml.
    """
    array = _read(path, remedy)
    if array is None:
        return False
    try:
        facts = parse_json(array.tobytes())
        before, files = to_dict(for_predictions(config_from_dict(facts["config"]))), dict(facts["files"])
    except (ConfigError, KeyError, TypeError, ValueError):
        raise RunError(f"{path}: {NAME} is damaged; {remedy}") from None
    folder = path.parent
    changed = difference(before, to_dict(for_predictions(config)))
    if changed is not None:
        key, old, new = changed
        raise RunError(f"{folder / 'config.yaml'}: {key} was {old!r} when the model was trained and is now {new!r}; {SET_BACK}")
    now = checksums(folder)
    for name in sorted(files.keys() | now.keys()):
        if files.get(name) != now.get(name):
            what = "is missing" if name not in now else "was not there" if name not in files else "is not the one"
            raise RunError(f"{folder / name}: {what} that {path.name} was trained with; {remedy}")
    return True


def _read(path: Path, remedy: str) -> np.ndarray | None:
    def choose(headers: Mapping[str, Header]) -> list[str]:
        return [NAME] if NAME in headers else []

    with reading(path, remedy):
        return read_npz(path, choose).get(NAME)
