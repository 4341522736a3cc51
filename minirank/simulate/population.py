"""Who lives in a simulated world: teams and their jobs, people and the snapshots of their resumes.

All arrays are structures of arrays. M teams, J jobs (sorted by posting time), P people, V snapshots (sorted by
person, then time), K skills, E career entries at most. Times are int64 seconds since the epoch; a career is kept in
months before or after START.
"""

from __future__ import annotations

import numpy as np

from .arrays import Coded, parts
from .phrasebook import Phrasebook

DAY = 86_400
MONTH = 30.44 * DAY
START = 1_741_046_400  # 2025-03-04T00:00:00Z, the first day of the log
DAYS = 120  # length of the log
ENTRIES = 7  # E, career entries at most
DEPTH = np.array([0.45, 0.75, 1.0], np.float32)  # proficiency of a basic, solid and expert skill
ROWS = 1 << 12  # with a number for each skill, at a time
YEARS_OF_LEVEL = np.array([0, 2, 5, 9, 14, 20])


class Teams:
    """Teams; one prefers three skills of the neighbouring domain, which none of its ads asks for.

    domain, employer, city, background: (M,) int; prefers: (M, 3) skills; drift: (M,) levels above or below the ad.
    """

    def __init__(self, rng: np.random.Generator, book: Phrasebook, count: int):
        self.domain = rng.integers(len(book.domains), size=count)
        near = book.skill_domain[None, :] == (self.domain[:, None] + 1) % len(book.domains)
        self.prefers = _top(np.where(near, 0.0, -50.0) + rng.gumbel(size=near.shape), 3)
        self.employer = rng.integers(len(book.employers), size=count)
        self.city = rng.integers(len(book.names["cities"]), size=count)
        self.background = rng.integers(len(book.names["industries"]), size=count)
        self.drift = rng.integers(-1, 2, size=count)


class Jobs:
    """The jobs of all teams: two old ones, whose hires are history, and four within the log's reach.

    team, title, level, min_years, education, remote, salary (thousands a year), posted_at: (J,); must: (J, 5) and nice: (J, 4) skills,
    padded with -1.
    """

    def __init__(self, rng: np.random.Generator, book: Phrasebook, teams: Teams):
        count = len(teams.domain)
        team = np.repeat(np.arange(count), 6)
        old = np.tile(np.arange(6) < 2, count)
        posted = np.where(old, rng.uniform(-420, -120, team.size), rng.uniform(-45, DAYS - 4, team.size))
        posted[np.flatnonzero(~old)[0]] = -1.0  # the log's first search finds an open job
        posted_at = START + (posted * 24).astype(np.int64) * 3600
        order = np.argsort(posted_at, kind="stable")
        self.team, self.posted_at = team[order], posted_at[order]
        size, domain = team.size, teams.domain[self.team][:, None]

        within = book.title_domain[None, :] == domain
        self.title = np.where(within, rng.random(within.shape), -1.0).argmax(1)
        self.level = rng.choice(6, size, p=[0.05, 0.20, 0.30, 0.28, 0.12, 0.05])
        taken = np.zeros((size, len(book.skills)), bool)
        np.put_along_axis(taken, teams.prefers[self.team], True, 1)

        def best(scale: float, count: int) -> np.ndarray:
            """Skills that are not taken, the more to the taste of the title the likelier: (J, count)."""
            found = np.empty((size, count), np.int64)
            for rows in parts(size, ROWS):
                own = book.skill_domain[None, :] == domain[rows]
                taste = scale * np.where(book.core[self.title[rows]], 3.5, np.where(own, 1.0, -3.0))
                found[rows] = _top(np.where(taken[rows], -50.0, taste + rng.gumbel(size=taste.shape)), count)
            return found

        self.must = best(1.0, 5)
        self.must[np.arange(5)[None, :] >= rng.integers(2, 6, size)[:, None]] = -1
        rows, columns = np.nonzero(self.must >= 0)
        taken[rows, self.must[rows, columns]] = True
        self.nice = best(0.5, 4)
        self.nice[np.arange(4)[None, :] >= rng.integers(1, 5, size)[:, None]] = -1
        self.min_years = np.maximum(np.array([0, 1, 3, 5, 8, 12])[self.level] + rng.integers(-1, 2, size), 0)
        self.education = np.clip(rng.choice([0, 1, 2, 2, 3], size) + (self.level > 3) * rng.integers(0, 2, size), 0, 4)
        self.remote = rng.choice(3, size, p=[0.4, 0.4, 0.2])
        self.salary = np.round(_pay(self.level, rng, size, 0.12))


