"""What each role likes: a weight for every appeal of a candidate, one table a task.

The appeals (match.py) are curved and thresholded already, so a row of a table is a role's taste. Roles disagree in
sign where people do: a recruiter in HR fears a job hopper whom a headhunter is glad to place.
"""

from __future__ import annotations

import numpy as np

from .world_config import WorldConfig

ROLES = ("executive", "headhunter", "hiring_manager", "hr")
ROLE_SHARE = np.array([0.10, 0.25, 0.30, 0.35])
SIGNALS = ("team_skills", "team_background", "team_drift")

#                     executive  headhunter  hiring_manager  hr
CLICK = {
    "role":            (-0.24,       0.06,       -0.06,        0.12),
    "coverage":        ( 0.49,       0.85,        0.67,        1.57),
    "weakest":         ( 0.18,       0.42,        1.62,        0.30),
    "core_depth":      (-0.07,       0.29,        1.01,        0.17),
    "nice":            ( 0.25,       0.79,        0.25,        0.67),
    "nice_if_fit":     ( 0.09,       0.33,        0.81,        0.09),
    "title":           ( 0.33,       0.51,        0.33,        0.99),
    "under":           (-1.15,      -0.37,       -1.03,       -0.73),
    "over":            ( 0.63,      -0.51,        0.15,       -0.99),
    "stretch":         (-0.31,       0.95,       -0.13,        0.11),
    "stayer":          ( 0.30,      -0.66,        0.24,        0.84),
    "mover":           (-0.30,       0.66,        0.00,       -0.36),
    "gap":             (-0.18,      -0.18,       -0.06,       -0.48),
    "education":       ( 0.62,       0.14,       -0.16,        0.74),
    "prestige":        ( 1.03,       0.61,       -0.17,        0.19),
    "pedigree":        ( 0.76,       0.22,        0.04,        0.04),
    "local":           ( 0.09,      -0.09,        0.39,        0.75),
    "free":            (-0.13,       0.65,        0.29,        0.59),
    "pricey":          (-0.25,       0.59,       -0.25,       -0.91),
    "breadth":         ( 0.79,       0.19,       -0.53,        0.19),
    "leads":           ( 0.92,       0.14,       -0.16,        0.02),
    "industry":        ( 0.65,       0.47,        0.35,        0.47),
    "team_skills":     ( 0.77,       1.38,        2.18,        1.08),
    "team_background": ( 1.70,       1.60,        1.50,        0.95),
    "team_drift":      ( 0.81,       0.65,        0.96,        0.57),
}  # fmt: skip

# The candidate answers: what draws him is his own situation, and who writes to him.
CONVERSION = {
    "role":            ( 0.56,      -0.24,        0.24,       -0.16),
    "coverage":        ( 0.32,       0.32,        0.56,        0.40),
    "weakest":         ( 0.25,       0.33,        0.81,        0.33),
    "title":           ( 0.24,       0.32,        0.40,        0.48),
    "under":           ( 0.38,       0.14,       -0.34,       -0.18),
    "over":            ( 0.09,      -1.03,       -0.55,       -0.95),
    "stretch":         ( 0.75,       0.83,        0.43,        0.35),
    "stayer":          ( 0.19,      -1.17,       -0.45,       -0.69),
    "mover":           (-0.18,       0.78,        0.22,        0.22),
    "prestige":        ( 0.32,      -0.80,       -0.32,       -0.40),
    "local":           ( 0.30,       0.46,        0.78,        0.86),
    "free":            ( 0.39,       1.27,        0.95,        1.43),
    "pricey":          (-0.61,      -0.93,       -0.93,       -1.41),
    "leads":           ( 0.64,      -0.16,        0.00,       -0.08),
    "industry":        ( 0.22,       0.22,        0.46,        0.30),
    "team_skills":     ( 0.18,       0.34,        0.82,        0.42),
    "team_background": ( 0.40,       0.40,        0.48,        0.32),
}  # fmt: skip

# A grade asks whether the match is right: nearer to the ad, roles nearer to each other.
RELEVANCE = {
    "role":            ( 0.00,       0.00,        0.00,        0.00),
    "coverage":        ( 1.20,       1.50,        1.40,        2.20),
    "weakest":         ( 0.80,       1.00,        2.20,        0.80),
    "core_depth":      ( 0.20,       0.40,        1.00,        0.30),
    "nice_if_fit":     ( 0.30,       0.60,        0.90,        0.40),
    "title":           ( 0.60,       0.70,        0.50,        1.10),
    "under":           (-1.40,      -0.80,       -1.40,       -1.10),
    "over":            ( 0.40,      -0.60,        0.10,       -0.90),
    "education":       ( 0.50,       0.10,       -0.10,        0.60),
    "prestige":        ( 0.80,       0.40,       -0.20,        0.10),
    "local":           ( 0.00,       0.10,        0.30,        0.60),
    "breadth":         ( 0.60,       0.10,       -0.40,        0.10),
    "leads":           ( 0.70,       0.10,       -0.10,        0.00),
    "team_skills":     ( 0.40,       0.70,        1.10,        0.50),
    "team_background": ( 0.40,       0.40,        0.40,        0.20),
    "team_drift":      ( 0.40,       0.40,        0.60,        0.30),
}  # fmt: skip

APPEALS = tuple(CLICK)  # D columns of match.appeals, in this order


def weights(table: dict, config: WorldConfig) -> np.ndarray:
    """The tastes of a world, (R, D) float64.

        W = lambda * (mean + rho * (table - mean)),   rows of SIGNALS times sigma

    with the mean over roles weighted by their shares, rho = role_strength, sigma = signal_strength and
    lambda = relevance_strength.
    """
    full = np.array([table.get(name, (0.0,) * len(ROLES)) for name in APPEALS]).T
    mean = ROLE_SHARE @ full
    mixed = mean + config.role_strength * (full - mean)
    mixed[:, [APPEALS.index(name) for name in SIGNALS]] *= config.signal_strength
    return config.relevance_strength * mixed
