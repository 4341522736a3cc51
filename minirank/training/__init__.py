"""Training: mini-batches, epochs, early stopping, and checkpoints from which a training goes on byte for byte.

In reading order:

    prepare     what a training starts from
    batches     the order of rows in an epoch, what is hidden of them, and the labels that training sees
    schedule    the learning rate, and the moving average of the parameters
    validation  the metrics of an epoch, and the one that early stopping watches
    checkpoint  parameters, Adam's moments and the place in the data, in one file
    seeds       several seeds as one run
    trainer     the loop over epochs
"""

from .prepare import Prepared, prepare
from .trainer import Diverged, Trained, train

__all__ = ["Diverged", "Prepared", "Trained", "prepare", "train"]
