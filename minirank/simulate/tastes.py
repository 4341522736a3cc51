"""What each role likes: a weight for every appeal of a candidate, one table a task.

The appeals (match.py) are curved and thresholded already, so a row of a table is a role's taste. Roles disagree in
sign where people do: a recruiter in HR fears a job hopper whom a headhunter is glad to place.
"""

from __future__ import annotations

import numpy as np

ROLES = ("executive", "headhunter", "hiring_manager", "hr")
ROLE_SHARE = np.array([0.10, 0.25, 0.30, 0.35])
SIGNALS = ("team_skills", "team_background", "team_drift")

#                     executive  headhunter  hiring_manager  hr
CLICK = {
    "role":            (-0.4,      0.1,       -0.1,            0.2),
    "coverage":        ( 0.4,      1.0,        0.7,            2.2),
    "weakest":         ( 0.0,      0.4,        2.4,            0.2),
    "core_depth":      (-0.3,      0.3,        1.5,            0.1),
    "nice":            ( 0.2,      1.1,        0.2,            0.9),
    "nice_if_fit":     ( 0.0,      0.4,        1.2,            0.0),
    "title":           ( 0.3,      0.6,        0.3,            1.4),
    "under":           (-1.6,     -0.3,       -1.4,           -0.9),
    "over":            ( 1.2,     -0.7,        0.4,           -1.5),
    "stretch":         (-0.6,      1.5,       -0.3,            0.1),
    "stayer":          ( 0.4,     -1.2,        0.3,            1.3),
    "mover":           (-0.5,      1.1,        0.0,           -0.6),
    "gap":             (-0.2,     -0.2,        0.0,           -0.7),
    "education":       ( 0.9,      0.1,       -0.4,            1.1),
    "prestige":        ( 1.6,      0.9,       -0.4,            0.2),
    "pedigree":        ( 1.2,      0.3,        0.0,            0.0),
    "local":           ( 0.0,     -0.3,        0.5,            1.1),
    "free":            (-0.4,      0.9,        0.3,            0.8),
    "pricey":          (-0.3,      1.1,       -0.3,           -1.4),
    "breadth":         ( 1.3,      0.3,       -0.9,            0.3),
    "leads":           ( 1.5,      0.2,       -0.3,            0.0),
    "industry":        ( 0.9,      0.6,        0.4,            0.6),
    "team_skills":     ( 0.4,      1.0,        1.8,            0.7),
    "team_background": ( 0.9,      0.9,        0.8,            0.4),
    "team_drift":      ( 0.8,      0.6,        1.0,            0.5),
}  # fmt: skip

# The candidate answers: what draws him is his own situation, and who writes to him.
CONVERSION = {
    "role":            ( 0.7,     -0.3,        0.3,           -0.2),
    "coverage":        ( 0.3,      0.3,        0.6,            0.4),
    "weakest":         ( 0.2,      0.3,        0.9,            0.3),
    "title":           ( 0.2,      0.3,        0.4,            0.5),
    "under":           ( 0.5,      0.2,       -0.4,           -0.2),
    "over":            ( 0.3,     -1.1,       -0.5,           -1.0),
    "stretch":         ( 0.8,      0.9,        0.4,            0.3),
    "stayer":          ( 0.4,     -1.3,       -0.4,           -0.7),
    "mover":           (-0.3,      0.9,        0.2,            0.2),
    "prestige":        ( 0.5,     -0.9,       -0.3,           -0.4),
    "local":           ( 0.2,      0.4,        0.8,            0.9),
    "free":            ( 0.2,      1.3,        0.9,            1.5),
    "pricey":          (-0.5,     -0.9,       -0.9,           -1.5),
    "leads":           ( 0.8,     -0.2,        0.0,           -0.1),
    "industry":        ( 0.2,      0.2,        0.5,            0.3),
    "team_skills":     ( 0.1,      0.3,        0.9,            0.4),
    "team_background": ( 0.4,      0.4,        0.5,            0.3),
}  # fmt: skip

# A grade asks whether the match is right: nearer to the ad, roles nearer to each other.
RELEVANCE = {
    "role":            ( 0.0,      0.0,        0.0,            0.0),
    "coverage":        ( 1.2,      1.5,        1.4,            2.2),
    "weakest":         ( 0.8,      1.0,        2.2,            0.8),
    "core_depth":      ( 0.2,      0.4,        1.0,            0.3),
    "nice_if_fit":     ( 0.3,      0.6,        0.9,            0.4),
    "title":           ( 0.6,      0.7,        0.5,            1.1),
    "under":           (-1.4,     -0.8,       -1.4,           -1.1),
    "over":            ( 0.4,     -0.6,        0.1,           -0.9),
    "education":       ( 0.5,      0.1,       -0.1,            0.6),
    "prestige":        ( 0.8,      0.4,       -0.2,            0.1),
    "local":           ( 0.0,      0.1,        0.3,            0.6),
    "breadth":         ( 0.6,      0.1,       -0.4,            0.1),
    "leads":           ( 0.7,      0.1,       -0.1,            0.0),
    "team_skills":     ( 0.4,      0.7,        1.1,            0.5),
    "team_background": ( 0.4,      0.4,        0.4,            0.2),
    "team_drift":      ( 0.4,      0.4,        0.6,            0.3),
}  # fmt: skip

APPEALS = tuple(CLICK)  # D columns of match.appeals, in this order


def weights(table: dict, config) -> np.ndarray:
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
