"""The planted truth: probabilities of a click, an answer and a good grade for any pair.

    click      = examine(position) * sigmoid(a + u + A),   A = lambda (0.5 q_person + 0.4 s_job,role + 0.5 e_job,person)
    conversion = sigmoid(b + v + C)                        C = lambda (0.5 q_person + 0.8 r_person)
    relevance  = sigmoid(c + w + G)                        G = lambda (0.6 q_person + 0.3 e_job,person)

u, v, w are the taste of the role over the appeals of the pair (tastes.py, match.py). A, C and G are what no text shows:
the person's quality q and responsiveness r, how choosy a job's searches by a role are, s, and the chemistry of a pair,
e; all standard normal and fixed by the seed. lambda is relevance_strength.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit, ndtri

from . import tastes
from .arrays import CHUNK, Empty, parts, total
from .match import appeals, hiring_appeals, preferred_skills
from .population import Jobs, People, Teams
from .world_config import WorldConfig

if TYPE_CHECKING:
    from .searches import Log

PAGE = 20  # candidates a search
NODES = 9  # of Gauss-Hermite quadrature, for each of two unobservables
# What the unobservables weigh: quality, search, chemistry; quality, responsiveness; quality, chemistry.
CLICK_HIDDEN = np.array([0.5, 0.4, 0.5])
CONVERSION_HIDDEN = np.array([0.5, 0.8])
RELEVANCE_HIDDEN = np.array([0.6, 0.3])
# What the ad and the team's own preferences weigh in a hire; the preferences are multiplied by signal_strength.
HIRING_WISHES = {"coverage": 3.0, "title": 2.0}
HIRING_SIGNALS = {"team_skills": 3.0, "team_background": 4.0, "team_drift": 6.0}
HIRING_PREFERRED = 3.0  # for each preferred skill
BRACKET = 1e-12  # around a solution: rates at its ends differ by more than rounding
QUALITY, RESPONSE, SEARCH, CHEMISTRY, CLICKED, ANSWERED, FOUND, MADE_UP = range(8)  # streams of keyed numbers


class Probabilities(NamedTuple):
    """click; conversion, given a click; relevance, the expected grade: (N,) float64 each."""

    click: np.ndarray
    conversion: np.ndarray
    relevance: np.ndarray


def examine(position: np.ndarray | int) -> np.ndarray:
    """Chance that a recruiter looks at a position, 1 at the top; position 0 = unknown, the mean over a page.

    examine(k) = 0.12 + 0.88 k^-0.65
    """
    position = np.asarray(position)
    page = 0.12 + 0.88 * np.arange(1, PAGE + 1) ** -0.65
    known = 0.12 + 0.88 * np.maximum(position, 1) ** -0.65
    return np.where(position > 0, known, page.mean())


def keyed_uniform(seed: int, stream: int, first: np.ndarray | int, second: np.ndarray | int = 0) -> np.ndarray:
    """Uniform numbers in (0, 1) that depend on their keys alone, so that two arms of a test share them.

    Args:
        first, second: ints, broadcast against each other.
    Source: splitmix64 (Steele, Lea and Flood, OOPSLA 2014), applied once a key.
    """
    state = _mix(np.uint64((seed * 8 + stream) % 2**64) * np.ones(1, np.uint64))
    state = _mix(state ^ np.asarray(first).astype(np.uint64))
    state = _mix(state ^ np.asarray(second).astype(np.uint64))
    return ((state >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def keyed_normal(seed: int, stream: int, first: np.ndarray | int, second: np.ndarray | int = 0) -> np.ndarray:
    """Standard normal numbers, keyed like keyed_uniform."""
    return ndtri(keyed_uniform(seed, stream, first, second))


def _mix(x):
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


class Truth:
    """The probabilities of one world.

    Args:
        config: WorldConfig.
        teams, jobs, people: the population.
        industry_of: (employers,) int.
    """

    def __init__(self, config: WorldConfig, teams: Teams, jobs: Jobs, people: People, industry_of: np.ndarray):
        self.config, self.population, self.industry_of = config, (teams, jobs, people), industry_of
        self.tables = [tastes.weights(table, config) for table in (tastes.CLICK, tastes.CONVERSION, tastes.RELEVANCE)]
        self.intercepts = np.zeros(3)

    def utilities(self, role: np.ndarray, job: np.ndarray, snapshot: np.ndarray, average_roles: bool = False) -> np.ndarray:
        """What tastes make of each pair, without intercepts, (3, N): click, conversion, relevance.

        With average_roles every role has the tastes of the average: what a model blind to roles could know at best.
        """
        shape = appeals(*self.population, self.industry_of, job, snapshot)
        shares = np.array(self.config.role_shares)
        tables = [np.tile(shares @ table, (len(shares), 1)) if average_roles else table for table in self.tables]
        return np.stack([(shape * table[role]).sum(1) for table in tables])

    def hidden(self, role: np.ndarray, job: np.ndarray, person: np.ndarray) -> np.ndarray:
        """What no text shows, (3, N): shifts of the three logits."""
        seed = self.config.seed
        quality = keyed_normal(seed, QUALITY, person)
        response = keyed_normal(seed, RESPONSE, person)
        search = keyed_normal(seed, SEARCH, job, role)
        chemistry = keyed_normal(seed, CHEMISTRY, job, person)
        shifts = [
            CLICK_HIDDEN @ np.stack([quality, search, chemistry]),
            CONVERSION_HIDDEN @ np.stack([quality, response]),
            RELEVANCE_HIDDEN @ np.stack([quality, chemistry]),
        ]
        return self.config.relevance_strength * np.stack(shifts)

    def hiring_fit(self, job: np.ndarray, snapshot: np.ndarray, signal_strength: float) -> np.ndarray:
        """How well a candidate would have been liked as a hire, (N,): the ad's wishes and the team's own."""
        pairs = *self.population, job, snapshot
        shape, preferred = hiring_appeals(*pairs), preferred_skills(*pairs)
        weights = HIRING_WISHES | {name: weight * signal_strength for name, weight in HIRING_SIGNALS.items()}
        fit = sum(weight * shape[name].astype(np.float64) for name, weight in weights.items())
        return fit + HIRING_PREFERRED * signal_strength * preferred

    def calibrate(self, log: Log, empty: Empty = np.empty) -> tuple[np.ndarray, Probabilities]:
        """Solve the intercepts for the log's mean click rate, conversion rate and grade (0.45).

        Args:
            empty: makes what is as long as the log.
        Returns:
            (3, N) the `utilities` of its rows, and what `oracle` says of them.
        """
        size, people = log.size, self.population[2]
        utilities, odds = empty((3, size), np.float64), empty((3, size), np.float64)
        for rows in parts(size):
            shown = log.rows(rows)
            utilities[:, rows] = self.utilities(shown.role, shown.job, shown.snapshot)
            odds[:, rows] = utilities[:, rows] + self.hidden(shown.role, shown.job, people.person[shown.snapshot])
        page = examine(np.arange(1, PAGE + 1))

        def click(rows: slice, shift: float) -> np.ndarray:
            return page[np.arange(rows.start, rows.stop) % PAGE] * expit(odds[0, rows] + shift)

        self.intercepts[0] = solve(lambda b: total(lambda i: click(i, b), size) / size, self.config.ctr)
        for rows in parts(size):
            odds[0, rows] = click(rows, self.intercepts[0])
        clicks = total(lambda i: odds[0, i], size)
        self.intercepts[1] = solve(lambda b: total(lambda i: odds[0, i] * expit(odds[1, i] + b), size) / clicks, self.config.cvr)
        self.intercepts[2] = solve(lambda b: total(lambda i: expit(odds[2, i] + b), size) / size, 0.45)
        for rows in parts(size):
            odds[1:, rows] = expit(odds[1:, rows] + self.intercepts[1:, None])
        return utilities, Probabilities(*odds)

    def oracle(self, role: np.ndarray, job: np.ndarray, snapshot: np.ndarray, position: np.ndarray | int) -> Probabilities:
        """All is known: the position and what no text shows."""
        shifts = self.hidden(role, job, self.population[2].person[snapshot])
        click, conversion, relevance = expit(self.utilities(role, job, snapshot) + shifts + self.intercepts[:, None])
        return Probabilities(examine(position) * click, conversion, relevance)

    def observables(self, role: np.ndarray, job: np.ndarray, snapshot: np.ndarray, average_roles: bool = False) -> Probabilities:
        """The texts and past hires are known; the position is not, and what no text shows is integrated out."""
        return self.integrated(self.utilities(role, job, snapshot, average_roles))

    def integrated(self, utilities: np.ndarray) -> Probabilities:
        """`observables` of pairs with these (3, N) `utilities`.

        Given a click the quality of a person is better than average, hence
        conversion = E[attraction * conversion] / E[attraction].
        """
        z, weight = np.polynomial.hermite_e.hermegauss(NODES)
        weight = weight / weight.sum()
        u, v, w = utilities + self.intercepts[:, None]
        scale = self.config.relevance_strength
        spread = np.linalg.norm(CLICK_HIDDEN)
        shared = CONVERSION_HIDDEN[0] * CLICK_HIDDEN[0] / spread  # of C, along A
        rest = np.sqrt((CONVERSION_HIDDEN**2).sum() - shared**2)
        click = expit(u[:, None] + scale * spread * z) * weight
        answer = np.zeros_like(click)
        for node, share in zip(z, weight, strict=True):
            answer += share * expit(v[:, None] + scale * (shared * z + rest * node))
        attraction = click.sum(1)
        grade = expit(w[:, None] + scale * np.linalg.norm(RELEVANCE_HIDDEN) * z) @ weight
        return Probabilities(examine(0) * attraction, (click * answer).sum(1) / attraction, grade)


def in_chunks(function: Callable[..., Probabilities], *arrays: np.ndarray) -> Probabilities:
    """Call function on slices of the arrays and join its answers."""
    parts = [function(*(a[i : i + CHUNK] for a in arrays)) for i in range(0, max(len(arrays[0]), 1), CHUNK)]
    return Probabilities(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def solve(rate: Callable[[float], float], target: float) -> float:
    """The b in [-30, 30] at which a rising function of b meets its target, by bisection."""
    low, high = -30.0, 30.0
    # SPEED: a third of the time; of the points outside of a bracket it is known on which side the solution lies.
    left, right = _bracket(rate, target)
    for _ in range(50):
        middle = 0.5 * (low + high)
        is_below = middle <= left or (middle < right and rate(middle) < target)
        low, high = (middle, high) if is_below else (low, middle)
    return 0.5 * (low + high)


def _bracket(rate: Callable[[float], float], target: float) -> tuple[float, float]:
    """Points close below and above the solution, by the secant method; infinite ones where that finds none."""
    low, high = -30.0, 30.0
    for _ in range(8):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if rate(middle) < target else (low, middle)
    (before, at), (value, last) = (low, high), (rate(low), rate(high))
    for _ in range(12):
        if last == value or abs(at - before) < BRACKET:
            break
        before, at, value = at, at - (last - target) * (at - before) / (last - value), last
        last = rate(at)
    if rate(at - BRACKET) < target <= rate(at + BRACKET):
        return at - BRACKET, at + BRACKET
    return -math.inf, math.inf
