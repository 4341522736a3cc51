"""The log: who searched when, what was shown, and what came of it. Also the hires.

S searches, N impressions, H hires; times int64 seconds since the epoch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .arrays import CHUNK, Empty, column, filled, parts
from .phrasebook import Phrasebook
from .population import DAY, DAYS, START, Jobs, People, Teams
from .retrieval import put_in_order, retrieve
from .truth import PAGE, Truth
from .world_config import WorldConfig

HIRE_CANDIDATES = 160  # people among whom a team chooses
HIRES = CHUNK // HIRE_CANDIDATES  # at a time
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


class Shown(NamedTuple):
    """Impressions before their labels, (N,) each; rows of a search are neighbours, searches are in order of time."""

    search: np.ndarray
    time: np.ndarray
    recruiter: np.ndarray
    role: np.ndarray
    job: np.ndarray
    snapshot: np.ndarray
    position: np.ndarray


class Log:
    """S searches of PAGE candidates each; of the last one fewer are shown, so that the rows come out as asked for.

    search, time, recruiter, role, job, snapshot, position: (N,) each, as in `Shown`, made when they are asked for.
    merit: (S, PAGE), what the logging policy makes of each candidate of a whole page before chance, in the order shown.

    Args:
        empty: makes what is as long as the log.
    """

    search, time, recruiter, role, job, snapshot, position = map(column, Shown._fields)

    def __init__(
        self,
        rng: np.random.Generator,
        book: Phrasebook,
        teams: Teams,
        jobs: Jobs,
        people: People,
        recruiter_role: np.ndarray,
        config: WorldConfig,
        empty: Empty = np.empty,
    ):
        self.size, shares = config.impressions, config.role_shares
        searches = -(-self.size // PAGE)
        day = rng.choice(DAYS, searches, p=_day_weights())
        hour = np.clip(rng.normal(13.5, 3.0, searches), 5, 22)
        time = np.sort(START + (day * DAY + hour * 3600).astype(np.int64))
        job = _open_jobs(rng, jobs, time)
        role = rng.choice(len(shares), searches, p=shares)
        by_role = np.argsort(recruiter_role, kind="stable")
        begin = np.searchsorted(recruiter_role[by_role], np.arange(len(shares) + 1))
        recruiter = by_role[begin[role] + (rng.random(searches) * np.diff(begin)[role]).astype(int)]
        self._of_search = time, recruiter, role, job
        self._page = retrieve(rng, book, teams, jobs, people, job, time, empty)
        self.merit = put_in_order(rng, jobs, people, job, self._page, empty)

    def rows(self, rows: slice | np.ndarray) -> Shown:
        """Some of the rows."""
        row = np.arange(*rows.indices(self.size)) if isinstance(rows, slice) else rows
        search = row // PAGE
        time, recruiter, role, job = (values[search] for values in self._of_search)
        return Shown(search, time, recruiter, role, job, self._page.reshape(-1)[row], row % PAGE + 1)


def make_history(
    rng: np.random.Generator,
    truth: Truth,
    teams: Teams,
    jobs: Jobs,
    people: People,
    book: Phrasebook,
    signal_strength: float,
    empty: Empty = np.empty,
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
    person = empty((job.size, HIRE_CANDIDATES), np.int32)
    for domain in range(len(book.domains)):
        rows = np.flatnonzero(book.title_domain[jobs.title[job]] == domain)
        pool = np.flatnonzero(domain_of == domain)
        pool = pool if pool.size else np.arange(domain_of.size)
        for some in parts(rows.size, HIRES):
            person[rows[some]] = pool[rng.integers(pool.size, size=(rows[some].size, HIRE_CANDIDATES))]
    chosen = np.empty(job.size, np.int64)
    for some in parts(job.size, HIRES):
        snapshot = people.snapshot(person[some].ravel(), np.repeat(hired_at[some], HIRE_CANDIDATES))
        fit = truth.hiring_fit(np.repeat(job[some], HIRE_CANDIDATES), np.maximum(snapshot, 0), signal_strength)
        score = np.where(snapshot >= 0, fit, -100.0).reshape(-1, HIRE_CANDIDATES)
        score += rng.gumbel(size=score.shape)
        chosen[some] = person[some][np.arange(len(score)), score.argmax(1)]
    order = np.lexsort((job, hired_at))
    return Hires(job[order], chosen[order], hired_at[order])


class Kept(NamedTuple):
    """What the log keeps of rows, (N,) each, as in `Labels`."""

    clicked: np.ndarray
    converted: np.ndarray
    converted_at: np.ndarray
    relevance: np.ndarray
    confidence: np.ndarray
    answered_at: np.ndarray


class Labels:
    """What the log keeps of clicks, answers and grades.

    clicked, converted: (N,) in {0, 1}, -1 = missing; converted_at: -1, relevance and confidence: NaN likewise.
    answered_at: (N,) int64, when an answer comes, in rows without one too. All are made when they are asked for.

    A grade is a number of quarters, Binomial(4, t) / 4 with t ~ Beta of mean `relevance` and the precision of its
    confidence: noisy, but right on average.

    Args:
        clicked, answered: (N,) bool, what happened.
        relevance: (N,) float, the oracle's.
        log: whose labels they are.
        empty: makes what is as long as the log and is needed for the moment.
    """

    clicked, converted, converted_at, relevance, confidence, answered_at = map(column, Kept._fields)

    def __init__(
        self, rng: np.random.Generator, clicked: np.ndarray, answered: np.ndarray, relevance: np.ndarray, log: Log, empty: Empty = np.empty
    ):
        size = clicked.size

        def level(i: slice) -> np.ndarray:
            precision = PRECISION[sure[i]]
            return rng.beta(np.maximum(relevance[i] * precision, 1e-3), np.maximum((1 - relevance[i]) * precision, 1e-3))

        lost = filled(size, bool, lambda i: rng.random(clicked[i].size) < CLICK_LOST)
        answer_lost = filled(size, bool, lambda i: lost[i] | (clicked[i] & (rng.random(lost[i].size) < ANSWER_LOST)))
        delay = filled(size, np.int32, lambda i: np.clip(np.exp(rng.normal(np.log(1.5), 0.8, lost[i].size)), 0.02, 14) * DAY)
        sure = filled(size, np.int8, lambda i: rng.choice(3, lost[i].size, p=[0.25, 0.35, 0.40]))
        levels = filled(size, np.float64, level, empty)
        quarters = filled(size, np.int8, lambda i: rng.binomial(4, levels[i]))
        quarters = filled(size, np.int8, lambda i: np.where(rng.random(lost[i].size) < GRADED, quarters[i], -1))
        self._clicked = filled(size, np.int8, lambda i: np.where(lost[i], -1, clicked[i]))
        self._converted = filled(size, np.int8, lambda i: np.where(answer_lost[i], -1, clicked[i] & answered[i]))
        self._log, self._delay, self._sure, self._quarters = log, delay, sure, quarters

    def rows(self, rows: slice | np.ndarray) -> Kept:
        """Those of some of the rows."""
        answered_at = self._log.rows(rows).time + self._delay[rows]
        quarters, converted = self._quarters[rows], self._converted[rows]
        converted_at = np.where(converted == 1, answered_at, -1)
        relevance = np.where(quarters >= 0, quarters / 4, np.nan)
        confidence = np.where(quarters >= 0, CONFIDENCE[self._sure[rows]], np.nan)
        return Kept(self._clicked[rows], converted, converted_at, relevance, confidence, answered_at)


def make_recent(rng: np.random.Generator, log: Log, people: People, converted: np.ndarray, labels: Labels) -> Hires:
    """Hires within the log: one answer in six ends in one, two to eight weeks later; nobody is hired twice."""
    rows = np.flatnonzero(filled(log.size, bool, lambda i: converted[i] & (rng.random(converted[i].size) < 1 / 6)))
    shown = log.rows(rows)
    person = people.person[shown.snapshot]
    hired_at = labels.rows(rows).answered_at + (rng.uniform(14, 56, rows.size) * DAY).astype(np.int64)
    order = np.argsort(hired_at, kind="stable")
    _, first = np.unique(person[order], return_index=True)
    keep = order[np.sort(first)]
    return Hires(shown.job[keep], person[keep], hired_at[keep])


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
