"""Ranking: the candidates of a job in the order of their score for the recruiter who asks, and why.

    score = pCTR^a pCVR^b relevance^c        exponents of the run's configuration, default (1, 1, 0)

A job or a resume that training never saw is the normal case: rules extract what is not in the data folder, with the
gazetteer of the run's configuration. A candidate's numbers depend on the job, the role and the candidate alone, never
on who else is ranked; but where most resumes are in words that training never saw, a word is as rare as it is among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from ..config.configuration import FolderConfig
from ..data import DataFolder, read_folder
from ..data.folder.records import column_of
from ..data.kept.store import NOTHING_KEPT, Kept
from ..errors import DataError, RunError, nearest
from ..extract import Features, ResumeFeatures, read_features
from ..extract.feature_files import job_by_rules, resume_by_rules
from ..extract.made_files import JOB_FILE, RESUME_FILE
from ..extract.rules.gazetteer import Gazetteer, read_gazetteer
from ..features import Encoder, PastHires
from ..features.encoder import Asked
from ..features.evidence import evidence
from ..features.kept_rows import KeptRows
from ..features.new_texts import without_vectors
from ..kernels.batch import Inputs
from ..kernels.forks import renew_in_forks
from ..run.backend import check_backend
from ..run.folder import CONFIG
from ..run.gates import gate_experts
from ..run.load_run import Run, load_run
from ..run.prediction import predict, ranking_score
from .candidates import check_job, check_query, check_resume, check_resumes, newest
from .notes import note_of_role, note_of_texts
from .pool import CHUNK_ROWS, Pool, newest_of
from .results import NAMES, Candidate, Comparison, Move, Ranking, RoleRankings, ShortRanking

Job = str | Mapping[str, Any]  # an id of the folder, or a job given by hand
Resumes = Iterable[str | Mapping[str, Any]]


@dataclass(frozen=True)
class _Query:
    """A job with its features, the recruiter's role, the time in seconds, who is ranked, `Encoder.words_known` and `asked` of the job."""

    job: dict[str, Any]
    job_features: Any
    role: str | None
    now: int
    pool: Pool
    words_known: tuple[np.ndarray, np.ndarray]
    asked: Asked


@dataclass(frozen=True)
class _Scored:
    """A query's outcome: order (n,) best first, score (n,), name -> (n,) probability; rows: those of each chunk, as encoded."""

    query: _Query
    rows: list[Inputs]
    order: np.ndarray
    score: np.ndarray
    probabilities: dict[str, np.ndarray]

    @property
    def ranks(self) -> np.ndarray:
        """(n,) the rank of each candidate, from 1."""
        return np.argsort(self.order) + 1


