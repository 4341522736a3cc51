"""Exercises of lesson 12. Fill a gap in, run the file: each check says whether it is right."""

# %% [markdown]
# ## Exercises
# Each function says what it must return. Replace its last line; then run the cell at the end.

# %%
import numpy as np


# %%
def mean_rate(observed, expected, strength):
    """The mean of a rate r after `observed` events, where r * expected come on average (Poisson) and r was Gamma(strength, strength).

    A prior of mean 1, the surer the greater `strength`. The lesson's page does it for 1. Returns a number.
    """
    raise NotImplementedError


def check_mean_rate():
    rates = np.linspace(1e-4, 60, 600_000)  # the mean by summing over all rates
    for observed, expected, strength in ((0, 0.3, 1.0), (3, 0.5, 1.0), (3, 0.5, 4.0), (12, 8.0, 0.5)):
        weight = rates ** (strength - 1 + observed) * np.exp(-(strength + expected) * rates)
        np.testing.assert_allclose(mean_rate(observed, expected, strength), (weight * rates).sum() / weight.sum(), rtol=1e-3)


# %%
def lifts_of_others(held, share):
    """ln((O + 1) / (E + 1)), cut off at 0, for each hire from the *other* hires of its team alone: (n, K).

    held (n, K): 1 where a hire holds a skill. share (K,): of all people. Nobody may speak for themselves.
    """
    raise NotImplementedError


def check_lifts_of_others():
    rng = np.random.default_rng(0)
    held, share = rng.integers(0, 2, (5, 3)), np.array([0.1, 0.4, 0.8])
    found = lifts_of_others(held, share)
    for one in range(5):
        others = np.delete(held, one, axis=0)
        np.testing.assert_allclose(found[one], [max(np.log((others[:, k].sum() + 1) / (4 * share[k] + 1)), 0) for k in range(3)])
    changed = held.copy()
    changed[2] = 1 - changed[2]
    np.testing.assert_allclose(lifts_of_others(changed, share)[2], found[2])  # one's own skills change nothing for oneself


# %%
def known_hires(hired_at, posted_at, least):
    """How many of a team's hires a ranker may know for a job posted at `posted_at`: those before that very second; 0 if under `least`.

    hired_at (n,) seconds, in any order. Returns a whole number.
    """
    raise NotImplementedError


def check_known_hires():
    hired_at = np.array([50, 10, 30, 30, 70])
    assert known_hires(hired_at, posted_at=50, least=3) == 3 and known_hires(hired_at, posted_at=51, least=3) == 4
    assert known_hires(hired_at, posted_at=30, least=1) == 1 and known_hires(hired_at, posted_at=30, least=2) == 0
    assert known_hires(np.array([], int), posted_at=30, least=0) == 0


# %%
for check in (check_mean_rate, check_lifts_of_others, check_known_hires):
    try:
        check()
        print(check.__name__, "right")
    except NotImplementedError:
        print(check.__name__, "still to do")
