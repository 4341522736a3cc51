"""Lesson 12: what past hires reveal.

You learn to read a team's taste from the people that it hired, and to believe it only as far as their number allows.
"""

# %% [markdown]
# # 12. What past hires reveal
#
# An advertisement says what a team asks for; its hires show what it likes. Of n hires, O hold a skill. Many people hold it
# anyway, a share s, so E = n s would be expected, and what tells is their ratio, the *lift*:
#
#     raw       ln(O / E)                 wild where E is small: one hire with a rare skill, and it looks like a passion
#     shrunk    ln((O + 1) / (E + 1))     as if one hire's worth of "as expected" had been seen before
#
# Below 0 both are cut off: that a skill is missing says little.

# %%
import matplotlib.pyplot as plt
import numpy as np


def raw_lift(observed, expected):
    with np.errstate(divide="ignore"):  # ln 0 is -inf, and then 0
        return np.maximum(np.log(observed / expected), 0)


def shrunk_lift(observed, expected):
    return np.maximum(np.log((observed + 1) / (expected + 1)), 0)


for hires in (1, 10):
    o, e = hires, 0.1 * hires
    print(f"{hires} of {hires} hires hold what one in ten holds: raw {raw_lift(o, e):.2f}, shrunk {shrunk_lift(o, e):.2f}", end="   ")
    print(f"by hand: ln 10, ln({o + 1} / {e + 1})")

# %% [markdown]
# ## A planted taste
# 40 skills, held by 2 % to 50 % of people; 300 teams, each of which hires people with four of them three times as often.

# %%
rng = np.random.default_rng(0)
skills, teams, most = 40, 300, 64
share = np.geomspace(0.02, 0.5, skills)
liked = rng.random((teams, skills)).argsort(axis=1) < 4
chance = np.minimum(share * np.where(liked, 3, 1), 0.95)
truth = np.log(chance / share)
held = rng.random((teams, most, skills)) < chance[:, None]  # of each hire, in order of time


def error(estimate):
    return np.sqrt(((estimate - truth) ** 2).mean())


def found(estimate):
    """The share of a team's four tastes among the four greatest estimates; ties are broken at random."""
    order = np.lexsort((rng.random(estimate.shape), -estimate))
    return np.take_along_axis(liked, order[:, :4], axis=1).mean()


counts, errors = 2 ** np.arange(7), {"raw": [], "shrunk": []}
for n in counts:
    observed, expected = held[:, :n].sum(axis=1), n * share
    estimates = {"raw": raw_lift(observed, expected), "shrunk": shrunk_lift(observed, expected)}
    for name, estimate in estimates.items():
        errors[name].append(error(estimate))
    shares = [f"{found(estimate):.2f}" for estimate in (observed, *estimates.values())]
    print(f"{n:2d} hires: error raw {errors['raw'][-1]:.3f}, shrunk {errors['shrunk'][-1]:.3f}", end="   ")
    print("tastes found by how many hold it {}, raw {}, shrunk {}".format(*shares))
print(f"error of who says that there are no tastes: {error(np.zeros_like(truth)):.3f}")

# %% [markdown]
# ## The picture
# Left: until some 30 hires it is better to know nothing than to believe the raw lift. Right: eight hires of twenty teams.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for (name, values), style in zip(errors.items(), ("C1--", "C0-")):
    left.plot(counts, values, style, marker="o", label=name)
left.axhline(error(np.zeros_like(truth)), color="k", linestyle=":", label="no tastes")
left.set(title="error of the lift", xlabel="hires", ylabel="root mean square", xscale="log", ylim=0)
left.set_xticks(counts, labels=counts)
left.minorticks_off()
left.legend()
observed, expected = held[:20, :8].sum(axis=1), 8 * share
x, y = raw_lift(observed, expected), shrunk_lift(observed, expected)
right.scatter(x[~liked[:20]], y[~liked[:20]], s=14, color="C7", marker="x", label="no taste")
right.scatter(x[liked[:20]], y[liked[:20]], s=20, color="C0", label="planted taste")
right.axline((0, 0), slope=1, color="k", linestyle=":")
right.axvline(np.log(3), color="k", linewidth=0.8, label="ln 3, the truth")
right.set(title="each skill, eight hires", xlabel="raw", ylabel="shrunk")
right.legend()
figure.savefig("12_learn_from_hires.png")

# %%
# In the product
from minirank.features.tastes import lift

np.testing.assert_allclose(lift(observed=observed, expected=expected), y, rtol=1e-12)
print("lift in minirank/features/tastes.py agrees")
