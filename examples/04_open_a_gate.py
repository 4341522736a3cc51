"""Lesson 4: a gate, and its gradient.

You learn how a softmax shares one out among several, why its gradient is so short, and what a check with ones hides.
"""

# %% [markdown]
# # 4. A gate, and its gradient
#
# A gate decides how much of each of E experts to take. A layer gives it any numbers z, the *logits*; the *softmax* makes
# shares of them, above 0 and together 1. The temperature tau says how strictly: near 0 the largest z takes all.
#
#     g_e = exp(z_e / tau) / sum_k exp(z_k / tau)
#     dz_e = g_e (dg_e - <dg, g>) / tau                 <dg, g> = sum_k dg_k g_k

# %%
import matplotlib.pyplot as plt
import numpy as np


def softmax(z, tau=1.0):
    powers = np.exp((z - z.max(axis=-1, keepdims=True)) / tau)
    return powers / powers.sum(axis=-1, keepdims=True)


def softmax_backward(dg, g, tau=1.0):
    return g * (dg - (dg * g).sum(axis=-1, keepdims=True)) / tau


# %% [markdown]
# ## On paper
# exp(ln 3) = 3 and exp(0) = 1 share as 3 to 1. The *Jacobian* J_ek = dg_e/dz_k = g_e ([e = k] - g_k) holds everything:
# raising z_1 gives to the first what it takes from the second. J dg is the gradient; the short form never builds J.

# %%
g, dg = softmax(np.array([np.log(3), 0.0])), np.array([1.0, 0.0])
jacobian = np.diag(g) - np.outer(g, g)
print("g =", g, "  by hand: 3/4 and 1/4")
print("J =", jacobian.tolist(), "  by hand: 3/4 * 1/4 = 0.1875")
print("dz =", jacobian @ dg, "by the Jacobian,", softmax_backward(dg, g), "by the short form")

# %% [markdown]
# ## Why the maximum is subtracted
# A number added to all z changes no share, but exp(1000) is more than a float can hold.

# %%
z = np.array([1000.0, 999.0, 0.0])
with np.errstate(over="ignore", invalid="ignore"):
    print("without:", np.exp(z) / np.exp(z).sum(), "  with:", softmax(z).round(3), "  by hand: 1 / (1 + 1/e) = 0.731")

# %% [markdown]
# ## A check that passes whatever you wrote
# Take the plain mean of dg in place of <dg, g>; or answer 0. With an upstream gradient of ones the projection of lesson 2
# finds nothing wrong: it asks how fast the sum of all shares rises, and that sum is always 1. Ask with random numbers.

# %%
rng = np.random.default_rng(0)
z, v = rng.normal(size=(8, 4)), rng.normal(size=(8, 4))
versions = {
    "right": softmax_backward,
    "mean of dg": lambda dg, g: g * (dg - dg.mean(axis=-1, keepdims=True)),
    "always 0": lambda dg, g: 0 * g,
}
for name, backward in versions.items():
    errors = []
    for u in (np.ones_like(z), rng.normal(size=z.shape)):
        numeric = np.sum(u * (softmax(z + 1e-5 * v) - softmax(z - 1e-5 * v))) / 2e-5
        errors.append(abs(np.sum(backward(u, softmax(z)) * v) - numeric))
    print(f"{name:10}  error with ones {errors[0]:.0e}, with random numbers {errors[1]:.0e}")

# %% [markdown]
# ## The picture
# Two experts, z = (z, 0). A cold gate decides within a narrow range and has no slope outside of it: it learns no more.

# %%
axis = np.linspace(-6, 6, 121)
both = np.stack([axis, np.zeros_like(axis)], axis=-1)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
for tau, style in ((0.5, "-"), (1, "--"), (3, ":")):
    g = softmax(both, tau)
    left.plot(axis, g[:, 0], style, label=f"tau = {tau}")
    right.plot(axis, softmax_backward(np.array([1.0, 0.0]), g, tau)[:, 0], style, label=f"tau = {tau}")
left.set(title="share of the first expert", xlabel="z", ylabel="g")
right.set(title="how far a step of z moves it", xlabel="z", ylabel="dg/dz = g (1 - g) / tau")
left.legend()
figure.savefig("04_open_a_gate.png")

# %% [markdown]
# ## In the product
# Several gates lie side by side: arrays are (rows, gates, experts), here one gate.

# %%
from minirank.kernels import projection_error
from minirank.kernels.ops import softmax as product

gates, dz, u = np.empty((8, 1, 4)), np.zeros((8, 1, 4)), rng.normal(size=(8, 1, 4))
product.softmax_forward(gates=gates, z=z[:, None], temperature=0.5)
product.softmax_backward(dz=dz, dgates=u, gates=gates, temperature=0.5)
np.testing.assert_allclose(gates[:, 0], softmax(z, 0.5), rtol=1e-12)
np.testing.assert_allclose(dz, softmax_backward(u, gates, 0.5), rtol=1e-12)
print(f"kernels/gradcheck.py says {projection_error(lambda: softmax(z, 0.5), gradient=dz[:, 0], x=z, u=u[:, 0], seed=1):.0e}")
