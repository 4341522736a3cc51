"""From a configuration to a plan: every architecture is a table of the same few operations.

In reading order:

    network        the pieces: input vector, dense layers, gates, mixtures, towers, losses
    architectures  single_task, esmm, shared_bottom, omoe, mmoe, ple, made of these pieces
    label_rates    how often a loss has a label, which it is divided by
"""

from ..config.model import GateConfig, ModelConfig, TaskConfig
from .architectures import ARCHITECTURES, compile_plan

__all__ = ["ARCHITECTURES", "GateConfig", "ModelConfig", "TaskConfig", "compile_plan"]
