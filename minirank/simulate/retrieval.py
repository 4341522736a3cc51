"""What a search shows: whom the search engine finds, and how the logging policy puts them in order. S searches, C of them at a time."""

from __future__ import annotations

import numpy as np

from .arrays import Empty, parts
from .phrasebook import Phrasebook
from .population import Jobs, People, Teams
from .truth import PAGE

DRAWN, NEAR = 70, 50  # people whom the search engine looks at, and those of them who are of the domain
GOOD = 13  # of PAGE candidates, those which the search engine picked; the others are random
SHUFFLED = 0.05  # share of searches in random order
SEARCHES = 1 << 12  # at a time


def retrieve(
    rng: np.random.Generator,
    book: Phrasebook,
    teams: Teams,
    jobs: Jobs,
    people: People,
    job: np.ndarray,
    time: np.ndarray,
    empty: Empty = np.empty,
) -> np.ndarray:
    """PAGE different people for each search, (S, PAGE) int32 snapshots.

    50 of the domain and 20 from anywhere are drawn; the 13 with the best noisy coverage of the must-haves come
    up, and 7 of the rest by chance.

    Args:
        job, time: (S,). empty: makes what is as long as the log.
    """
    found = _draw_people(rng, book, teams, jobs, people, job, empty)
    for some in parts(job.size, SEARCHES):
        drawn = found.shape[1]
        snapshot = people.snapshot(found[some].ravel(), np.repeat(time[some], drawn)).reshape(-1, drawn)
        score = _keywords(jobs, people, np.repeat(job[some], drawn), snapshot.ravel()).reshape(snapshot.shape)
        score += rng.normal(0, 0.25, score.shape) - 100 * (snapshot < 0)
        found[some] = np.take_along_axis(snapshot, np.argsort(-score, axis=1, kind="stable"), 1)
    page = empty((job.size, PAGE), np.int32)
    for some in parts(job.size, SEARCHES):
        chance = rng.random(found[some].shape) - 100 * (found[some] < 0)
        chance[:, :GOOD] = 100
        page[some] = np.take_along_axis(found[some], np.argsort(-chance, axis=1, kind="stable")[:, :PAGE], 1)
    return page


def put_in_order(
    rng: np.random.Generator, jobs: Jobs, people: People, job: np.ndarray, page: np.ndarray, empty: Empty = np.empty
) -> np.ndarray:
    """The logging policy: by 0.8 standardised keyword score + a standard normal; 5 % of searches are shuffled.

    Args:
        page: (S, PAGE), which is put in order.
    Returns:
        merit: (S, PAGE) of each candidate before chance, in that order.
    """
    shuffled, merit = rng.random(job.size) < SHUFFLED, empty(page.shape, np.float64)
    for some in parts(job.size, SEARCHES):
        score = _keywords(jobs, people, np.repeat(job[some], PAGE), page[some].ravel()).reshape(-1, PAGE)
        score = 0.8 * ((score - score.mean(1, keepdims=True)) / (score.std(1, keepdims=True) + 1e-9))
        drawn = np.where(shuffled[some, None], 0.0, score) + rng.normal(size=score.shape)
        order = np.argsort(-drawn, axis=1, kind="stable")
        page[some], merit[some] = np.take_along_axis(page[some], order, 1), np.take_along_axis(score, order, 1)
    return merit


def _keywords(jobs, people, job, snapshot):
    """Share of the must-haves that a resume names, plus a bonus for the same title."""
    must = jobs.must[job]
    held = (must >= 0) & (people.skill[snapshot[:, None], must] > 0)
    same = people.title[people.person[snapshot]] == jobs.title[job]
    return held.sum(1) / (must >= 0).sum(1) + 0.2 * same


def _draw_people(rng, book, teams, jobs, people, job, empty):
    """(S, DRAWN) int32 different people: those of the domain of each job, then others."""
    domain_of = book.title_domain[people.title]
    drawn = min(DRAWN, domain_of.size)
    inside = [np.flatnonzero(domain_of == domain) for domain in range(len(book.domains))]
    outside = [np.flatnonzero(domain_of != domain) for domain in range(len(book.domains))]
    near = [max(min(NEAR, these.size), drawn - others.size) for these, others in zip(inside, outside, strict=True)]
    found = empty((job.size, drawn), np.int32)
    highest = np.array(
        [
            [*range(these.size - count, these.size), *range(others.size - drawn + count, others.size)]
            for these, others, count in zip(inside, outside, near, strict=True)
        ]
    )
    for some in parts(job.size, SEARCHES):
        domain_of_job = teams.domain[jobs.team[job[some]]]
        places = draw_up_to(rng, highest[domain_of_job])
        for domain, (these, others, count) in enumerate(zip(inside, outside, near, strict=True)):
            rows = np.flatnonzero(domain_of_job == domain)
            for pool, columns in ((these, slice(0, count)), (others, slice(count, drawn))):
                different = made_different(places[rows, columns], highest[domain, columns])
                found[some.start + rows, columns] = pool[different]
    return found


def draw_up_to(rng: np.random.Generator, highest: np.ndarray) -> np.ndarray:
    """Whole numbers, 0 <= each <= its `highest` < 2^32 - 1, as `rng.integers` draws one after the other.

    Source: Lemire, Fast random integer generation in an interval, ACM TOMACS 2019.
    """
    # SPEED: with `made_different`, a tenth of the time of a call of `rng.choice` for each search.
    made = np.zeros(highest.shape, np.int64)
    asked = np.flatnonzero(highest)  # of one number no chance is drawn
    numbers = highest.ravel()[asked].astype(np.uint64) + np.uint64(1)
    drawn = rng.integers(2**32, size=asked.size, dtype=np.uint32).astype(np.uint64)
    least = (np.uint64(2**32) - numbers) % numbers
    while True:
        product = drawn * numbers
        refused = np.flatnonzero(product & np.uint64(2**32 - 1) < least)
        if not refused.size:
            made.ravel()[asked] = product >> np.uint64(32)
            return made
        drawn = np.append(np.delete(drawn, refused[0]), rng.integers(2**32, size=1, dtype=np.uint32).astype(np.uint64))


def made_different(drawn: np.ndarray, highest: np.ndarray) -> np.ndarray:
    """A sample without repetition for each row: a number that was there before becomes the highest one that it could have been.

    Args:
        drawn: (C, n), 0 <= drawn[:, k] <= highest[k]. highest: (n,), each one more than the one before.
    Source: Floyd, in Bentley, Programming pearls: a sample of brilliance, CACM 1987.
    """
    made = drawn.copy()
    for column in range(1, made.shape[1]):
        again = (made[:, :column] == made[:, column, None]).any(1)
        made[again, column] = highest[column]
    return made
