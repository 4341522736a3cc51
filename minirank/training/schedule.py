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


def move_average(state: TrainState, decay: float) -> None:
    """a <- d a + (1 - d) w in place, with d = min(decay^8, (1 + n) / (10 + n)) at the n-th time: the first parameters are soon forgotten.

    To be called after every `EVERY` steps, so that it costs little beside them. decay: of one step.
    Source: Polyak & Juditsky, 1992; d as in TensorFlow's ExponentialMovingAverage.
    """
    assert state.average is not None
    times = state.step // EVERY
    gain = 1 - min(decay**EVERY, (1 + times) / (10 + times))
    for mean, now in ((state.average.dense, state.values.dense), (state.average.tables, state.values.tables)):
        mean += mean.dtype.type(gain) * (now - mean)
