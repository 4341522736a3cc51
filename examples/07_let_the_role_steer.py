"""Lesson 7: the role steers the gate.

You learn how a recruiter's role changes what a gate asks for, and what it does for a role that nobody has seen.
"""

# %% [markdown]
# # 7. The role steers the gate
#
# Roles want different things of the same candidate: each role r corrects the gate's layer, that all share. 0 is "unknown".
#
#     z_b = x_b W + b + x_b U_r + c_r          r = role_b
#     dU_r = sum of x_b^T dz_b, dc_r = sum of dz_b, over the rows of role r; dW and db, as ever, over all rows

# %%
import matplotlib.pyplot as plt
import numpy as np


def softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def logits(x, role, weight, bias, of_role, bias_of_role):
    z = x @ weight + bias
    for r in range(1, len(of_role) + 1):
        z[role == r] += x[role == r] @ of_role[r - 1] + bias_of_role[r - 1]
    return z


def logits_backward(dz, x, role, roles):
    rows = [role == r for r in range(1, roles + 1)]
    return x.T @ dz, dz.sum(axis=0), np.array([x[r].T @ dz[r] for r in rows]), np.array([dz[r].sum(axis=0) for r in rows])


# %% [markdown]
# ## On paper: the shared gate is even, and role 1 adds ln 3 times the first input to the first logit (lesson 4)

# %%
x, role, nothing = np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 1.0]]), np.array([1, 0, 1]), np.zeros((2, 2))
of_role = np.array([[[np.log(3), 0.0], [0.0, 0.0]], [[5.0, 0.0], [5.0, 0.0]]])
print("gates of roles 1 and 0:", *softmax(logits(x, role, nothing, 0, of_role, nothing))[:2].round(2).tolist())
dweight, _, dof_role, _ = logits_backward(np.array([[1.0, -1.0], [9.0, -9.0], [2.0, -2.0]]), x, role, roles=2)
print("logit 1: dU =", dof_role[:, :, 0].tolist(), " by hand (1, 2) + 2 * (3, 1); dW =", dweight[:, 0], " + 9 * (1, 2)")

# %% [markdown]
# ## Three roles
# Expert 0 says how well the skills fit, expert 1 how well the experience does. How much a role cares for either depends on
# the job's seniority s. One row in ten is trained as role 0; a small penalty on U and c keeps what is common in W and b.

# %%
names, rng, count = ("HR partner", "hiring manager", "headhunter"), np.random.default_rng(0), 1000
slope, offset = np.array([0.0, 2.0, -2.0]), np.array([-1.5, 0.0, 0.5])
true_role, s, h = rng.choice(3, count, p=(0.5, 0.3, 0.2)) + 1, rng.uniform(-2, 2, (count, 1)), rng.normal(size=(count, 2))
share = 1 / (1 + np.exp(-slope[true_role - 1] * s[:, 0] - offset[true_role - 1]))
y, role = (1 - share) * h[:, 0] + share * h[:, 1] + 0.1 * rng.normal(size=count), true_role * (rng.random(count) > 0.1)


def train(learned, steps=800, rate=1.0, penalty=1.0):
    parameters = [np.zeros(shape) for shape in ((1, 2), 2, (3, 1, 2), (3, 2))]
    for _ in range(steps):
        g = softmax(logits(s, role, *parameters))
        dg = 2 * ((g * h).sum(axis=1) - y)[:, None] / count * h
        gradients = logits_backward(g * (dg - (dg * g).sum(axis=1, keepdims=True)), s, role, roles=3)
        for i in learned:
            parameters[i] -= rate * (gradients[i] + (penalty / count * parameters[i] if i > 1 else 0))
    return parameters


(figure, (left, right)), axis = plt.subplots(1, 2, figsize=(10, 4), layout="constrained"), np.linspace(-2, 2, 41)[:, None]
for bar, (name, learned) in enumerate({"no role": (0, 1), "role's bias": (0, 1, 3), "role's weights": (0, 1, 2, 3)}.items()):
    parameters = train(learned)
    error = (softmax(logits(s, true_role, *parameters)) * h).sum(axis=1) - y
    losses = [(error[true_role == r] ** 2).mean() for r in (1, 2, 3)]
    print(f"{name:14} ", *(f"{each} {loss:.4f}" for each, loss in zip(names, losses)))
    right.bar(np.arange(3) + 0.27 * bar, losses, 0.25, label=name, color=("lightgrey", "#56B4E9", "#0072B2")[bar], edgecolor="black")
for r, (name, style) in enumerate(zip(("unknown", *names), ("k-", "C0--", "C1-.", "C2:"))):
    left.plot(axis, softmax(logits(axis, np.full(41, r), *parameters))[:, 1], style, label=name, linewidth=2)
left.plot(axis[::5], 1 / (1 + np.exp(-slope * axis[::5] - offset)), "ko", markersize=3)
left.set(title="share of experience (points: the truth)", xlabel="seniority of the job", ylabel="gate of expert 1", ylim=(0, 1))
right.set(title="loss by role", xticks=np.arange(3) + 0.27, xticklabels=names)
figure.legend(loc="outside lower center", ncols=7, fontsize="small")
figure.savefig("07_let_the_role_steer.png")

# %% [markdown]
# ## In the product

# %%
from minirank.kernels import projection_error
from minirank.kernels.ops import by_id

parameters = [rng.normal(size=each.shape) for each in parameters]
z, dz, dof_role, dbias = s @ parameters[0] + parameters[1], rng.normal(size=(count, 2)), np.zeros((3, 1, 2)), np.zeros((3, 2))
by_id.dense_by_id_forward(z=z, x=s, ids=role, weight=parameters[2])
by_id.bias_by_id_forward(z=z, ids=role, bias=parameters[3])
by_id.dense_by_id_backward(dx=np.zeros_like(s), dweight=dof_role, dz=dz, x=s, ids=role, weight=parameters[2])
by_id.bias_by_id_backward(dbias=dbias, dz=dz, ids=role)
for ours, theirs in zip((logits(s, role, *parameters), *logits_backward(dz, s, role, roles=3)[2:]), (z, dof_role, dbias)):
    np.testing.assert_allclose(theirs, ours, rtol=1e-12, atol=1e-12)
print(f"dU is off by {projection_error(lambda: logits(s, role, *parameters), dof_role, x=parameters[2], u=dz, seed=1):.0e}")
