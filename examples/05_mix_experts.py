"""Lesson 5: a mixture of experts.

You learn how a gate mixes several experts, how gradients find their way to both, and why experts come to differ.
"""

# %% [markdown]
# # 5. A mixture of experts
#
# One gate (lesson 4) looks at a row and takes a share of each of E experts, which have looked at it as well:
#
#     m = sum_e g_e h_e          g (B, E), h (B, E, H), m (B, H)
#     dg_e = <dm, h_e>           how much more of expert e would help or harm
#     dh_e = g_e dm              an expert hears of an error as much as it was asked

# %%
import matplotlib.pyplot as plt
import numpy as np


def softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def mixture(g, h):
    return (g[:, :, None] * h).sum(axis=1)


def mixture_backward(dm, g, h):
    return (dm[:, None] * h).sum(axis=-1), g[:, :, None] * dm[:, None]


# %% [markdown]
# ## On paper

# %%
g, h, dm = np.array([[0.75, 0.25]]), np.array([[[4.0, 0.0], [8.0, 4.0]]]), np.array([[2.0, 1.0]])
dg, dh = mixture_backward(dm, g, h)
print("m =", mixture(g, h)[0], "  by hand: 0.75 * 4 + 0.25 * 8 = 5 and 0.25 * 4 = 1")
print("dg =", dg[0], "  by hand: 2 * 4 + 1 * 0 and 2 * 8 + 1 * 4")
print("dz =", (g * (dg - (dg * g).sum(axis=1, keepdims=True)))[0], "  by hand: <dg, g> = 11, so 0.75 * (8 - 11) and 0.25 * (20 - 11)")

# %% [markdown]
# ## Three rules, and nobody says where they end
# y follows one straight line below -1, another up to 1, a third above. Three experts, straight lines too, and a gate with
# straight logits start at random. The loss sees their mixture alone.

# %%
rng = np.random.default_rng(0)
x = np.sort(rng.uniform(-3, 3, size=(300, 1)), axis=0)
y = np.where(x < -1, -2 - x, np.where(x < 1, x, 2 - x)) + 0.1 * rng.normal(size=x.shape)


def train(spread, steps=1000, rate=0.3):
    rng, seen = np.random.default_rng(1), []
    weight, bias, gate, gate_bias = (spread * rng.normal(size=(1, 3)) for _ in range(4))
    for _ in range(steps + 1):
        g, h = softmax(x @ gate + gate_bias), (x @ weight + bias)[:, :, None]
        seen.append((g, h))
        dg, dh = mixture_backward(2 * (mixture(g, h) - y) / len(x), g, h)
        dz, dh = g * (dg - (dg * g).sum(axis=1, keepdims=True)), dh[:, :, 0]
        for parameter, gradient in ((weight, x.T @ dh), (bias, dh.sum(axis=0)), (gate, x.T @ dz), (gate_bias, dz.sum(axis=0))):
            parameter -= rate * gradient
    return seen[0], seen[-1]


start, learned = train(spread=1.0)
for when, (g, h) in (("at the start", start), ("learned", learned)):
    best = (g.argmax(axis=1) == ((h[:, :, 0] - y) ** 2).argmin(axis=1)).mean()
    print(f"{when}: loss {np.mean((mixture(g, h) - y) ** 2):.3f}; most is asked of the best expert in {best:.0%} of the rows")
alike, line = mixture(*train(spread=0.0)[1]), np.polyval(np.polyfit(x[:, 0], y[:, 0], 1), x)
print(f"experts that start alike: loss {np.mean((alike - y) ** 2):.3f}; the best single line: {np.mean((line - y) ** 2):.3f}")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.plot(x, y, ".", color="lightgrey")
left.plot(x, mixture(g, h), color="black", linewidth=2.5, label="mixture")
for e, look in enumerate(({"color": "#0072B2", "ls": "--"}, {"color": "#D55E00", "ls": "-."}, {"color": "#009E73", "ls": ":"})):
    left.plot(x, h[:, e], label=f"expert {e}", **look)
    right.plot(x, g[:, e], linewidth=2.5, **look)
    right.plot(x, start[0][:, e], linewidth=0.7, **look)
left.set(title="three experts and their mixture", xlabel="x", ylabel="y", ylim=(-2, 2))
right.set(title="how much of whom (thin: at the start)", xlabel="x", ylabel="share g")
left.legend()
figure.savefig("05_mix_experts.png")

# %% [markdown]
# ## In the product

# %%
from minirank.kernels import projection_error
from minirank.kernels.ops import mixture as product

(dg, dh), experts = mixture_backward(y, g, h), h.transpose(1, 0, 2)  # y in the part of dm
m, dgates, dexperts = np.empty_like(y), np.zeros_like(g), np.zeros_like(experts)
product.mixture_forward(m=m, gates=g, experts=experts)
product.mixture_backward(dgates=dgates, dexperts=dexperts, dm=y, gates=g, experts=experts)
for ours, theirs in ((mixture(g, h), m), (dg, dgates), (dh, dexperts.transpose(1, 0, 2))):
    np.testing.assert_allclose(theirs, ours, rtol=1e-12, atol=1e-15)
print("dg and dh are off by", *(f"{projection_error(lambda: mixture(g, h), d, at, u=y, seed=1):.0e}" for d, at in ((dg, g), (dh, h))))
