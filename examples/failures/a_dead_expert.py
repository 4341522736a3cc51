"""Failure: a dead expert.

Inputs that are never negative and a step that is too long: a whole expert falls silent, and stays so.
"""

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

from minirank.kernels import Adam, Batch, InputSpec, TrainState, initial_values, make_executor
from minirank.model import ModelConfig, TaskConfig, compile_plan

rng = np.random.default_rng(0)
N = 2000
shares = rng.random((N, 4))  # skills covered, titles alike, years enough, close by: from 0 to 1
clicked = (rng.random(N) < 1 / (1 + np.exp(5 - 3 * shares[:, 0] - 4 * shares[:, 1] * shares[:, 2]))).astype(np.float64)
config = ModelConfig(experts=4, expert_hidden=(4,), tower_hidden=())


def train(x, learning_rate):
    """The loss, and the share of rows on which each unit of each expert is on, after 200 steps."""
    rows = Batch(np.zeros((N, 0), np.int32), (), x, clicked[:, None], weights=np.ones((N, 1)), groups=np.arange(N, dtype=np.int32))
    plan = compile_plan(config, (TaskConfig("ctr"),), InputSpec(dense=("skills", "title", "years", "near"), tasks=("ctr",)), rows)
    mixed = next(op for op in plan.forward if op.kind == "mixture").inputs[1:]  # behind the gate
    plan = replace(plan, outputs={f"expert {e}": slot for e, slot in enumerate(mixed)})
    executor, state = make_executor("reference", plan, np.float64), TrainState(initial_values(plan, seed=0, dtype=np.float64))
    for _ in range(200):
        loss, _ = executor.step(state, rows, Adam(learning_rate=learning_rate))
    return loss, np.array([(h > 0).mean(axis=0) for h in executor.outputs(state.values, rows, tuple(plan.outputs)).values()])


# %% [markdown]
# Before: shares as they are, a learning rate of 1. After: the mean subtracted, one deviation as the unit, and 0.03.

# %%
rate = clicked.mean()
print(f"one constant for all rows has the loss {-rate * np.log(rate) - (1 - rate) * np.log(1 - rate):.3f}")
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for place, title, x, learning_rate in (
    (axes[0], "before", shares, 1.0),
    (axes[1], "after", (shares - shares.mean(axis=0)) / shares.std(axis=0), 0.03),
):
    loss, on = train(x, learning_rate)
    dead = np.flatnonzero(~on.any(axis=1))
    print(f"{title}: loss {loss:.3f}, dead: {', '.join(f'expert {e}' for e in dead) or 'none'}")
    drawn = place.imshow(on, vmin=0, vmax=1, cmap="cividis")
    place.set(title=f"{title}: loss {loss:.3f}", xlabel="unit", ylabel="expert", xticks=range(4), yticks=range(4))
    for (expert, unit), share in np.ndenumerate(on):
        place.text(unit, expert, f"{share:.2f}", ha="center", va="center", color="white" if share < 0.5 else "black")
figure.colorbar(drawn, ax=axes, label="share of rows on which it is on")
figure.savefig("a_dead_expert.png")
