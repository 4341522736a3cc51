"""Failure: a collapsed gate.

One column is left in its own units, and the gate gives every row to the same expert, for good.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from minirank.kernels import Adam, Batch, InputSpec, TrainState, initial_values, make_executor
from minirank.model import ModelConfig, TaskConfig, compile_plan

rng = np.random.default_rng(0)
N, MARKETS = 2000, ("north", "south", "east", "west")
market, signals, pay = rng.integers(0, 4, N), rng.normal(size=(N, 2)), rng.normal(60_000, 15_000, N)
taste = np.array([[3, 0], [-3, 0], [0, 3], [0, -3]])  # what counts differs from market to market: work for four experts
clicked = (rng.random(N) < 1 / (1 + np.exp(-(signals * taste[market]).sum(axis=1)))).astype(np.float64)
config = ModelConfig(experts=4, expert_hidden=(4,), tower_hidden=())
spec = InputSpec(dense=("skills", "years", *MARKETS, "pay"), tasks=("ctr",))


def train(pay):
    """The loss after 300 steps, and what the gate gives to each expert in each market: (markets, E)."""
    x = np.column_stack([signals, np.eye(4)[market], pay])
    rows = Batch(np.zeros((N, 0), np.int32), (), x, clicked[:, None], weights=np.ones((N, 1)), groups=np.arange(N, dtype=np.int32))
    plan = compile_plan(config, (TaskConfig("ctr"),), spec, rows)
    executor, state = make_executor("reference", plan, np.float64), TrainState(initial_values(plan, seed=2, dtype=np.float64))
    for _ in range(300):
        loss, _ = executor.step(state, rows, Adam(learning_rate=0.02))
    gates = executor.outputs(state.values, rows, ("gates",))["gates"]
    return loss, np.array([gates[market == number].mean(axis=0) for number in range(4)])


# %% [markdown]
# Before: pay as it is, some 60,000. After: the mean subtracted, one standard deviation as the unit.

# %%
print(f"knowing nothing has the loss ln 2 = {np.log(2):.3f}")
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for place, title, column in ((axes[0], "before", pay), (axes[1], "after", (pay - pay.mean()) / pay.std())):
    loss, shares = train(column)
    print(f"{title}: loss {loss:.3f}, the busiest expert gets {shares.mean(axis=0).max():.2f}, the idlest {shares.mean(axis=0).min():.2f}")
    drawn = place.imshow(shares, vmin=0, vmax=1, cmap="cividis")
    place.set(title=f"{title}: loss {loss:.3f}", xlabel="expert", xticks=range(4), yticks=range(4), yticklabels=MARKETS)
    for (row, expert), share in np.ndenumerate(shares):
        place.text(expert, row, f"{share:.2f}", ha="center", va="center", color="white" if share < 0.5 else "black")
figure.colorbar(drawn, ax=axes, label="weight of the expert, mean over rows")
figure.savefig("a_collapsed_gate.png")
