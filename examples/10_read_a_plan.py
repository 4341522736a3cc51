"""Lesson 10: a model is a table.

You learn to read the plan of a model, to count its parameters, to run it yourself, and to train a small ranker with it.
"""

# %% [markdown]
# # 10. A model is a table
#
# Lessons 1 to 9 built the parts. The product lists them: a *plan* has one row an operation, with what it reads and writes and
# where its parameters lie. Read it downwards for a prediction, upwards for the gradient.
#
# First some candidates, with a title of 30 and two numbers. One role looks for skills, one at the pay, one at the title.

# %%
import matplotlib.pyplot as plt
import numpy as np

from minirank.kernels import Adam, Batch, InputSpec, TrainState, initial_values, make_executor
from minirank.model import GateConfig, ModelConfig, TaskConfig, compile_plan

rng = np.random.default_rng(0)
B = 4000
ids = np.stack([rng.integers(1, 4, B), rng.integers(1, 30, B)], axis=1).astype(np.int32)
skills, pay, title = rng.normal(size=B), rng.normal(size=B), rng.normal(size=30)[ids[:, 1]]
liked = np.choose(ids[:, 0] - 1, [3 * skills, -3 * pay, 3 * title])
p = 1 / (1 + np.exp(-np.stack([liked, liked / 2 + skills], axis=1)))
clicked, converted = rng.random((2, B)) < p.T
labels = np.stack([clicked, np.where(clicked, converted, np.nan)], axis=1)
dense, one = np.stack([skills, pay], axis=1), np.ones((B, 2))
rows = Batch(ids=ids, bags=(), dense=dense, labels=labels, weights=one, groups=np.arange(B, dtype=np.int32))

spec = InputSpec(categorical=(("role", 4), ("title", 30)), dense=("skills", "pay"), tasks=("ctr", "cvr"))
gate = GateConfig(role="full", penalty=1.0)
config = ModelConfig(embedding=4, experts=3, expert_hidden=(8,), tower_hidden=(), role_in_x=False, gate=gate)
plan = compile_plan(config, (TaskConfig("ctr"), TaskConfig("cvr", given="ctr")), spec, rows)
print(plan)

# %% [markdown]
# ## Counted by hand
# x has 4 + 2 = 6 columns. Three experts 6 -> 8, a gate of 2 x 3 logits, two towers 8 -> 1, each with its biases; a role adds
# another gate, "unknown" nothing.

# %%
experts, gates, towers = 3 * (6 * 8 + 8), 6 * 6 + 6, 2 * (8 + 1)
print(f"\nby hand: {experts} + {gates} + {towers} shared, {3 * gates} of roles: {experts + 4 * gates + towers}; in the table {30 * 4}")
assert plan.size(table=False) == experts + 4 * gates + towers and plan.size(table=True) == 30 * 4


# %%
# Run by hand: seven kinds of operations are the whole forward pass.
def walk(plan, values, rows):
    """(B, T) logits, from the plan's rows."""
    blocks = {name: np.zeros((len(rows), width)) for name, (_, width) in plan.blocks.items()}
    views = {slot: blocks[slot.block][:, slot.column : slot.column + slot.width] for op in plan.forward for slot in (op.output, *op.inputs)}
    for op in plan.forward:
        out, x, w = views[op.output], [views[slot] for slot in op.inputs], [values.view(parameter) for parameter in op.parameters]
        id = rows.ids[:, op.attributes.get("field", 0)]
        match op.kind:
            case "gather":
                out[:] = w[0][id]
            case "copy":
                out[:] = rows.dense
            case "dense":
                out[:] = np.maximum(x[0] @ w[0] + w[1], 0 if op.attributes["relu"] else -np.inf)
            case "bias_by_id":
                out += np.where(id[:, None] > 0, w[0][id - 1], 0)
            case "dense_by_id":
                out += np.where(id[:, None] > 0, np.einsum("bk,bkn->bn", x[0], w[0][id - 1]), 0)
            case "softmax":
                e = np.exp(x[0]).reshape(len(rows), -1, op.attributes["experts"])
                out[:] = (e / e.sum(axis=2, keepdims=True)).reshape(out.shape)
            case "mixture":
                out[:] = sum(x[0][:, [e]] * h for e, h in enumerate(x[1:]))
    return blocks[plan.logits.block]


state = TrainState(initial_values(plan, seed=0, dtype=np.float64))
executor = make_executor("reference", plan, np.float64)
course = [executor.step(state, rows, Adam(learning_rate=0.03))[1] for _ in range(120)]
np.testing.assert_allclose(walk(plan, state.values, rows), executor.logits(state.values, rows), rtol=1e-12, atol=1e-12)
print("after 120 steps this walk and the product's executor give the same logits")

# %%
# The picture: the losses, beside those of who knows the truth, and the gates of a mean candidate for each role.
entropy = -p * np.log(p) - (1 - p) * np.log(1 - p)
best = np.array([entropy[:, 0].mean(), entropy[clicked, 1].mean()])
print("losses", course[0].round(3), "->", course[-1].round(3), "  of the truth", best.round(3))
mean = Batch(np.array([[r, 0] for r in range(4)], np.int32), (), np.zeros((4, 2)), one[:4] * np.nan, one[:4], np.zeros(4, np.int32))
shares = executor.outputs(state.values, mean, ("gates",))["gates"]
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for task, (name, style) in enumerate({"click": "-", "conversion": "--"}.items()):
    left.plot([losses[task] for losses in course], f"C{task}{style}", label=name)
    left.axhline(best[task], color=f"C{task}", linestyle=":", label=f"{name}, truth")
left.set(title="losses", xlabel="step", ylabel="cross-entropy")
left.legend()
right.imshow(shares, cmap="cividis", vmin=0, vmax=1, aspect="auto")
for r, e in np.ndindex(shares.shape):
    right.text(e, r, f"{shares[r, e]:.2f}", ha="center", va="center", color="white" if shares[r, e] < 0.5 else "black")
right.set(title="gates", yticks=range(4), yticklabels=("unknown", "skills", "pay", "title"), xlabel="gate.g: click 0-2, conversion 3-5")
figure.savefig("10_read_a_plan.png")
