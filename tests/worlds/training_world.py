"""A small table with two labels and a configuration that trains on it in a fraction of a second."""

from pathlib import Path

import numpy as np

from minirank.config.configuration import Config, load_config
from minirank.kernels.batch import Inputs
from minirank.run.load_run import Run
from minirank.run.prediction import predict

CONFIG = """
data:
  table: {train: rows.csv, valid_share: 0.2}
  columns:
    categorical: [who, city]
    multi_valued: [{column: tags, separator: "|"}]
    dense: [age]
    role: role
    tasks: [{name: ctr, column: y}, {name: cvr, column: z}]
tasks: [{name: ctr}, {name: cvr, given: ctr}]
model: {embedding: 4, experts: 2, expert_hidden: [8], tower_hidden: [4], gate: {role: full}}
training: {epochs: 3, batch_rows: 64, threads: 2, optimiser: {learning_rate: 0.01}}
"""
# Options of a training that takes a moment.
QUICK = ("--set", "training.epochs=1", "--set", "training.batch_rows=128", "--set", "training.backend=reference")


def write_table(folder: Path, rows: int = 500, seed: int = 0) -> Path:
    """Writes rows.csv and config.yaml; returns the path of the configuration."""
    random = np.random.default_rng(seed)
    lines = ["who,city,tags,age,role,search,y,z"]
    for row in range(rows):
        who, city, role, age = random.integers(30), random.integers(5), random.integers(3), random.normal()
        clicked = int(random.random() < 1 / (1 + np.exp(-age - city + 2)))
        answered = int(random.random() < (0.3 if who % 2 else 0.7)) if clicked else ""
        lines.append(f"w{who},c{city},{'a|b' if who % 3 else 'b'},{age:.3f},r{role},s{row // 7},{clicked},{answered}")
    (folder / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    return folder / "config.yaml"


def small_config(folder: Path, *overrides: str, rows: int = 500) -> Config:
    """The configuration of a new table, with `key=value` overrides."""
    return load_config(write_table(folder, rows), overrides)


def predictions_for(run: Run, inputs: Inputs) -> dict[str, np.ndarray]:
    """What a run predicts for rows."""
    return predict(run.executor, run.values, inputs, run.config.model.position_field)