class Ranker:
    """Ranks candidates with a trained model; threads may share it.

    Args:
        run: the model.
        folder: jobs, resumes and past hires that are known by their id; None where everything is given by hand.
        features: of the folder's jobs and resumes.
        kept: of the folder, for what is made of its resumes.
    Raises:
        RunError: the run is one of a table.
    """

    def __init__(self, run: Run, folder: DataFolder | None = None, features: Features | None = None, kept: KeptRows | None = None) -> None:
        if not isinstance(run.encoder, Encoder) or not isinstance(run.config.data, FolderConfig):
            raise RunError(f"{run.folder}: trained on a table, which has no jobs and resumes to rank; use `minirank score`")
        if ranking_score({task: np.ones(1) for task in run.plan.spec.tasks}, run.config.score) is None:
            raise RunError(f"{run.folder}: no task of this run enters the score; set score.ctr, score.cvr or score.relevance")
        self.run, self.folder, self.features, self._kept = run, folder, features, kept
        self._encoder, self._data = run.encoder, run.config.data
        self.executor, self.history, self.now = run.executor, PastHires(), run.encoder.until
        self._jobs, self._newest, self._latest = {}, {}, []  # job_id -> row; resume_id -> place in the rows of newest snapshots
        renew_in_forks(self).renew()
        self._everyone: Pool | None = None  # the pool of these snapshots, once somebody asked for one
        if folder is not None:
            self.history = PastHires.from_folder(folder, features)
            self._jobs = {job_id: row for row, job_id in enumerate(column_of(folder.jobs, "job_id"))}
            self._latest = folder.latest_resumes().tolist()
            ids = column_of(folder.resumes, "resume_id")
            self._newest = {ids[row]: place for place, row in enumerate(self._latest)}
            self.now = max(self.now, folder.until, *column_of(folder.resumes, "updated_at"))
            self.folder = folder.dated(self.now)

    def renew(self) -> None:
        """Nobody is at work with it; called in a forked process."""
        self._lock = Lock()

    @classmethod
    def load(cls, run: Run | str | Path, data: str | Path | None = None, kept: Kept = NOTHING_KEPT) -> Ranker:
        """A ranker for a run folder.

        Args:
            run: the folder, or the `Run` read from it.
            data: a data folder, which needs no log; by default the one that the run was trained on, where it is still there.
            kept: what was made of the very same data before is taken from there, and kept there for the next time.
        Raises:
            ConfigError: the backend cannot run here.
            RunError: no run, or one of a table.
            DataError: the data folder cannot be used.
        """
        run = run if isinstance(run, Run) else load_run(run)
        check_backend(run.config)  # before the data are read
        config = run.config.data
        if not isinstance(config, FolderConfig) or (data is None and not config.folder.is_dir()):
            return cls(run)
        folder = read_folder(config.folder if data is None else data, config.columns, needs_log=False, kept=kept)
        rows = KeptRows(kept, folder)
        return cls(run, folder, _features_of(folder, run, rows), rows)

    def rank(
        self, job: Job, resumes: Resumes | None = None, role: str | None = None, top: int | None = None, *, now: int | None = None
    ) -> Ranking:
        """The candidates of a job, best first; equal scores in the order of resume_id.

        Args:
            job: a job_id of the data folder, or {title, description, team_id?, posted_at?, location?}.
            resumes: resume_ids of the folder and {resume_id, text, updated_at?, location?} in any mixture; None is
                the newest snapshot of every resume of the folder. Of snapshots with one id the newest counts.
                Rules read the first `extract.TEXT_LIMIT` characters of what is given by hand.
            role: the recruiter's; None, or one that training never saw, gets the gates that all roles share.
            top: candidates to return and explain; None returns all of them.
            now: seconds since the epoch, the time of the search; None is the latest time that the data know.
        Raises:
            DataError: an argument of another kind, an id that the folder does not have, a key that is missing, no
                candidate.
        """
        check_query(job, (role,), top, now)
        return self._ranking(self._score(self._query(job, self._pool_of(resumes, now), role, now)), top)

    def rank_jobs(
        self,
        jobs: Iterable[Job],
        resumes: Resumes | None = None,
        role: str | None = None,
        top: int | None = None,
        *,
        now: int | None = None,
    ) -> Iterator[ShortRanking]:
        """The same candidates for one job after the other: as `rank`, without the reasons; what is read of a resume is read once.

        Args:
            jobs: as `job` of `rank`; the others likewise.
        Yields: a `ShortRanking` a job, in their order.
        """
        pool = None
        for job in jobs:
            check_query(job, (role,), top, now)
            pool = self._pool_of(resumes, now) if pool is None else pool
            scored = self._score(self._query(job, pool, role, now))
            chosen = scored.order[:top].tolist()
            names = tuple(pool.resumes[row]["resume_id"] for row in chosen)
            yield ShortRanking(scored.query.job["job_id"], names, scored.score[chosen], self._note(scored.query))

    def compare(
        self,
        job: Job,
        role_a: str | None,
        role_b: str | None,
        resumes: Resumes | None = None,
        top: int | None = None,
        *,
        now: int | None = None,
    ) -> Comparison:
        """How the list of a job changes when another recruiter asks; arguments as for `rank`."""
        found = self.rank_roles(job, (role_a, role_b), resumes, top, now=now)
        (rank_a, rank_b), last = found.ranks, len(found.resume_ids) if top is None else top
        shown = sorted(np.flatnonzero((rank_a <= last) | (rank_b <= last)).tolist(), key=lambda row: rank_a[row])
        moves = tuple(Move(found.resume_ids[row], int(rank_a[row]), int(rank_b[row])) for row in shown)
        a, b = found.rankings
        return Comparison(a, b, moves, found.overlap(0, 1), found.kendall_tau(0, 1))

    def rank_roles(
        self, job: Job, roles: Sequence[str | None], resumes: Resumes | None = None, top: int | None = None, *, now: int | None = None
    ) -> RoleRankings:
        """The list of a job for each of some recruiters, one at least; arguments as for `rank`."""
        check_query(job, roles, top, now)
        query = self._query(job, self._pool_of(resumes, now), roles[0], now)
        rows = self._rows(query)
        scored = [self._score(replace(query, role=role), [self._encoder.for_role(chunk, role) for chunk in rows]) for role in roles]
        return RoleRankings(
            rankings=tuple(self._ranking(each, top) for each in scored),
            resume_ids=tuple(resume["resume_id"] for resume in query.pool.resumes),
            ranks=np.stack([each.ranks for each in scored]),
            probabilities={name: np.stack([each.probabilities[name] for each in scored]) for name in scored[0].probabilities},
            rows=tuple(self._encode(each.query, query.pool.take(each.order[:top].tolist())) for each in scored),
        )

    @cached_property
    def _gazetteer(self) -> Gazetteer | None:
        return _gazetteer_of(self.run)

    def _pool_of(self, resumes: Resumes | None, now: int | None) -> Pool:
        pool = self._all() if resumes is None else self._given(check_resumes(resumes), self.now if now is None else now)
        if not len(pool):
            raise DataError("there is no candidate to rank", remedy="give resumes, or a data folder that has some")
        return pool

    def _query(self, job: Job, pool: Pool, role: str | None, now: int | None) -> _Query:
        now = self.now if now is None else now
        if isinstance(job, Mapping):
            job = check_job(job, now)
            job_features = job_by_rules(job, self._gazetteer)
        else:
            row = self._place(self._jobs, job, "job", "jobs.jsonl")
            job, job_features = self.folder.jobs[row], self.features.jobs[row]
        encoder = self._encoder
        known, asked = encoder.words_known(job, job_features), encoder.asked(job, job_features, self.history, pool.table.model)
        return _Query(job, job_features, role, max(now, job["posted_at"]), pool, known, asked)

    def _all(self) -> Pool:
        """The newest snapshot of every resume of the folder, encoded as far as that needs no job."""
        if self.folder is None:
            raise DataError("there is no candidate to rank", remedy="give resumes, or a data folder that has some")
        with self._lock:
            if self._everyone is None:
                self._everyone = newest_of(self.folder, self.features, self._latest, self._encoder, self._kept)
            return self._everyone

    def _given(self, resumes: list[str | Mapping[str, Any]], now: int) -> Pool:
        """Resumes by id and by hand; where all are ids, what was encoded once serves every request."""
        names = [resume for resume in resumes if isinstance(resume, str)]
        if names and len(names) == len(resumes):
            places = [self._place(self._newest, name, "resume", "resumes.jsonl") for name in dict.fromkeys(names)]
            return self._all().take(places)
        found: list[Any] = []
        features: list[ResumeFeatures | None] = []
        for resume in resumes:
            if isinstance(resume, Mapping):
                found.append(check_resume(resume, now))
                features.append(None)
            else:
                row = self._latest[self._place(self._newest, resume, "resume", "resumes.jsonl")]
                found.append(self.folder.resumes[row])
                features.append(self.features.resumes[row])
        chosen = newest(found)
        return self._pool([found[row] for row in chosen], [features[row] or resume_by_rules(found[row], self._gazetteer) for row in chosen])

    def _pool(self, resumes: Sequence[dict[str, Any]], features: Sequence[Any]) -> Pool:
        return Pool(resumes, features, self._encoder.resumes(resumes, features))

    def _place(self, known: dict[str, int], name: str, kind: str, file: str) -> int:
        if self.folder is None:
            data = self._data.folder
            remedy = f"give the data folder (--data), or write where it is now as data.folder in {self.run.folder / CONFIG}"
            raise DataError(f"{kind} {name!r} is asked for by id, but {data} is not there", remedy=remedy)
        if name not in known:
            near = nearest(name, known)
            remedy = (
                f"did you mean {near if near.isascii() else ascii(near)}?"
                if near
                else f"take an id of that file, such as {next(iter(known))}"
            )
            raise DataError(f"no {kind} {name!r} in {self.folder.path}", file=file, remedy=remedy)
        return known[name]

    def _encode(self, query: _Query, pool: Pool) -> Inputs:
        """The job and some of its candidates as rows."""
        return self._encoder.pairs_of(query.asked, pool.table, query.role, query.now)

    def _rows(self, query: _Query) -> list[Inputs]:
        """Every candidate as a row, chunk by chunk."""
        return [self._encode(query, query.pool.take(part)) for part in query.pool.parts]

    def _score(self, query: _Query, rows: list[Inputs] | None = None) -> _Scored:
        """Every candidate's probabilities and place; rows: `_rows` of the query, where they are at hand."""
        pool, run = query.pool, self.run
        rows = self._rows(query) if rows is None else rows
        predicted = [
            predict(run.executor, run.values, inputs, run.config.model.position_field, run.plan.spec.of_request) for inputs in rows
        ]
        joined = {name: np.concatenate([part[name] for part in predicted]) for name in predicted[0]}
        score = ranking_score(joined, run.config.score)
        order = np.argsort(-score, kind="stable")
        if (score[order[1:]] == score[order[:-1]]).any():  # NOTE: not by an array of ids, in which NumPy drops a NUL at the end
            ids = column_of(pool.resumes, "resume_id")
            order = np.array(sorted(order.tolist(), key=lambda row: (-score[row], ids[row])))
        return _Scored(query, rows, order, score, {ours: joined[name] for ours, name in NAMES.items() if name in joined})

    def _ranking(self, scored: _Scored, top: int | None) -> Ranking:
        query, config = scored.query, self.run.config
        candidates: list[Candidate] = []
        chosen = scored.order[:top].tolist()
        for first in range(0, len(chosen), CHUNK_ROWS):
            candidates += self._explain(scored, chosen[first : first + CHUNK_ROWS], first + 1)
        head = query.job["job_id"], query.job["title"], query.role, self._note(query)
        known = {"job": float(query.words_known[0][0]), "resumes": float(query.pool.table.known.mean())}
        reads = self._encoder.text is not None
        return Ranking(*head, config.score, len(query.pool), tuple(candidates), self.run.left_out, known if reads else {})

    def _explain(self, scored: _Scored, rows: list[int], rank: int) -> list[Candidate]:
        """The candidates at `rows`, whose ranks begin with `rank`."""
        query, pool = scored.query, scored.query.pool.take(rows)
        encoder = self._encoder
        found = evidence(encoder.config, query.job, query.job_features, self.history, pool.resumes, pool.features, encoder.text)
        gates = self._gates(scored, np.array(rows))
        candidates = []
        for place, (row, resume) in enumerate(zip(rows, pool.resumes)):
            probabilities = {name: float(values[row]) for name, values in scored.probabilities.items()}
            shares = {task: dict(zip(names, weights[place].tolist())) for task, (names, weights) in gates.items()}
            numbers = rank + place, float(scored.score[row])
            candidates.append(Candidate(resume["resume_id"], *numbers, probabilities, shares, found[place]))
        return candidates

    def _gates(self, scored: _Scored, rows: np.ndarray) -> dict[str, tuple[list[str], np.ndarray]]:
        """task -> (names of the experts, (n, E) weights) of the candidates at `rows` (n,)."""
        plan = self.run.plan
        experts = gate_experts(plan, self.run.config.model)
        weights = {slot: np.empty((len(rows), plan.outputs[slot].width)) for slot, _, _ in experts.values()}
        chunk, place = np.divmod(rows, CHUNK_ROWS)
        for number in np.unique(chunk) if weights else ():
            inputs = scored.rows[number].take(place[chunk == number])
            for slot, found in self.executor.outputs(self.run.values, inputs, tuple(weights)).items():
                weights[slot][chunk == number] = found
        return {task: (names, weights[slot][:, first : first + len(names)]) for task, (slot, first, names) in experts.items()}

    def _note(self, query: _Query) -> str | None:
        """What to know about the list, None where there is nothing to say."""
        job, pool = query.job, query.pool
        notes = (
            note_of_role(query.role, self._encoder.roles, self.run.config.model),
            without_vectors("{:,} of {:,} resumes", pool.table.meaning),
            note_of_texts(job, query.job_features, query.words_known, pool.resumes, pool.features, pool.table),
        )
        return "; ".join(note for note in notes if note is not None) or None


def _gazetteer_of(run: Run) -> Gazetteer | None:
    assert isinstance(run.config.data, FolderConfig)
    return read_gazetteer(run.config.data.gazetteer, f"data.gazetteer of {run.folder / CONFIG}")


def _features_of(folder: DataFolder, run: Run, kept: KeptRows) -> Features:
    """What extraction left beside the data; without it, rules read every text now, and nothing is written."""
    if any((folder.path / name).exists() for name in (JOB_FILE, RESUME_FILE)):
        return read_features(folder, kept.kept, kept.sources)
    labels = _gazetteer_of(run)
    return Features([job_by_rules(job, labels) for job in folder.jobs], [resume_by_rules(resume, labels) for resume in folder.resumes])