class People:
    """People, their careers and one to three snapshots of each resume.

    title, city, school, education, group: (P,) int; remote_ok: (P,) bool.
    start, end: (P, E) float, months from START of each career entry, NaN where there is none.
    employer: (P, E) int.
    first: (P + 1,) int, snapshots of person p are the rows first[p] to first[p + 1] - 1.
    person: (V,) int; updated_at: (V,) int64.
    skill: (V, K) float32, proficiency, 0 = does not have it; `Coded`.
    entries: (V,) int, career entries begun by then; years, tenure (months), gap (months): (V,) float.
    level: (V,) int; standing: (V,) float, level and years as one number on the scale of levels.
    prestige, breadth: (V,) float in [0, 1]; leads: (V,) bool; available: (V,) int; salary: (V,) float.
    industries: (V, I) bool, industries worked in.
    """

    def __init__(self, rng: np.random.Generator, book: Phrasebook, count: int):
        self.title = rng.integers(len(book.titles), size=count)
        self.group = rng.integers(2, size=count)
        years = np.minimum(rng.gamma(2.0, 4.2, count) + 0.3, 35.0)
        self.first, self.person, self.updated_at = first, person, updated_at = _snapshot_times(rng, count)
        newest = (updated_at[first[1:] - 1] - START) / MONTH
        self.start, self.end, self.employer = start, end, employer = _careers(rng, book, years, self.group, newest)

        self.skill = _skills(rng, book, self.title, years, first, person)

        size = person.size
        self.entries, self.years, self.gap, tier = np.empty(size, np.int8), np.empty(size), np.empty(size), np.empty(size)
        self.industries, self.breadth = np.zeros((size, len(book.names["industries"])), bool), np.empty(size)
        for rows in parts(size):
            who = person[rows]
            cut, begin, last = (updated_at[rows, None] - START) / MONTH, start[who], end[who]
            begun = begin < cut
            begun[:, 0] |= ~np.isnan(begin[:, 0])
            lasted = np.where(begun, np.minimum(last, cut) - begin, 0.0).clip(min=0.0)
            self.entries[rows] = begun.sum(1)
            self.years[rows] = lasted.sum(1) / 12
            pauses = np.where(begun[:, 1:], begin[:, 1:] - last[:, :-1], 0.0)
            self.gap[rows] = np.maximum(pauses.max(1), 0.0)
            tier[rows] = np.where(begun, book.employer_tier[employer[who]], 0.0).max(1)
            entry, column = np.nonzero(begun)
            self.industries[rows][entry, book.employer_industry[employer[who[entry], column]]] = True
        for rows in parts(size, ROWS):
            abroad = book.skill_domain[None, :] != book.title_domain[self.title][person[rows]][:, None]
            spread = ((self.skill[rows] > 0) & abroad).sum(1) / 3 + self.industries[rows].sum(1) - 1
            self.breadth[rows] = 1 - np.exp(-spread / 2)
        self.tenure = 12 * self.years / np.maximum(self.entries, 1)
        by_years = np.interp(self.years, YEARS_OF_LEVEL, np.arange(6.0))
        self.level = np.clip(np.rint(by_years + rng.normal(0, 0.6, count)[person]), 0, 5).astype(int)
        self.standing = 0.5 * (self.level + by_years)
        self.school = rng.integers(len(book.school_tier), size=count)
        self.prestige = 0.5 * book.school_tier[self.school][person] + 0.5 * tier
        self.city = rng.integers(len(book.names["cities"]), size=count)
        self.education = np.clip(rng.choice([0, 1, 2, 2, 3, 3, 4], count), 0, 4)
        self.remote_ok = rng.random(count) < 0.5
        self.leads = rng.random(count)[person] < 1 / (1 + np.exp(-1.5 * (self.standing - 3)))
        self.available = rng.choice(3, person.size, p=[0.3, 0.4, 0.3])
        self.salary = np.round(_pay(self.standing, rng, person.size, 0.18))
        self._keys = person.astype(np.int64) << 34 | updated_at

    def snapshot(self, person: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Row of the newest snapshot with updated_at <= time, or -1; both arguments (N,)."""
        # SPEED: one search over keys that order by person, then time.
        found = np.searchsorted(self._keys, np.asarray(person, np.int64) << 34 | np.asarray(time, np.int64), side="right") - 1
        return np.where(found >= self.first[person], found, -1)


def _snapshot_times(rng, count):
    kept = rng.choice([1, 2, 3], count, p=[0.7, 0.24, 0.06])
    first = np.concatenate([[0], np.cumsum(kept)])
    person = np.repeat(np.arange(count), kept)
    wave = rng.random(count)
    low = np.where(wave < 0.6, -900.0, np.where(wave < 0.9, -405.0, 0.0))
    high = np.where(wave < 0.6, -405.0, np.where(wave < 0.9, 0.0, DAYS - 20.0))
    begin = rng.uniform(low, high)
    days = begin[person] + rng.random(person.size) * (DAYS - 5 - begin[person])
    days[first[:-1]] = begin
    order = np.lexsort((days, person))
    seconds = (days[order] * DAY).astype(np.int64)
    seconds += np.arange(person.size) - first[person]  # two snapshots of a person never share a second
    return first, person, START + seconds


def _careers(rng, book, years, group, newest):
    """Start and end in months and employer of each entry, (P, E); the last entry ends at the newest snapshot.

    The only trace of the protected group: group 1 pauses with probability 0.26, group 0 with 0.14.
    """
    count = years.size
    stay = np.clip(np.exp(rng.normal(np.log(34.0), 0.65, count)), 8, 150)
    entries = np.clip(np.rint(12 * years / stay), 1, ENTRIES).astype(int)
    used = np.arange(ENTRIES)[None, :] < entries[:, None]
    share = rng.gamma(4.0, size=used.shape) * used
    length = 12 * years[:, None] * share / share.sum(1, keepdims=True)
    pauses = (rng.random(count) < np.where(group == 1, 0.26, 0.14)) & (entries > 1)
    where = 1 + (rng.random(count) * (entries - 1)).astype(int)
    gap = np.zeros(used.shape)
    gap[np.flatnonzero(pauses), where[pauses]] = rng.uniform(7, 26, pauses.sum())
    end = np.cumsum(length + gap, 1)
    end += newest[:, None] - np.take_along_axis(end, entries[:, None] - 1, 1)
    start = end - length
    home = rng.integers(len(book.names["industries"]), size=count)
    per = len(book.employers) // len(book.names["industries"])
    industry = np.where(rng.random(used.shape) < 0.65, home[:, None], rng.integers(len(book.names["industries"]), size=used.shape))
    employer = industry * per + rng.integers(per, size=used.shape)
    return np.where(used, start, np.nan), np.where(used, end, np.nan), employer.astype(np.uint8)


def _skills(rng, book, title, years, first, person):
    """Proficiency (V, K): most of the own occupation's core, some of the domain; half of all people bridge to the next.

    A fifth of what somebody can do came with one of his snapshots, any of them; the rest was there from the first on.
    """
    count, skills = title.size, len(book.skills)
    # Of each person: the snapshot that a skill came with, 1 + its depth, or 0 without it.
    stage, code = np.empty((count, skills), np.uint8), np.empty((count, skills), np.uint8)
    people = parts(count, ROWS)
    for rows in people:
        stage[rows] = rng.integers(0, np.diff(first)[rows, None], stage[rows].shape)
    for rows in people:
        stage[rows] *= rng.random(stage[rows].shape) < 0.2
    mastery = rng.normal(size=(count, 1))
    bridge = np.where(rng.random((count, 1)) < 0.5, 0.30, 0.03)
    for rows in people:
        depth = rng.normal(size=code[rows].shape) + 0.5 * mastery[rows] + 0.06 * (years[rows, None] - 8)
        code[rows] = 1 + np.digitize(depth, [-0.7, 0.8])
    for rows in people:
        domain = book.title_domain[title[rows]][:, None]
        own = book.skill_domain[None, :] == domain
        near = book.skill_domain[None, :] == (domain + 1) % len(book.domains)
        other = np.where(own, 0.22, np.where(near, bridge[rows], 0.01))
        code[rows] *= rng.random(own.shape) < np.where(book.core[title[rows]], 0.62 + 0.16 * mastery[rows], other)
    shown = np.empty((person.size, skills), np.uint8)
    for rows in parts(person.size, ROWS):
        who = person[rows]
        shown[rows] = code[who] * (stage[who] <= (np.arange(rows.start, rows.stop) - first[who])[:, None])
    return Coded(np.append(np.float32(0), DEPTH), shown)


def _pay(standing, rng, size, spread):
    return (36 + 17 * standing) * np.exp(rng.normal(0, spread, size))


def _top(scores, count):
    """Columns of the largest scores of each row, best first."""
    return np.argsort(-scores, axis=1, kind="stable")[:, :count]
