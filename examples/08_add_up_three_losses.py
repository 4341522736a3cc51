"""Lesson 8: three towers, three losses.

You learn the loss of a yes, a no and a maybe, what a missing label does, and what three losses ask of a layer that they share.
"""

# %% [markdown]
# # 8. Three towers, three losses
#
# Lessons 5 to 7 ended with what each task sees. A small layer of its own, the *tower*, makes one number of it, the
# *logit* z, and p = sigmoid(z) is the probability. The loss of a label y is the *cross-entropy*:
#
#     l = -y log p - (1 - y) log(1 - p) = softplus(z) - y z,     softplus(z) = log(1 + e^z)
#     dl/dz = p - y
#
# A click is 1 or 0. A grade of relevance may lie between: 0.7 asks for p = 0.7.

# %%
import matplotlib.pyplot as plt
import numpy as np


def cross_entropy(z, y):
    """(loss, dloss/dz); e is only ever raised to -|z|, so that nothing overflows."""
    small = np.exp(-np.abs(z))
    return np.maximum(z, 0) + np.log1p(small) - y * z, np.where(z >= 0, 1, small) / (1 + small) - y


loss, gradient = cross_entropy(np.log(3), 1.0)
print(f"z = ln 3, y = 1: loss {loss:.4f}, gradient {gradient:.2f}   by hand: p = 3/4, ln(4/3) = 0.2877, 3/4 - 1 = -0.25")
with np.errstate(divide="ignore"):
    print("z = 40, y = 0: by way of p", -np.log(1 - 1 / (1 + np.exp(-40.0))), "but from the logit", cross_entropy(40.0, 0.0)[0])

# %% [markdown]
# ## A missing label
# Who was not clicked has no conversion to know: NaN. Such a row adds nothing. The sum over the others is divided by B
# times the share of labels *in all training rows*, a constant; their count in one batch would be noise, and may be 0.


# %%
def task_losses(logits, labels, rates):
    """(the losses (T,), dlogits (B, T)) of B rows; labels (B, T), NaN = missing; rates (T,)."""
    there = ~np.isnan(labels)
    losses, dlogits = cross_entropy(logits, np.where(there, labels, 0))
    return np.where(there, losses, 0).mean(axis=0) / rates, np.where(there, dlogits, 0) / len(labels) / rates


losses, dlogits = task_losses(np.zeros((4, 1)), np.array([[1], [np.nan], [0], [np.nan]]), rates=np.array([0.5]))
print(f"half of the labels missing: loss {losses[0]:.4f}   by hand: 2 ln 2 / (4 * 0.5) = ln 2; gradient {dlogits[:, 0]}")

# %% [markdown]
# ## What a shared layer is asked for
# One unit over two inputs, which all towers read as it is. Its gradient is the *sum* of what the three tasks ask for.

# %%
rng = np.random.default_rng(0)
x, wanted = rng.normal(size=(2000, 2)), np.array([[2.0, -2.0, 0.5], [0.5, 1.5, 2.0]])  # by click, conversion, relevance
p = 1 / (1 + np.exp(-x @ wanted))
click, conversion = rng.random((2, 2000)) < p.T[:2]
labels = np.stack([click, np.where(click, conversion, np.nan), np.where(rng.random(2000) < 0.3, p[:, 2], np.nan)], axis=1)


def shared_gradients(shared):
    """(the losses (3,), what each task adds to the gradient of the shared weights (3, 2))."""
    losses, dlogits = task_losses(np.repeat(x @ shared[:, None], 3, axis=1), labels, (~np.isnan(labels)).mean(axis=0))
    return losses, dlogits.T @ x


asked, v = shared_gradients(np.zeros(2))[1], rng.normal(size=2)
numeric = (shared_gradients(1e-5 * v)[0].sum() - shared_gradients(-1e-5 * v)[0].sum()) / 2e-5
print(f"gradient of the sum, projected: {asked.sum(axis=0) @ v:.6f}, numeric: {numeric:.6f}")

# %%
# The picture. Left: a yes, a no and a maybe. Right: the step that each task wants, and two sums: a task's weight turns the sum.
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
z = np.linspace(-4, 4, 161)
for y, style in ((1.0, "-"), (0.0, "--"), (0.7, "-.")):
    left.plot(z, cross_entropy(z, y)[0], style, label=f"y = {y:g}")
left.set(title="cross-entropy", xlabel="logit z", ylabel="loss")
left.legend()
sums = {"click": (1, 0, 0), "conversion": (0, 1, 0), "relevance": (0, 0, 1), "weights 1, 1, 1": (1, 1, 1), "weights 1, 3, 1": (1, 3, 1)}
for (name, weights), style in zip(sums.items(), ("C0", "C1", "C2", "k", "k:")):
    step = -np.array(weights) @ asked
    right.plot([0, step[0]], [0, step[1]], style, marker="o", markevery=[1])
    right.annotate(name, step, (7 * np.sign(step[0]), -4), textcoords="offset points", ha="left" if step[0] > 0 else "right")
right.set(title="steps of the shared unit", xlabel="its first weight", ylabel="its second weight", aspect="equal", xlim=(-1, 0.6))
figure.savefig("08_add_up_three_losses.png")

# %% [markdown]
# ## In the product
# It can learn the weights: minimise sum_t exp(-s_t) L_t + s_t / 2 over s too. In the end each weight is 1 / (2 L_t).

# %%
from minirank.kernels.objective import weigh_tasks
from minirank.kernels.ops.losses import bce

np.testing.assert_allclose(bce(z=z, label=0.7), cross_entropy(z, 0.7), rtol=1e-12)
losses, s = np.array([0.2, 0.5, 1.0]), np.zeros(3)
for _ in range(200):
    s -= 0.5 * weigh_tasks(losses=losses, log_variances=s)[1]
print("learned weights", np.exp(-s).round(2), "of losses", losses, "  by hand: 1 / (2 * 0.2) = 2.5")
