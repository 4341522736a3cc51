"""The learning rate over a training, and the moving average of its parameters."""

from __future__ import annotations

import math

from ..config.configuration import TrainingConfig
from ..kernels.parameters import TrainState

EVERY = 8  # steps between two changes of the average


def learning_rate(settings: TrainingConfig, progress: float) -> float:
    """The learning rate at a place in a training.

        p < w    lr p / w                                    warm-up, over the share w of all rows
        p >= w   lr                                          constant
                 lr (1 + cos(pi (p - w) / (1 - w))) / 2      cosine; with w = 0.3 the one-cycle schedule

    Args:
        progress: p in [0, 1], the share of the rows of all epochs that lie behind.
    Sources: Loshchilov & Hutter, ICLR 2017; Smith & Topin, 2018.
    """
    rate, warmup = settings.optimiser.learning_rate, settings.warmup
    if progress < warmup:
        return rate * progress / warmup
    return rate if settings.schedule == "constant" else rate * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup))) / 2


def average_gain(state: TrainState, decay: float) -> float:
    """1 - d of the moving average a <- d a + (1 - d) w, d = min(decay^8, (1 + n) / (10 + n)) at the n-th time.

    So the first parameters are soon forgotten. It moves after every `EVERY` steps, and costs little beside them. decay: of one step.
    Source: Polyak & Juditsky, 1992; d as in TensorFlow's ExponentialMovingAverage.
    """
    times = state.step // EVERY
    return 1 - min(decay**EVERY, (1 + times) / (10 + times))
