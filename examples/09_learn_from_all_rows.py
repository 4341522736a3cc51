"""Lesson 9: learn from all rows.

You learn why conversions are known of some rows only, what a model makes of that, and the loss that reads all rows.
"""

# %% [markdown]
# # 9. Learn from all rows
#
# A conversion can only follow a click. So its label is known where somebody clicked, but the model will be asked about
# everyone. Three ways to train pCVR, the probability of a conversion *given* a click:
#
#     not clicked = 0   labels the rest "not converted": learns pCTR pCVR, another question
#     clicked rows      lesson 8's mask: right where clicks are, a guess elsewhere
#     all rows (ESMM)   the product p = pCTR pCVR is known of *every* row: 1 where clicked and converted, else 0
#
#     a, b the logits of both:   log p = ls(a) + ls(b),                       ls(z) = log sigmoid(z) = -log(1 + e^-z)
#                                log(1 - p) = log(e^-a + e^-b + e^(-a-b)) + log p
#     l = -y log p - (1 - y) log(1 - p)
#     dl/db = -y sigmoid(-b) + (1 - y) p sigmoid(-b) / (1 - p)                dl/da likewise

# %%
import matplotlib.pyplot as plt
import numpy as np


def log_sigmoid(z):
    return np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z)))


def entire(a, b, y):
    """(loss, dloss/da, dloss/db), all from logarithms: nothing is divided by a 1 - p that vanishes."""
    log_p = log_sigmoid(a) + log_sigmoid(b)
    log_not = np.logaddexp(np.logaddexp(-a, -b), -a - b) + log_p
    dl = [-y * np.exp(log_sigmoid(-z)) + (1 - y) * np.exp(log_p + log_sigmoid(-z) - log_not) for z in (a, b)]
    return -y * log_p - (1 - y) * log_not, *dl


print("a = b = 0, y = 0:", np.round(entire(0.0, 0.0, 0.0), 4), "  by hand: ln 4/3 = 0.2877, (1/4)(1/2) / (3/4) = 1/6")
rng = np.random.default_rng(0)
a, b, v = rng.normal(size=(3, 50))
y = rng.integers(0, 2, 50)
numeric = (entire(a, b + 1e-5 * v, y)[0] - entire(a, b - 1e-5 * v, y)[0]).sum() / 2e-5
print(f"gradient for b, projected: {entire(a, b, y)[2] @ v:.6f}, numeric: {numeric:.6f}")


# %% [markdown]
# ## Two worlds whose truth is known
# x is how well somebody fits. Few are clicked where x is low. In the first world they would not convert either; in the second
# they would: hidden gems. The model is a line in x for each logit, too simple for the truth, as models are.


# %%
def sigmoid(z):
    return np.exp(log_sigmoid(z))


def train(x, clicked, converted, way, steps=1000):
    """The logit of pCVR over x: (its value at 0, its slope)."""
    inputs, weights, there = np.stack([np.ones_like(x), x], axis=1), np.zeros((2, 2)), clicked if way == "clicked rows" else 1
    for _ in range(steps):
        a, b = (inputs @ weights).T
        dlogits = [sigmoid(a) - clicked, (sigmoid(b) - converted) * there]
        if way == "all rows":
            _, da, dlogits[1] = entire(a, b, converted)
            dlogits[0] = dlogits[0] + da
        weights -= 0.5 * inputs.T @ np.transpose(dlogits) / len(x)
    return weights[:, 1]


x = np.linspace(-3, 3, 2000)
worlds = {"low CVR where few click": (x - 2, 2 - 3 * np.exp(-x)), "high CVR where few click": (x - 2, 2 - 3 * np.exp(x - 2))}
ways = {"not clicked = 0": ("C7", ":"), "clicked rows": ("C0", "--"), "all rows": ("C1", "-")}
figure, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained")
for (name, (click_logit, truth)), (over, below) in zip(worlds.items(), axes.T):
    clicked = (rng.random(2000) < sigmoid(click_logit)).astype(float)
    converted = clicked * (rng.random(2000) < sigmoid(truth))
    over.plot(x, sigmoid(truth), "k", linewidth=3, alpha=0.4, label="truth")
    over.fill_between(x, 0, sigmoid(click_logit), alpha=0.1, label="share clicked")
    for place, (way, (color, style)) in enumerate(ways.items()):
        w = train(x, clicked, converted, way)
        wrong = (sigmoid(w[0] + w[1] * x) - sigmoid(truth)) ** 2
        errors = [np.sqrt(wrong[clicked == side].mean()) for side in (1, 0)]
        print(f"{name}, {way}: error of pCVR where clicked {errors[0]:.3f}, where not {errors[1]:.3f}")
        over.plot(x, sigmoid(w[0] + w[1] * x), style, color=color, label=way)
        below.bar(np.arange(2) + 0.25 * place, errors, 0.2, color=color)
    over.set(title=name, xlabel="x", ylabel="pCVR")
    below.set(xticks=(0.25, 1.25), xticklabels=("clicked", "not clicked"), ylabel="error of pCVR")
axes[0, 0].legend(fontsize="small")
figure.savefig("09_learn_from_all_rows.png")

# %% [markdown]
# ## In the product

# %%
from minirank.kernels.ops.losses import bce_entire

a, b = rng.normal(size=(2, 1000)) * 10
y = rng.integers(0, 2, 1000)
np.testing.assert_allclose(bce_entire(a=a, b=b, label=y), entire(a, b, y), rtol=1e-12, atol=1e-13)
print("bce_entire in kernels/ops/losses.py agrees")
