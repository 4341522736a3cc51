"""Failure: a role that is too rare.

Thirty rows are few enough for a gate to learn them by heart, and then it is wrong about everyone else.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from minirank.kernels import Adam, Batch, InputSpec, TrainState, initial_values, make_executor
from minirank.model import GateConfig, ModelConfig, TaskConfig, compile_plan

rng = np.random.default_rng(0)
ROLES = ("unknown", "hr", "headhunter", "executive")  # rows of training: 0, half, half, 30


def draw(roles):
    """Rows of these roles, who all have the same taste, so that nothing should be added for any of them."""
    x = rng.normal(size=(len(roles), 6))
    clicked = rng.random(len(roles)) < 1 / (1 + np.exp(1 - 2 * x[:, 0] - 2 * x[:, 1] * x[:, 2]))
    ones, groups = np.ones((len(roles), 1)), np.arange(len(roles), dtype=np.int32)
    return Batch(roles[:, None].astype(np.int32), (), x, clicked[:, None].astype(float), ones, groups)


def train(rows, penalty):
    """A function that gives the loss of other rows."""
    gate = GateConfig(role="full", penalty=penalty)  # a role adds its own weights to those that all share
    config = ModelConfig(experts=4, expert_hidden=(8,), tower_hidden=(), gate=gate, role_in_x=False)
    spec = InputSpec(categorical=(("role", len(ROLES)),), dense=tuple("abcdef"), tasks=("ctr",))
    plan = compile_plan(config, (TaskConfig("ctr"),), spec, rows)
    executor, state = make_executor("reference", plan, np.float64), TrainState(initial_values(plan, seed=0, dtype=np.float64))
    for _ in range(300):
        executor.step(state, rows, Adam(learning_rate=0.02))

    def loss(batch):
        logits = executor.logits(state.values, batch)[:, 0]
        return np.mean(np.logaddexp(0, logits) - batch.labels[:, 0] * logits)

    return loss


# %% [markdown]
# Before: no penalty on what a role adds. After: lambda / 2 times its sum of squares, once a data set, in the loss.

# %%
rows, new = draw(np.repeat([1, 2, 3], (750, 750, 30))), [draw(np.full(2000, role)) for role in range(4)]
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
for place, (penalty, color) in enumerate(((0.0, "#E69F00"), (10.0, "#56B4E9"), (100.0, "#0072B2"))):
    loss = train(rows, penalty)
    found = [loss(batch) for batch in new]
    print(f"penalty {penalty:.0f}: the 30 rows {loss(rows.take(np.arange(1500, 1530))):.3f}, new ones of", end=" ")
    print(", ".join(f"{role} {value:.3f}" for role, value in zip(ROLES, found)))
    axes.bar(np.arange(4) + 0.25 * place, found, 0.22, color=color, label=f"penalty {penalty:.0f}")
axes.set(xticks=np.arange(4) + 0.25, xticklabels=ROLES, ylabel="loss of new rows")
axes.legend(loc="upper left")
figure.savefig("a_role_too_rare.png")
