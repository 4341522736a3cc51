"""A simulated labour market whose truth is known: written to a data folder, and asked for the odds of any pair."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from minirank.errors import DataError, MinirankError

from . import phrasebook, population, searches, truth
from .arrays import Empty, parts
from .job_text import write_job
from .propensity import PAGES, chances_of_ranks
from .resume_text import write_resume
from .retrieval import SHUFFLED
from .tastes import names_of_roles
from .truth import ANSWERED, CLICKED, Probabilities, keyed_uniform
from .wording import Mention, Writer
from .world_config import WorldConfig
from .write_folder import row_of_id, write_world

PARTS = ("teams", "jobs", "people", "recruiters", "history", "log", "labels", "recent", "job_text", "resume_text")
CHOICES = 192  # uniform numbers a text


class World:
    """The world of a configuration: population, log and truth are drawn at once, texts when they are written.

    Args:
        config: WorldConfig.
        empty: makes the arrays that are as long as the log, such as `np.empty`, or `Scratch.empty` of more than memory holds.

    Jobs and snapshots of resumes are known by their row in jobs.jsonl and resumes.jsonl, or by their id; a resume_id
    stands for its newest snapshot.
    """

    def __init__(self, config: WorldConfig | None = None, empty: Empty = np.empty):
        self.config = config = config or WorldConfig()
        self.roles = names_of_roles(config)
        size = config.impressions
        self._seeds = dict(zip(PARTS, np.random.SeedSequence(config.seed).spawn(len(PARTS)), strict=True))
        self.book = book = phrasebook.load()
        self.teams = population.Teams(self._rng("teams"), book, max(12, size // 500))
        self.jobs = population.Jobs(self._rng("jobs"), book, self.teams)
        self.people = population.People(self._rng("people"), book, max(300, size // 20))
        self.recruiter_role = searches.make_recruiters(self._rng("recruiters"), config)
        self.truth = truth.Truth(config, self.teams, self.jobs, self.people, book.employer_industry)
        self.log = log = searches.Log(self._rng("log"), book, self.teams, self.jobs, self.people, self.recruiter_role, config, empty)
        self._utilities, self.logged = self.truth.calibrate(log, empty)
        history = searches.make_history(
            self._rng("history"), self.truth, self.teams, self.jobs, self.people, book, config.signal_strength, empty
        )
        clicked, answered = (np.empty(size, bool) for _ in range(2))
        for rows in parts(size):
            shown = log.rows(rows)
            clicked[rows], answered[rows] = self._happened(
                shown.search, shown.snapshot, self.logged.click[rows], self.logged.conversion[rows]
            )
        self.labels = searches.Labels(self._rng("labels"), clicked, answered, self.logged.relevance, log, empty)
        recent = searches.make_recent(self._rng("recent"), log, self.people, answered, self.labels)
        self.hires = searches.Hires(*map(np.concatenate, zip(history, recent)))
        self._empty = empty

    @classmethod
    def read(cls, path: str | Path) -> World:
        """The world of a folder that write() made.

        Raises:
            DataError: the folder has no usable world.json.
        """
        try:
            values = json.loads((Path(path) / "world.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(
                "is missing or not JSON", file="world.json", remedy="only a folder from `minirank simulate` has a truth"
            ) from error
        return cls(WorldConfig.from_json(values))

    @cached_property
    def reachable(self) -> Probabilities:
        """What can be known of the log's rows from observables, as `probabilities` gives it."""
        made = self._empty((3, self.log.size), np.float64)
        for rows in parts(self.log.size):
            made[:, rows] = self.truth.integrated(self._utilities[:, rows])
        return Probabilities(*made)

    @cached_property
    def propensities(self) -> np.ndarray:
        """The chance that the candidate of each row of the log came to its position, (N,)."""
        made = self._empty(self.log.merit.shape, np.float64)
        for some in parts(len(made), 64 * PAGES):
            chances = chances_of_ranks(self.log.merit[some], SHUFFLED)  # of candidates in the order shown
            made[some] = np.einsum("sii->si", chances)
        return made.reshape(-1)[: self.log.size]

    def probabilities(
        self, role: ArrayLike, job: ArrayLike, resume: ArrayLike, position: ArrayLike = 0, *, known: str = "oracle"
    ) -> Probabilities:
        """The truth for any pair, whether it was logged or not.

        Args:
            role: role names, or codes into World.roles (sorted names).
            job: job ids, or rows of jobs.jsonl.
            resume: resume ids (their newest snapshots), or rows of resumes.jsonl.
            position: 1-based, 0 = unknown.
            known: "oracle": all is known; "observables": the position and what no text shows are not.
            The first four are broadcast against each other.
        Returns:
            Probabilities of a click, of a conversion given a click, and the expected grade, (N,) each.
        Raises:
            MinirankError: a name that this world does not have.
        """
        rows = self._rows(role, job, resume, position)
        if known == "oracle":
            return truth.in_chunks(self.truth.oracle, *rows)
        if known == "observables":
            return truth.in_chunks(self.truth.observables, *rows[:3])
        raise ValueError(f"known must be 'oracle' or 'observables', got {known!r}")

    def draw(
        self, search: np.ndarray, role: ArrayLike, job: ArrayLike, resume: ArrayLike, position: ArrayLike
    ) -> tuple[np.ndarray, np.ndarray]:
        """What happens when candidates are shown: the same dice for the same search and person, wherever he stands.

        Args:
            search: ints that name the searches; those of the log are 0, 1, ..., and give the log's labels again.
            role, job, resume, position: as for probabilities.
        Returns:
            clicked, converted: (N,) bool; converted only where clicked.
        """
        rows = self._rows(role, job, resume, position)
        odds = truth.in_chunks(self.truth.oracle, *rows)
        return self._happened(search, rows[2], odds.click, odds.conversion)

    def _happened(self, search, snapshot, click, conversion):
        """clicked and converted, (N,) bool."""
        person, seed = self.people.person[snapshot], self.config.seed
        clicked = keyed_uniform(seed, CLICKED, search, person) < click
        return clicked, clicked & (keyed_uniform(seed, ANSWERED, search, person) < conversion)

    def write(self, path: str | Path) -> Path:
        """Write the data folder: all of it or, when anything fails, nothing.

        Raises:
            MinirankError: the folder exists and is not empty, or cannot be written.
        """
        return write_world(self, Path(path))

    def job_texts(self) -> Iterator[tuple[str, str, list[Mention]]]:
        """(title, description, mentions) of each job, in the order of jobs.jsonl."""
        for row, writer in enumerate(self._writers("job_text", len(self.jobs.team))):
            title, description = write_job(writer, self.teams, self.jobs, row)
            yield title, description, writer.mentions

    def resume_texts(self) -> Iterator[tuple[str, list[Mention]]]:
        """(text, mentions) of each snapshot, in the order of resumes.jsonl."""
        people = self.people
        kept = np.diff(people.first)
        writers = self._writers("resume_text", len(kept))
        row = 0
        for count, writer in zip(kept, writers, strict=True):
            for _ in range(count):
                fresh = Writer(self.book, writer.numbers, self.config.known_share)
                yield write_resume(fresh, people, row), fresh.mentions
                row += 1

    def _writers(self, part, count):
        rng = self._rng(part)
        for _ in range(count):
            yield Writer(self.book, rng.random(CHOICES).tolist(), self.config.known_share)

    def _rng(self, part):
        return np.random.default_rng(self._seeds[part])

    def _rows(self, role, job, resume, position):
        role = self._codes("role", role, lambda name: self.roles.index(name), len(self.roles))
        job = self._codes("job", job, lambda name: row_of_id("j", name), len(self.jobs.team))
        resume = np.asarray(resume)
        if resume.dtype.kind in "UO":
            person = self._codes("resume", resume, lambda name: row_of_id("r", name), len(self.people.title))
            resume = self.people.first[person + 1] - 1
        resume = self._codes("resume", resume, None, len(self.people.person))
        return [np.ravel(a) for a in np.broadcast_arrays(role, job, resume, position)]

    @staticmethod
    def _codes(what, values, decode, size):
        values = np.asarray(values)
        if values.dtype.kind in "UO":
            names, inverse = np.unique(values.astype(str), return_inverse=True)
            try:
                codes = np.array([decode(name) for name in names.tolist()])
            except ValueError as error:
                raise MinirankError(f"this world has no {what} of that name: {error}; take names from its files") from error
            values = codes[inverse.reshape(values.shape)]
        if values.size and not (values.min() >= 0 and values.max() < size):
            raise MinirankError(f"this world has {size} {what}s, numbered from 0; {values.max()} was asked for")
        return values
