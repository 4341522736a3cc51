"""What each role likes: a weight for every appeal of a candidate, for each task.

The appeals (match.py) are curved and thresholded already, so a row of a table is a role's taste. Roles disagree in
sign where people do: a recruiter in HR fears a job hopper whom a headhunter is glad to place.
"""

from __future__ import annotations

import numpy as np

from .world_config import WorldConfig

ROLES = ("executive", "headhunter", "hiring_manager", "hr")
MORE_ROLES = ("partner", "researcher", "sourcer", "team_lead")  # of worlds with eight roles
ROLE_SHARE = np.array(WorldConfig.role_shares)
SIGNALS = ("team_skills", "team_background", "team_drift")

# Weights of executive, headhunter, hiring_manager and hr. A click: what recruiters like. A conversion: the candidate answers,
# drawn by his own situation and by who writes to him. A grade asks whether the match is right: nearer to the ad, roles nearer to
# each other.
#                     click                           conversion                      relevance
TASTES = {
    "role":           ((-0.24,  0.06, -0.06,  0.12), ( 0.56, -0.24,  0.24, -0.16), (    0,     0,     0,     0)),
    "coverage":       (( 0.49,  0.85,  0.67,  1.57), ( 0.32,  0.32,  0.56,  0.40), ( 1.20,  1.50,  1.40,  2.20)),
    "weakest":        (( 0.18,  0.42,  1.62,  0.30), ( 0.25,  0.33,  0.81,  0.33), ( 0.80,  1.00,  2.20,  0.80)),
    "core_depth":     ((-0.07,  0.29,  1.01,  0.17), (    0,     0,     0,     0), ( 0.20,  0.40,  1.00,  0.30)),
    "nice":           (( 0.25,  0.79,  0.25,  0.67), (    0,     0,     0,     0), (    0,     0,     0,     0)),
    "nice_if_fit":    (( 0.09,  0.33,  0.81,  0.09), (    0,     0,     0,     0), ( 0.30,  0.60,  0.90,  0.40)),
    "title":          (( 0.33,  0.51,  0.33,  0.99), ( 0.24,  0.32,  0.40,  0.48), ( 0.60,  0.70,  0.50,  1.10)),
    "under":          ((-1.15, -0.37, -1.03, -0.73), ( 0.38,  0.14, -0.34, -0.18), (-1.40, -0.80, -1.40, -1.10)),
    "over":           (( 0.63, -0.51,  0.15, -0.99), ( 0.09, -1.03, -0.55, -0.95), ( 0.40, -0.60,  0.10, -0.90)),
    "stretch":        ((-0.31,  0.95, -0.13,  0.11), ( 0.75,  0.83,  0.43,  0.35), (    0,     0,     0,     0)),
    "stayer":         (( 0.30, -0.66,  0.24,  0.84), ( 0.19, -1.17, -0.45, -0.69), (    0,     0,     0,     0)),
    "mover":          ((-0.30,  0.66,     0, -0.36), (-0.18,  0.78,  0.22,  0.22), (    0,     0,     0,     0)),
    "gap":            ((-0.18, -0.18, -0.06, -0.48), (    0,     0,     0,     0), (    0,     0,     0,     0)),
    "education":      (( 0.62,  0.14, -0.16,  0.74), (    0,     0,     0,     0), ( 0.50,  0.10, -0.10,  0.60)),
    "prestige":       (( 1.03,  0.61, -0.17,  0.19), ( 0.32, -0.80, -0.32, -0.40), ( 0.80,  0.40, -0.20,  0.10)),
    "pedigree":       (( 0.76,  0.22,  0.04,  0.04), (    0,     0,     0,     0), (    0,     0,     0,     0)),
    "local":          (( 0.09, -0.09,  0.39,  0.75), ( 0.30,  0.46,  0.78,  0.86), (    0,  0.10,  0.30,  0.60)),
    "free":           ((-0.13,  0.65,  0.29,  0.59), ( 0.39,  1.27,  0.95,  1.43), (    0,     0,     0,     0)),
    "pricey":         ((-0.25,  0.59, -0.25, -0.91), (-0.61, -0.93, -0.93, -1.41), (    0,     0,     0,     0)),
    "breadth":        (( 0.79,  0.19, -0.53,  0.19), (    0,     0,     0,     0), ( 0.60,  0.10, -0.40,  0.10)),
    "leads":          (( 0.92,  0.14, -0.16,  0.02), ( 0.64, -0.16,     0, -0.08), ( 0.70,  0.10, -0.10,     0)),
    "industry":       (( 0.65,  0.47,  0.35,  0.47), ( 0.22,  0.22,  0.46,  0.30), (    0,     0,     0,     0)),
    "team_skills":    (( 0.77,  1.38,  2.18,  1.08), ( 0.18,  0.34,  0.82,  0.42), ( 0.40,  0.70,  1.10,  0.50)),
    "team_background":(( 1.70,  1.60,  1.50,  0.95), ( 0.40,  0.40,  0.48,  0.32), ( 0.40,  0.40,  0.40,  0.20)),
    "team_drift":     (( 0.81,  0.65,  0.96,  0.57), (    0,     0,     0,     0), ( 0.40,  0.40,  0.60,  0.30)),
}  # fmt: skip
CLICK, CONVERSION, RELEVANCE = (dict(zip(TASTES, table)) for table in zip(*TASTES.values()))

APPEALS = tuple(TASTES)  # D columns of match.appeals, in this order


def names_of_roles(config: WorldConfig) -> tuple[str, ...]:
    """(R,) names in sorted order, which is that of their codes."""
    return (*ROLES, *MORE_ROLES)[: len(config.role_shares)]


def weights(table: dict, config: WorldConfig) -> np.ndarray:
    """The tastes of a world, (R, D) float64.

        W = lambda * (mean + rho * (table - mean)),   rows of SIGNALS times sigma

    with the mean over roles weighted by their shares, rho = role_strength, sigma = signal_strength and
    lambda = relevance_strength. Of eight roles, role 4 + k has for the d-th appeal the weight of role (k + 1 + d) mod 4: the same
    weights as the first four, in other hands.
    """
    full = np.array(list(table.values())).T
    if len(config.role_shares) > len(full):
        number, appeal = np.indices(full.shape)
        full = np.vstack([full, full[(number + 1 + appeal) % len(full), appeal]])
    mean = np.array(config.role_shares) @ full
    mixed = mean + config.role_strength * (full - mean)
    mixed[:, [APPEALS.index(name) for name in SIGNALS]] *= config.signal_strength
    return config.relevance_strength * mixed
