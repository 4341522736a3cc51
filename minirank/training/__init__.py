"""Training: mini-batches, epochs, early stopping, and checkpoints from which a training goes on byte for byte.

In reading order:

    batches     the order of rows in an epoch, and what is hidden of them
    validation  the metrics of an epoch, and the one that early stopping watches
    checkpoint  parameters, Adam's moments and the place in the data, in one file
    trainer     the loop over epochs
"""

from .trainer import Prepared, Trained, prepare, train

__all__ = ["Prepared", "Trained", "prepare", "train"]
