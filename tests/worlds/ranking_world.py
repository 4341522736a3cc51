"""A small simulated market with a trained run, for the tests of ranking."""

from pathlib import Path

from minirank.config.configuration import Config, FolderConfig, TrainingConfig
from minirank.config.model import GateConfig, ModelConfig
from minirank.data import read_folder
from minirank.extract import extract_folder
from minirank.simulate import World, WorldConfig
from minirank.training import train

GATED = ModelConfig(embedding=4, experts=3, expert_hidden=(16,), tower_hidden=(8,), gate=GateConfig(role="full"))


def write_market(path: Path, impressions: int = 2000, seed: int = 0):
    """Writes a market and its features; returns the folder."""
    World(WorldConfig(seed=seed, impressions=impressions, ctr=0.25, cvr=0.4)).write(path)
    folder = read_folder(path)
    extract_folder(folder)
    return folder


def train_run(data: Path, run: Path, model: ModelConfig = GATED, epochs: int = 2) -> Path:
    """Trains a model on a market; returns the run folder."""
    settings = TrainingConfig(epochs=epochs, batch_rows=128, threads=2)
    train(Config(data=FolderConfig(data.resolve()), model=model, training=settings), run)
    return run
