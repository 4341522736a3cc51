"""The log: who searched when, whom the search showed in what order, and what came of it. Also the hires.

S searches, N impressions, H hires; times int64 seconds since the epoch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .phrasebook import Phrasebook
from .population import DAY, DAYS, START, Jobs, People, Teams
from .truth import CHUNK, PAGE, Truth
from .world_config import WorldConfig

HIRE_CANDIDATES = 160  # people among whom a team chooses
SHUFFLED = 0.05  # share of searches in random order
GOOD = 13  # of PAGE candidates, those which the search engine picked; the others are random
OPEN_DAYS = 75  # a job is searched for so long after it was posted
GRADED, CLICK_LOST, ANSWER_LOST = 0.30, 0.01, 0.02  # shares of rows: graded, without `clicked`, clicked without `converted`
CONFIDENCE = np.array([0.4, 0.7, 1.0])
PRECISION = np.array([2.0, 6.0, 40.0])  # a + b of the beta distribution behind a grade of that confidence


class Hires(NamedTuple):
    """job (H,), person (H,), hired_at (H,), in order of time."""

    job: np.ndarray
    person: np.ndarray
    hired_at: np.ndarray


def make_recruiters(rng: np.random.Generator, config: WorldConfig) -> np.ndarray:
    """Role of each recruiter, (U,) int; every role has one at least."""
    roles = len(config.role_shares)
    extra = rng.choice(roles, max(12, config.impressions // 1000), p=config.role_shares)
    return np.concatenate([np.arange(roles), extra])


class Log:
    """Searches of about PAGE candidates each, as impressions before their labels; the last is cut so that the rows come out as asked for.

    search, time, recruiter, role, job, snapshot, position: (N,) each; rows of a search are neighbours, searches are in order of time.
    merit: (searches, PAGE), what the logging policy makes of each candidate of a whole page before chance, in the order shown.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        book: Phrasebook,
        teams: Teams,
        jobs: Jobs,
        people: People,
        recruiter_role: np.ndarray,
        config: WorldConfig,
    ):
        rows, shares = config.impressions, config.role_shares
        searches = -(-rows // PAGE)
        day = rng.choice(DAYS, searches, p=_day_weights())
        hour = np.clip(rng.normal(13.5, 3.0, searches), 5, 22)
        time = np.sort(START + (day * DAY + hour * 3600).astype(np.int64))
        job = _open_jobs(rng, jobs, time)
        role = rng.choice(len(shares), searches, p=shares)
        by_role = np.argsort(recruiter_role, kind="stable")
        begin = np.searchsorted(recruiter_role[by_role], np.arange(len(shares) + 1))
        recruiter = by_role[begin[role] + (rng.random(searches) * np.diff(begin)[role]).astype(int)]
        snapshot, self.merit = _order(rng, jobs, people, job, _retrieve(rng, book, teams, jobs, people, job, time))
        self.search, self.position = np.arange(rows) // PAGE, np.arange(rows) % PAGE + 1
        self.time, self.recruiter, self.role, self.job = (values[self.search] for values in (time, recruiter, role, job))
        self.snapshot = snapshot.reshape(-1)[:rows]


def make_history(
    rng: np.random.Generator, truth: Truth, teams: Teams, jobs: Jobs, people: People, book: Phrasebook, signal_strength: float
) -> Hires:
    """Four to twelve hires a team, for its old jobs, before any of its later ones was posted.

    Of 160 people of the domain the team hires the one with the best sum of fit for the ad and fit for its own
    preferences, plus Gumbel noise.
    """
    old = jobs.posted_at < START - 100 * DAY
    slots = np.repeat(np.arange(len(teams.domain)), rng.integers(4, 13, len(teams.domain)))
    team_jobs = np.flatnonzero(old)[np.argsort(jobs.team[old], kind="stable")].reshape(-1, 2)
    job = team_jobs[slots, rng.integers(2, size=slots.size)]
    hired_at = jobs.posted_at[job] + (rng.uniform(10, 70, job.size) * DAY).astype(np.int64)
    domain_of = book.title_domain[people.title]
    person = np.zeros((job.size, HIRE_CANDIDATES), np.int64)
    for domain in range(len(book.domains)):
        rows = np.flatnonzero(book.title_domain[jobs.title[job]] == domain)
        pool = np.flatnonzero(domain_of == domain)
        pool = pool if pool.size else np.arange(domain_of.size)
        person[rows] = pool[rng.integers(pool.size, size=(rows.size, HIRE_CANDIDATES))]
    snapshot = people.snapshot(person.ravel(), np.repeat(hired_at, HIRE_CANDIDATES))
    pairs = np.repeat(job, HIRE_CANDIDATES), np.maximum(snapshot, 0)
    parts = [slice(i, i + CHUNK) for i in range(0, snapshot.size, CHUNK)]
    fit = np.concatenate([truth.hiring_fit(pairs[0][i], pairs[1][i], signal_strength) for i in parts])
    score = np.where(snapshot >= 0, fit, -100.0).reshape(person.shape) + rng.gumbel(size=person.shape)
    chosen = person[np.arange(job.size), score.argmax(1)]
    order = np.lexsort((job, hired_at))
    return Hires(job[order], chosen[order], hired_at[order])


class Labels:
    """What the log keeps of clicks, answers and grades.

    clicked, converted: (N,) in {0, 1}, -1 = missing; converted_at: -1, relevance and confidence: NaN likewise.
    answered_at: (N,) int64, when an answer comes, in rows without one too.

    A grade is a number of quarters, Binomial(4, t) / 4 with t ~ Beta of mean `relevance` and the precision of its
    confidence: noisy, but right on average.

    Args:
        clicked, answered: (N,) bool, what happened.
        relevance: (N,) float, the oracle's.
        time: (N,) int64, of the search.
    """

    def __init__(self, rng: np.random.Generator, clicked: np.ndarray, answered: np.ndarray, relevance: np.ndarray, time: np.ndarray):
        size = clicked.size
        lost = rng.random(size) < CLICK_LOST
        answer_lost = lost | (clicked & (rng.random(size) < ANSWER_LOST))
        delay = np.clip(np.exp(rng.normal(np.log(1.5), 0.8, size)), 0.02, 14)
        self.answered_at = time + (delay * DAY).astype(np.int64)
        converted = clicked & answered
        sure = rng.choice(3, size, p=[0.25, 0.35, 0.40])
        level = rng.beta(np.maximum(relevance * PRECISION[sure], 1e-3), np.maximum((1 - relevance) * PRECISION[sure], 1e-3))
        grade = rng.binomial(4, level) / 4
        graded = rng.random(size) < GRADED
        self.clicked, self.converted = np.where(lost, -1, clicked), np.where(answer_lost, -1, converted)
        self.converted_at = np.where(converted & ~answer_lost, self.answered_at, -1)
        self.relevance, self.confidence = np.where(graded, grade, np.nan), np.where(graded, CONFIDENCE[sure], np.nan)


def make_recent(rng: np.random.Generator, log: Log, people: People, converted: np.ndarray, answered_at: np.ndarray) -> Hires:
    """Hires within the log: one answer in six ends in one, two to eight weeks later; nobody is hired twice."""
    rows = np.flatnonzero(converted & (rng.random(converted.size) < 1 / 6))
    person = people.person[log.snapshot[rows]]
    hired_at = answered_at[rows] + (rng.uniform(14, 56, rows.size) * DAY).astype(np.int64)
    order = np.argsort(hired_at, kind="stable")
    _, first = np.unique(person[order], return_index=True)
    keep = order[np.sort(first)]
    return Hires(log.job[rows][keep], person[keep], hired_at[keep])


def _day_weights():
    weekday = (np.arange(DAYS) + 1) % 7  # START is a Tuesday; 0 = Monday
    weight = np.where(weekday < 5, 1.0, 0.12)
    return weight / weight.sum()


def _open_jobs(rng, jobs, time):
    """A job that is open at each time: jobs lie in order of posting, so the open ones are a range."""
    demand = np.exp(rng.normal(0, 0.6, jobs.posted_at.size)) * (jobs.posted_at > START - 100 * DAY)
    total = np.concatenate([[0.0], np.cumsum(demand)])
    last = np.searchsorted(jobs.posted_at, time, side="right")
    begin = np.minimum(np.searchsorted(jobs.posted_at, time - OPEN_DAYS * DAY), last - 1)
    point = total[begin] + rng.random(time.size) * (total[last] - total[begin])
    return np.clip(np.searchsorted(total, point, side="right") - 1, begin, last - 1)


def _retrieve(rng, book, teams, jobs, people, job, time):
    """PAGE different people for each search, (S, PAGE) snapshots.

    50 of the domain and 20 from anywhere are drawn; the 13 with the best noisy coverage of the must-haves come
    up, and 7 of the rest by chance.
    """
    domain_of = book.title_domain[people.title]
    count = domain_of.size
    inside = [np.flatnonzero(domain_of == domain) for domain in range(len(book.domains))]
    outside = [np.flatnonzero(domain_of != domain) for domain in range(len(book.domains))]
    drawn = min(70, count)
    person = np.empty((job.size, drawn), np.int64)
    for row, domain in enumerate(teams.domain[jobs.team[job]]):
        near = min(50, inside[domain].size)
        near = max(near, drawn - outside[domain].size)
        person[row, :near] = inside[domain][rng.choice(inside[domain].size, near, replace=False, shuffle=False)]
        person[row, near:] = outside[domain][rng.choice(outside[domain].size, drawn - near, replace=False, shuffle=False)]
    snapshot = people.snapshot(person.ravel(), np.repeat(time, drawn)).reshape(person.shape)
    score = _keywords(jobs, people, np.repeat(job, drawn), snapshot.ravel()).reshape(person.shape)
    score += rng.normal(0, 0.25, score.shape) - 100 * (snapshot < 0)
    best = np.argsort(-score, axis=1, kind="stable")
    chance = rng.random(score.shape) - 100 * (np.take_along_axis(snapshot, best, 1) < 0)
    chance[:, :GOOD] = 100
    best = np.take_along_axis(best, np.argsort(-chance, axis=1, kind="stable")[:, :PAGE], 1)
    return np.take_along_axis(snapshot, best, 1)


def _order(rng, jobs, people, job, snapshot):
    """The logging policy: by 0.8 standardised keyword score + a standard normal; 5 % of searches are shuffled."""
    score = _keywords(jobs, people, np.repeat(job, PAGE), snapshot.ravel()).reshape(snapshot.shape)
    score = (score - score.mean(1, keepdims=True)) / (score.std(1, keepdims=True) + 1e-9)
    shuffled = rng.random(job.size) < SHUFFLED
    drawn = np.where(shuffled[:, None], 0.0, 0.8 * score) + rng.normal(size=score.shape)
    order = np.argsort(-drawn, axis=1, kind="stable")
    return np.take_along_axis(snapshot, order, 1), np.take_along_axis(0.8 * score, order, 1)


def _keywords(jobs, people, job, snapshot):
    """Share of the must-haves that a resume names, plus a bonus for the same title."""
    must = jobs.must[job]
    held = (must >= 0) & (people.skill[snapshot[:, None], must] > 0)
    same = people.title[people.person[snapshot]] == jobs.title[job]
    return held.sum(1) / (must >= 0).sum(1) + 0.2 * same
