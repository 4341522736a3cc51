"""Features: pairs of a job and a resume as ids, bags and dense columns, fitted on training rows alone."""

from minirank.features.encoder import TASKS, Encoder
from minirank.features.hires import PastHires
from minirank.features.inputs import FEATURES, Feature
from minirank.features.signals import hiring_signals, write_signals

__all__ = ["FEATURES", "TASKS", "Encoder", "Feature", "PastHires", "hiring_signals", "write_signals"]
