"""How a candidate appeals for a job: the curved, thresholded quantities over which tastes are weighted sums."""

from __future__ import annotations

import numpy as np

from .population import Jobs, People, Teams
from .tastes import APPEALS

ONSITE, REMOTE = 0, 2


def appeals(teams: Teams, jobs: Jobs, people: People, industry_of: np.ndarray, job: np.ndarray, snapshot: np.ndarray) -> np.ndarray:
    """Appeals of each pair.

    With p the proficiencies of the job's must-haves, d = standing - level of the job, in levels:

        coverage     1 - (1 - mean p)^2                    under     max(-d - 0.3, 0)^1.5
        weakest      step(min p, 0.3)                      over      max(d - 0.5, 0) / (0.5 + max(d - 0.5, 0))
        core_depth   (p of the first must-have)^3          stretch   exp(-(d + 0.8)^2 / 0.5)
        nice         1 - exp(-2.5 mean of nice-to-haves)   stayer    1 - exp(-(tenure / 48 months)^2)
        nice_if_fit  nice * weakest                        mover     exp(-((tenure - 20) / 9)^2)
        prestige     step(prestige, 0.65)                  gap       step(longest pause, 6 months)
        pedigree     prestige * over                       pricey    step(wish / budget - 1, 0.12)
        leads        leads a team * (job level / 5)        free      1, 0.4, 0 for now, soon, later
        team_skills  1 - exp(-1.2 preferred skills held)   team_drift  exp(-(d - drift)^2 / 0.8)

    and 0 or 1 for role (always 1), title, education (at least what is asked), local, industry, team_background;
    breadth as it is. step(x, at) is a logistic curve through 1/2 at `at`.

    Args:
        industry_of: (employers,) int, industry of each employer.
        job: (N,) int, rows of jobs.
        snapshot: (N,) int, rows of the snapshots.
    Returns:
        (N, D) float64, columns as APPEALS.
    """
    team, person = jobs.team[job], people.person[snapshot]
    nice = jobs.nice[job]
    wished = nice >= 0
    asked, held, distance = _compared(jobs, people, job, snapshot)
    extra = np.where(wished, people.skill[snapshot[:, None], nice], 0.0)
    weakest = _step(np.where(asked, held, 1.0).min(1), 0.3, 0.06)
    nice_share = 1 - np.exp(-2.5 * extra.sum(1) / wished.sum(1))
    beyond = np.maximum(distance - 0.5, 0.0)
    over = beyond / (0.5 + beyond)
    tenure = people.tenure[snapshot]
    prestige = _step(people.prestige[snapshot], 0.65, 0.06)
    same_city = people.city[person] == teams.city[team]
    remote = (jobs.remote[job] == REMOTE) | (people.remote_ok[person] & (jobs.remote[job] != ONSITE))
    columns = {
        "role": np.ones(len(job)),
        "weakest": weakest,
        "core_depth": held[:, 0] ** 3,
        "nice": nice_share,
        "nice_if_fit": nice_share * weakest,
        "under": np.maximum(-distance - 0.3, 0.0) ** 1.5,
        "over": over,
        "stretch": np.exp(-((distance + 0.8) ** 2) / 0.5),
        "stayer": 1 - np.exp(-((tenure / 48) ** 2)),
        "mover": np.exp(-(((tenure - 20) / 9) ** 2)),
        "gap": _step(people.gap[snapshot], 6.0, 0.5),
        "education": people.education[person] >= jobs.education[job],
        "prestige": prestige,
        "pedigree": prestige * over,
        "local": same_city | remote,
        "free": np.array([1.0, 0.4, 0.0])[people.available[snapshot]],
        "pricey": _step(people.salary[snapshot] / jobs.salary[job] - 1, 0.12, 0.05),
        "breadth": people.breadth[snapshot],
        "leads": people.leads[snapshot] * jobs.level[job] / 5,
        "industry": people.industries[snapshot, industry_of[teams.employer[team]]],
    } | _for_hires(teams, jobs, people, job, snapshot, asked, held, distance)
    return np.stack([columns[name].astype(np.float64) for name in APPEALS], axis=1)


def hiring_appeals(teams: Teams, jobs: Jobs, people: People, job: np.ndarray, snapshot: np.ndarray) -> dict[str, np.ndarray]:
    """Those of `appeals` that hires hang on, (N,) each: coverage, title, and what the team prefers."""
    return _for_hires(teams, jobs, people, job, snapshot, *_compared(jobs, people, job, snapshot))


def preferred_skills(teams: Teams, jobs: Jobs, people: People, job: np.ndarray, snapshot: np.ndarray) -> np.ndarray:
    """How many skills that the team prefers a candidate has, (N,) int."""
    return (people.skill[snapshot[:, None], teams.prefers[jobs.team[job]]] > 0).sum(1)


def _compared(jobs, people, job, snapshot):
    """asked and held: (N, 5), must-haves that there are, and the proficiency in each; distance: (N,), d above."""
    must = jobs.must[job]
    asked = must >= 0
    return asked, np.where(asked, people.skill[snapshot[:, None], must], 0.0), people.standing[snapshot] - jobs.level[job]


def _for_hires(teams, jobs, people, job, snapshot, asked, held, distance):
    team = jobs.team[job]
    return {
        "coverage": 1 - (1 - held.sum(1) / asked.sum(1)) ** 2,
        "title": people.title[people.person[snapshot]] == jobs.title[job],
        "team_skills": 1 - np.exp(-1.2 * preferred_skills(teams, jobs, people, job, snapshot)),
        "team_background": people.industries[snapshot, teams.background[team]],
        "team_drift": np.exp(-((distance - teams.drift[team]) ** 2) / 0.8),
    }


def _step(x, at, width):
    return 1 / (1 + np.exp(np.clip((at - x) / width, -50, 50)))
