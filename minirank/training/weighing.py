"""How tasks weigh beside each other in a training: `model.task_weights`, and the look at whether they pull against each other.

`fixed` and `uncertainty` are matters of the plan, and the executor's own step does them. A rule (`kernels/task_rules.py`) sets weights from
outside: of DWA they are the batch's gains for a whole epoch; GradNorm and PCGrad take the gradient of each task apart in each step, and
step along a sum of them. Weights start at 1, and multiply what `tasks.weight` says. All that a rule remembers is in the cursor, and so
in each checkpoint; what it draws at random comes from the place in the data, as everything does.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import combinations

import numpy as np

from ..config.configuration import Config
from ..data import Dataset
from ..errors import ConfigError
from ..kernels.adam import Adam
from ..kernels.batch import Batch
from ..kernels.executor import Executor
from ..kernels.parameters import TrainState
from ..kernels.plan import Plan
from ..kernels.task_gradients import SharedParameters, TaskGradients, cosines, task_gradients
from ..kernels.task_rules import dwa, gradnorm, pcgrad
from .batches import LOOKED, PROJECTED, dropout_key, epoch_steps, generator, hide_inputs, take_targets
from .checkpoint import Cursor

STEPS_A_LOOK = 100  # of an epoch, for each task, where it is looked at unasked


class Weighing:
    """Steps with the weights that a rule sets, and what an epoch says of them.

    Args:
        seed: of the training that is under way. executor: that takes its steps.
    Raises:
        ConfigError: the rule compares gradients on shared parameters, and there are none.
    """

    def __init__(self, config: Config, plan: Plan, executor: Executor) -> None:
        self.config, self.plan, self.executor, self.rule = config, plan, executor, config.model.task_weights
        self.tasks = plan.spec.tasks
        self._of_losses = np.array([op.attributes["task"] for op in plan.losses], int)
        if self.rule in ("gradnorm", "pcgrad") and not self.shared.networks:
            raise ConfigError(
                f"model.task_weights is {self.rule} but in {config.model.architecture} tasks share no parameters; set it to fixed or dwa"
            )

    @cached_property
    def shared(self) -> SharedParameters:
        """Which parameters tasks share, once somebody asks."""
        return SharedParameters(self.plan)

    def step(self, state: TrainState, batch: Batch, adam: Adam, cursor: Cursor, seed: int) -> tuple[float, np.ndarray]:
        """One training step in place: (total, losses) before the step, as if all weights were 1."""
        if self.rule == "dwa" and cursor.weights:
            batch = replace(batch, gains=tuple(cursor.weights))
        if self.rule not in ("gradnorm", "pcgrad"):
            return self.executor.step(state, batch, adam)
        found = task_gradients(self.executor, state.values, batch, self.shared)
        if np.isfinite(found.total):
            coefficients = self._projected(found, cursor, seed) if self.rule == "pcgrad" else self._balanced(found, cursor)
            self.executor.apply(state, found.combined(coefficients), adam)
        return found.total, found.losses

    def _projected(self, found: TaskGradients, cursor: Cursor, seed: int) -> np.ndarray:
        """Of PCGrad: for each network by itself, in an order of tasks drawn for the step; 1 for what is not shared."""
        draw, count = generator(seed, PROJECTED, cursor.epoch, cursor.batch), len(self.tasks)
        orders = np.array([draw.permutation(count) for _ in range(count)])
        return np.array([*(pcgrad(products, orders) for products in found.products()), np.ones(count)])

    def _balanced(self, found: TaskGradients, cursor: Cursor) -> np.ndarray:
        """Of GradNorm: the weights until now for all parameters; those of the next step go into the cursor."""
        losses, weights = self._by_task(found.losses), np.array(cursor.weights or [1.0] * len(self.tasks))
        first = np.array(cursor.known[0] if cursor.known else [0.0] * len(losses))
        first = np.where(first > 0, first, losses)  # of the first batch that has labels of the task
        lengths = np.sqrt(found.products().sum(axis=0).diagonal())
        cursor.known = [first.tolist()]
        cursor.weights = gradnorm(weights, lengths, losses, first).tolist()
        return np.tile(weights, (self.shared.networks + 1, 1))

    def _by_task(self, losses) -> np.ndarray:
        """(T,) sums of what each loss operation of a task has."""
        of_tasks = self._of_losses >= 0
        return np.bincount(self._of_losses[of_tasks], np.asarray(losses)[of_tasks], len(self.tasks))

    def end_epoch(self, state: TrainState, cursor: Cursor) -> dict[str, dict[str, float]]:
        """What metrics.jsonl says of an epoch that is done; DWA sets the weights of the next one."""
        weights = cursor.weights
        if self.rule == "uncertainty" and self.plan.log_variance is not None:
            weights = np.exp(-state.values.view(self.plan.log_variance).astype(float)).tolist()
        elif self.rule == "dwa":
            weights = weights or [1.0] * len(self.tasks)
            cursor.known = [*cursor.known[-1:], (self._by_task(cursor.losses) / cursor.batch).tolist()]
            if len(cursor.known) == 2:
                cursor.weights = dwa(np.array(cursor.known[1]), np.array(cursor.known[0])).tolist()
        return {"task_weights": dict(zip(self.tasks, weights))} if weights else {}

    def look(self, state: TrainState, dataset: Dataset, epoch: int, seed: int) -> dict[str, dict[str, dict[str, float | None]]]:
        """The cosine of each pair of tasks on the parameters that they share, on one batch; nothing where it is not cheap, nor asked for.

        Each task takes a forward and a backward pass over the batch; bench/speed/weighing.py measures what that is of an epoch.
        """
        asked, settings, train = self.config.training.task_cosines, self.config.training, dataset.train
        cheap = len(train) >= STEPS_A_LOOK * len(self.tasks) * settings.batch_rows
        if not (cheap if asked is None else asked) or not self.shared.networks:
            return {}
        model, draw = self.config.model, generator(seed, LOOKED, epoch)
        if self.plan.grouped:
            rows = epoch_steps(train, dataset.rows.groups[train], settings.batch_rows, seed, epoch)[0]
        else:
            rows = train[draw.integers(len(train), size=settings.batch_rows)]
        batch = replace(take_targets(dataset, self.config.tasks, rows), key=dropout_key(seed, epoch, 0))
        hide_inputs(batch, self.plan.spec, self.plan.unknown_share, draw, model.read_unknown_share, model.field_unknown_share)
        found = cosines(task_gradients(self.executor, state.values, batch, self.shared).products())
        pairs: dict[str, dict[str, float | None]] = {}
        for t, u in combinations(range(len(self.tasks)), 2):
            pairs.setdefault(self.tasks[t], {})[self.tasks[u]] = None if np.isnan(found[t, u]) else float(found[t, u])
        return {"task_cosines": pairs}
