"""The gradient of each task by itself, and which parameters tasks share: what rules for joint training are made of.

A parameter is shared where it is read on the way to the losses of more than one task. Which ones these are follows from the plan,
walked from the losses upwards, column by column: column j of an operation's output reads column j of its parameters, and the columns
of its inputs that `Kind.behind` names. So the gates of all tasks may lie in one matrix, and none of them is shared; experts and
embeddings are, and so is the tower of a click that the loss of a conversion over all rows goes through.

Networks that share no parameter with each other, such as the members of an ensemble, are told apart: what tasks have in common is
one matter in each of them.

    g_t     gradient of the losses of task t alone, `Batch.gains` being 1 for it and 0 for the others
    G_tu    = <g_t, g_u> over the shared parameters of one network
    cosine  = G_tu / sqrt(G_tt G_uu)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np

from .batch import Batch
from .executor import Executor, Gradients
from .ops import KINDS
from .parameters import Arena
from .plan import Plan, Slot


def losses_behind(plan: Plan) -> dict[str, np.ndarray]:
    """Name of a parameter -> (losses, its last axis) bool: which of `plan.losses` have a gradient for its columns."""
    count = len(plan.losses)
    of_blocks = {name: np.zeros((count, width), bool) for name, (_, width) in plan.blocks.items()}
    found = {name: np.zeros((count, parameter.shape[-1]), bool) for name, parameter in plan.parameters.items()}

    def columns(slot: Slot) -> np.ndarray:
        return of_blocks[slot.block][:, slot.column : slot.column + slot.width]

    for number, op in enumerate(plan.losses):
        for slot in op.inputs:
            columns(slot)[number] = True
    for op in reversed(plan.forward):
        assert op.output is not None
        behind = columns(op.output).copy()
        for parameter in op.parameters:
            found[parameter.name] |= behind
        for slot, read in zip(op.inputs, KINDS[op.kind].behind(op, behind)):
            columns(slot)[...] |= read
    return found


class SharedParameters:
    """Which parameters of a plan several tasks share.

    Attributes:
        networks: how many networks there are that share nothing with each other, among those in which tasks share something.
        dense: (P,) of each dense parameter the number of its network, or `networks` where one task alone reads it, or none.
        tables: name -> (D,) the same of the columns of each table.
    """

    def __init__(self, plan: Plan) -> None:
        tasks = np.array([op.attributes["task"] for op in plan.losses], int)
        choices: dict[bytes, np.ndarray] = {}  # of losses, by their bits
        of_columns = {}
        for name, behind in losses_behind(plan).items():
            of_columns[name] = [row.tobytes() for row in np.packbits(behind, axis=0).T]
            choices |= dict(zip(of_columns[name], behind.T))
        network = np.arange(len(tasks))  # of each loss, by the number of one of its losses
        for some in choices.values():
            if some.any():
                network[np.isin(network, network[some])] = network[some].min()
        numbers: dict[int, int] = {}
        place = dict.fromkeys(choices, -1)
        for bits, some in choices.items():
            if len({task for task in tasks[some] if task >= 0}) > 1:
                place[bits] = numbers.setdefault(int(network[some][0]), len(numbers))
        self.networks = len(numbers)
        found = {name: np.array([place[bits] for bits in each], np.int16) for name, each in of_columns.items()}
        places = {name: np.where(each < 0, np.int16(self.networks), each) for name, each in found.items()}
        self.tables = {name: places[name] for name, parameter in plan.parameters.items() if parameter.table}
        self.dense = np.full(plan.size(table=False), self.networks, np.int16)
        for name, parameter in plan.parameters.items():
            if not parameter.table:
                self.dense[parameter.offset : parameter.offset + parameter.size].reshape(parameter.shape)[...] = places[name]


@dataclass(frozen=True)
class TaskGradients:
    """The gradients of the tasks of one batch.

    Attributes:
        parts: T of them, each without the objective's part, over the same rows of tables.
        shared: which parameters tasks share.
    """

    parts: tuple[Gradients, ...]
    shared: SharedParameters

    @property
    def total(self) -> float:
        """The objective, with the losses as the plan adds them up."""
        return self.parts[0].total

    @property
    def losses(self) -> np.ndarray:
        """(number of `plan.losses`,) each loss operation's share, its factor included."""
        return self.parts[0].losses

    def products(self) -> np.ndarray:
        """(networks, T, T) G of each network."""
        count = len(self.parts)
        found = np.zeros((self.shared.networks, count, count))
        for network in range(self.shared.networks):
            tables = [(name, places == network) for name, places in self.shared.tables.items() if (places == network).any()]
            here = self.shared.dense == network
            flat = [np.concatenate([part.dense[here], *(part.tables[name][1][:, j].ravel() for name, j in tables)]) for part in self.parts]
            for t, u in combinations_with_replacement(range(count), 2):
                # NOTE: not by BLAS, whose sums depend on its number of threads
                found[network, u, t] = np.multiply(flat[t], flat[u]).sum(dtype=np.float64)
        return found + np.tril(found, -1).transpose(0, 2, 1)

    def combined(self, coefficients: np.ndarray) -> Gradients:
        """sum_t a_t g_t.

        Args:
            coefficients: (networks + 1, T) a of the shared parameters of each network, then of those that are not shared.
        """
        first = self.parts[0]
        dense = np.zeros_like(first.dense)
        tables = {name: (ids, np.zeros_like(rows)) for name, (ids, rows) in first.tables.items()}
        for part, of_networks in zip(self.parts, coefficients.T.astype(dense.dtype)):
            dense += of_networks[self.shared.dense] * part.dense
            for name, (_, rows) in tables.items():
                rows += of_networks[self.shared.tables[name]] * part.tables[name][1]
        return Gradients(first.total, first.losses, dense, tables)


def task_gradients(executor: Executor, values: Arena, batch: Batch, shared: SharedParameters) -> TaskGradients:
    """The gradient of each task of a batch: a forward and a backward pass for each."""
    gains = np.eye(len(executor.plan.spec.tasks)).tolist()
    parts = (executor.gradients(values, replace(batch, gains=tuple(each)), objective=False) for each in gains)
    return TaskGradients(tuple(parts), shared)


def cosines(products: np.ndarray) -> np.ndarray:
    """(T, T) cosines between the tasks' gradients on all shared parameters; NaN where one of them is 0.

    Args:
        products: (networks, T, T), see `TaskGradients.products`.
    """
    both = products.sum(axis=0)
    lengths = np.sqrt(np.diag(both))
    with np.errstate(divide="ignore", invalid="ignore"):
        return both / np.outer(lengths, lengths)
