"""Training: mini-batches, epochs, early stopping, and checkpoints from which a training goes on byte for byte."""

from .trainer import Prepared, Trained, prepare, train

__all__ = ["Prepared", "Trained", "prepare", "train"]
