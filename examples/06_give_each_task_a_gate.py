"""Lesson 6: a gate for each task.

You learn why two tasks hurt each other in a shared network, and what a gate of its own does for each of them.
"""

# %% [markdown]
# # 6. A gate for each task
#
# A candidate is clicked or not, answers or not: T tasks read the same row. In a *multi-gate mixture of experts* each mixes
# the same E experts by a gate of its own, and a tower makes its score. `a.mT` is a with its last two axes swapped.
#
#     m_t = sum_e g_te h_e       in one matrix product a row: m = g h, of (T, E) and (E, H)
#     s_t = <m_t, v_t> + a_t
#     dh_e = sum_t g_te dm_t     an expert hears a task as much as that task asks it: dh = g.mT dm; dg = dm h.mT

# %%
import matplotlib.pyplot as plt
import numpy as np

# %% [markdown]
# ## On paper
# Two experts give 4 and 8. Task 1 asks mostly the first, task 2 the second; the one should have less, the other more.

# %%
g, h, dm = np.array([[0.75, 0.25], [0.25, 0.75]]), np.array([[4.0], [8.0]]), np.array([[2.0], [-2.0]])
print("m =", (g @ h).ravel(), "  by hand: 3 + 2 and 1 + 6")
print("dh =", (g.mT @ dm).ravel(), "  by hand: 0.75 * 2 - 0.25 * 2 and 0.25 * 2 - 0.75 * 2")
print("a network that both share would get 2 - 2 =", dm.sum())

# %% [markdown]
# ## Tasks that agree, and tasks that do not
# y_t = sin(2 <x, w_t>), where w_1 and w_2 have correlation rho: at 1 the tasks are the same, at 0 they have nothing in common.
# Three networks learn both: a *shared bottom* (one expert, a gate that is always 1), eight experts with one gate for both
# tasks, and eight experts with a gate for each; all for three rho and six worlds each, side by side along the first axis.

# %%
rhos, rng = np.repeat([1.0, 0.5, 0.0], 6), np.random.default_rng(0)
directions = np.array([np.linalg.qr(rng.normal(size=(4, 2)))[0] @ [[1, r], [0, np.sqrt(1 - r * r)]] for r in rhos])


def softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def train(experts, width, gates, steps=1000):
    """The loss in each world on new rows, and the mean gates."""
    rng = np.random.default_rng(2)
    parameters = [rng.normal(size=(18, *shape)) / 2 for shape in ((5, experts * width), (5, gates * experts), (2, width))]
    first, second = ([np.zeros_like(each) for each in parameters] for _ in range(2))
    for step in range(1, steps + 1):
        weight, gate, tower = parameters
        x = rng.normal(size=(18, 64 if step < steps else 2000, 5))
        x[..., 4] = 1  # so the last row of a weight is its bias
        flat = np.maximum(x @ weight, 0)
        h, g = flat.reshape(*x.shape[:2], experts, width), softmax((x @ gate).reshape(*x.shape[:2], gates, experts))
        m = g @ h
        error = (m * tower[:, None]).sum(axis=-1) - np.sin(2 * x[..., :4] @ directions)
        ds = 2 * error[..., None] / x.shape[1]
        dm = ds * tower[:, None] if gates == 2 else (ds * tower[:, None]).sum(axis=2, keepdims=True)
        dg, dflat = dm @ h.mT, (g.mT @ dm).reshape(flat.shape) * (flat > 0)
        dz = (g * (dg - (dg * g).sum(axis=-1, keepdims=True))).reshape(*x.shape[:2], -1)
        for i, d in enumerate((x.mT @ dflat, x.mT @ dz, (ds * m).sum(axis=1))):  # Adam, of lesson 3
            first[i] += 0.1 * (d - first[i])
            second[i] += 0.001 * (d * d - second[i])
            parameters[i] -= 0.02 * first[i] / (1 - 0.9**step) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
    return (error**2).mean(axis=(1, 2)).reshape(3, 6), g.mean(axis=1)


figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for name, sizes, look in (("shared bottom", (1, 40, 1), "s:"), ("one gate", (8, 5, 1), "o--"), ("a gate a task", (8, 4, 2), "D-")):
    loss, g = train(*sizes)
    print(f"{name:13}  1,000 times the loss, rho 1, 0.5 and 0:", *(f"{1000 * each:5.1f}" for each in loss.mean(axis=1)))
    (drawn,) = left.plot(rhos[::6], loss.mean(axis=1), look, label=name)
    left.plot(rhos, loss.ravel(), look[0], color=drawn.get_color(), markersize=2)
left.set(title="loss on new rows (small: each world)", xlabel="correlation rho of the tasks", ylim=(0, 0.065), xlim=(1.05, -0.05))
left.legend()
shown = right.imshow(np.concatenate([g[0], g[12]]), cmap="cividis", vmin=0, aspect="auto")
right.set(title="a gate a task: mean shares", xlabel="expert", yticks=range(4))
right.set_yticklabels(["task 1, rho 1", "task 2, rho 1", "task 1, rho 0", "task 2, rho 0"])
figure.colorbar(shown, ax=right)
figure.savefig("06_give_each_task_a_gate.png")

# %% [markdown]
# ## In the product
# A mixture a task, over the same experts; each adds to their gradients.

# %%
from minirank.kernels import projection_error
from minirank.kernels.ops import mixture

g, h, dm = (rng.normal(size=shape) for shape in ((33, 2, 3), (33, 3, 5), (33, 2, 5)))
experts, m, dg, dh = h.swapaxes(0, 1), np.empty_like(dm), np.zeros_like(g), np.zeros((3, 33, 5))
for t in range(2):
    mixture.mixture_forward(m=m[:, t], gates=g[:, t], experts=experts)
    mixture.mixture_backward(dgates=dg[:, t], dexperts=dh, dm=dm[:, t], gates=g[:, t], experts=experts)
for ours, theirs in ((g @ h, m), (dm @ h.mT, dg), (g.mT @ dm, dh.swapaxes(0, 1))):
    np.testing.assert_allclose(theirs, ours, rtol=1e-12, atol=1e-12)
print(f"dh of both tasks together is off by {projection_error(lambda: g @ h, gradient=g.mT @ dm, x=h, u=dm, seed=1):.0e}")
