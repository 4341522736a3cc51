"""Lesson 3: an id becomes a vector.

You learn what an embedding is, why its gradient touches few rows, and why those rows take a step of their own.
"""

# %% [markdown]
# # 3. An id becomes a vector
#
# Job title 7 is not more than job title 3: an id is a name, no quantity. So each id gets D numbers of its own, a row of a
# table that is learned. It is the layer of lesson 1, given zeros and a 1 at the id's place, without all its products by 0.
#
#     a title                    y_b = table[id_b]            dtable[id_b] += dy_b
#     n skills, a *bag* of ids   y_b = mean of table[i]       dtable[i]    += dy_b / n

# %%
import matplotlib.pyplot as plt
import numpy as np


def lookup_backward(dy, ids):
    used, place = np.unique(ids, return_inverse=True)
    rows = np.zeros((len(used), dy.shape[1]))
    np.add.at(rows, place, dy)  # `rows[place] += dy` would keep only the last of an id's gradients
    return used, rows


# %% [markdown]
# ## On paper
# Three rows of a batch; two of them have title 2, and their gradients add up. Rows 1 and 3 of the table are not touched.

# %%
table, ids = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]), np.array([2, 0, 2])
dy = np.array([[1.0, 0.0], [0.0, 1.0], [10.0, 10.0]])
print("looked up:", table[ids].tolist(), " as a layer:", (np.eye(4)[ids] @ table).tolist())
print("gradient of rows", *(values.tolist() for values in lookup_backward(dy, ids)), "  by hand: (0, 1) and (1, 0) + (10, 10)")
print("bag of skills 1 and 3:", table[[1, 3]].mean(axis=0), "  by hand: (3 + 7) / 2 and (4 + 8) / 2")

# %% [markdown]
# ## Titles that are clicked together
# Twelve titles of three families. Who searches for title a is shown title b, and clicks (1) mostly within a family, else
# not (-1). The score is <table[a], table[b]>, the loss the mean of (score - label)^2. One title of each family is rare.
# *SGD* steps by rate * gradient. *Adam* divides by the usual size of each number's own gradient, so rare rows move as far
# as others; rows that the batch did not use rest, with their averages m and v.

# %%
family, often = np.repeat(np.arange(3), 4), np.array([50, 50, 49, 1] * 3) / 450


def lazy_adam(table, m, v, used, g, t):
    m[used] += 0.1 * (g - m[used])
    v[used] += 0.001 * (g * g - v[used])
    table[used] -= 0.02 * (m[used] / (1 - 0.9**t)) / (np.sqrt(v[used] / (1 - 0.999**t)) + 1e-8)


def train(step, batch=64):
    rng = np.random.default_rng(3)
    table, m, v = 0.3 * rng.normal(size=(12, 2)), np.zeros((12, 2)), np.zeros((12, 2))
    path = [table.copy()]
    for t in range(1, 401):
        a, b = rng.choice(12, (2, batch), p=often)
        label = np.where(rng.random(batch) < np.where(family[a] == family[b], 0.95, 0.05), 1, -1)
        dscore = 2 * ((table[a] * table[b]).sum(axis=1) - label)[:, None] / batch
        step(table, m, v, *lookup_backward(np.concatenate([dscore * table[b], dscore * table[a]]), np.concatenate([a, b])), t)
        path.append(table.copy())
    return np.array(path)


paths = {"SGD": train(lambda table, m, v, used, g, t: np.subtract.at(table, used, 0.1 * g)), "Adam on rows": train(lazy_adam)}
for name, path in paths.items():
    score = path[-1] @ path[-1].T
    print(f"{name}: score within a family: frequent {score[0, 1]:.2f}, rare {score[0, 3]:.2f}; across {score[0, 4]:.2f}")

# %%
figure, panels = plt.subplots(1, 2, figsize=(9, 5), layout="constrained", sharex=True, sharey=True)
for axes, (name, path) in zip(panels, paths.items()):
    for title, f in enumerate(family):
        look = {"color": ("#0072B2", "#D55E00", "#009E73")[f], "fillstyle": "none" if title % 4 == 3 else "full"}
        axes.plot(*path[:, title].T, "osD"[f], markevery=[400], markersize=8, linestyle="-", linewidth=0.8, **look)
    axes.set(title=f"{name}; hollow: the rare titles", xlabel="first number of a title", ylabel="second number", aspect="equal")
figure.savefig("03_embed_an_id.png")

# %% [markdown]
# ## In the product

# %%
from minirank.kernels import Adam, Bag, adam_rows, projection_error
from minirank.kernels.ops.embedding import bag_forward, gather_backward

used, g = lookup_backward(dy, ids)
for ours, theirs in zip((used, g), gather_backward(dy=dy, ids=ids)):
    np.testing.assert_array_equal(theirs, ours)
error = projection_error(lambda: table[ids], gradient=np.eye(4)[:, used] @ g, x=table, u=dy, seed=1)
print(f"the projection of lesson 2 is off by {error:.0e}")
y = np.empty((1, 2))
bag_forward(y=y, bag=Bag(entity=np.array([0]), offsets=np.array([0, 2]), ids=np.array([1, 3])), table=table)
np.testing.assert_array_equal(y[0], table[[1, 3]].mean(axis=0))
ours, theirs = ([table.copy(), np.zeros_like(table), np.zeros_like(table)] for _ in range(2))
lazy_adam(*ours, used, g, t=1)
adam_rows(*theirs, ids=used, gradients=g, settings=Adam(learning_rate=0.02), step=1)
np.testing.assert_allclose(theirs, ours, rtol=1e-12)
