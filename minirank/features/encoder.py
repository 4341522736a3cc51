"""The encoder: vocabularies and statistics of training rows, and how a row becomes ids, bags and dense columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minirank.data import Dataset, fingerprint, protected_columns
from minirank.errors import DataError
from minirank.features import store
from minirank.features.evidence import evidence
from minirank.features.feature_config import FeatureConfig
from minirank.features.hires import PastHires
from minirank.features.history import History, shared_skills
from minirank.features.match import FEATURES, covered, match_features
from minirank.features.sparse import column
from minirank.features.tables import LEVELS, Table, job_table, job_text, resume_table, resume_text
from minirank.features.tfidf import TextModel, hashed_counts
from minirank.kernels.batch import Bag, Batch, InputSpec

TASKS = ("ctr", "cvr", "relevance")
CLIP = 5.0  # standard deviations
SHARED_SKILLS = 10  # ids in the bag of skills that past hires share
MAX_POSITION = 50
IDS = {"job_id": "job", "team_id": "job", "resume_id": "resume"}


@dataclass(frozen=True)
class Encoder:
    """Turns pairs of a job and a resume into rows. Made by `fit` or `load`; holds no text and no label.

    Args:
        config: which features there are.
        roles: names of the roles in training rows, sorted; roles[i] has id i + 1, any other role id 0.
        vocabularies: field -> its names in id order, from id 1; id 0 is unknown.
        text: the words in use, or None without text and tokens.
        mean, std: (P,) float64, of the raw dense features in training rows, unknown values left out.
        until: seconds, the time of the last training row.
    """

    config: FeatureConfig
    roles: tuple[str, ...]
    vocabularies: dict[str, tuple[str, ...]]
    text: TextModel | None
    mean: np.ndarray
    std: np.ndarray
    until: int
    max_position: int = MAX_POSITION

    @classmethod
    def fit(cls, folder, features, rows: np.ndarray, config: FeatureConfig = FeatureConfig()) -> "Encoder":
        """Vocabularies, document frequencies and statistics of training rows; no other row is looked at.

        Args:
            folder: `DataFolder`.
            features: `Features` of its jobs and resumes.
            rows: (n,) training rows of `folder.impressions`.
            config: which features to make.
        Raises:
            DataError: `config.columns` names a protected attribute, or a key that no line has.
        """
        if not len(rows):
            raise ValueError("rows must hold at least one training row, got none")
        _check_columns(folder, config)
        shown = folder.impressions
        used_jobs, job = np.unique(shown.job[rows], return_inverse=True)
        used_resumes, resume = np.unique(shown.resume[rows], return_inverse=True)
        jobs, jobs_found = [folder.jobs[j] for j in used_jobs], [features.jobs[j] for j in used_jobs]
        resumes, resumes_found = [folder.resumes[r] for r in used_resumes], [features.resumes[r] for r in used_resumes]
        model = job_counts = resume_counts = None
        if config.text or config.tokens:
            texts = [job_text(*pair) for pair in zip(jobs, jobs_found)]
            texts += [resume_text(*pair) for pair in zip(resumes, resumes_found)]
            counts = hashed_counts(texts, config.buckets, config.bigrams)
            model = TextModel.fit(counts, config.min_count, config.bigrams)
            job_counts, resume_counts = counts[: len(jobs)], counts[len(jobs) :]
        most = config.tokens_per_text
        job_side = job_table(jobs, jobs_found, model, most, job_counts)
        resume_side = resume_table(resumes, resumes_found, model, most, resume_counts)
        history = _history(config, job_side, PastHires.from_folder(folder, features), model)
        raw = match_features(job_side, resume_side, history, job, resume, shown.time[rows])
        mean, std = _statistics([raw[f.name] for f in _dense(config)])
        return cls(
            config=config,
            roles=tuple(sorted({folder.roles[role] for role in np.unique(shown.role[rows])})),
            vocabularies=_vocabularies(config, job_side, resume_side, job, resume),
            text=model,
            mean=mean,
            std=std,
            until=int(shown.time[rows].max()),
        )

    @property
    def inputs(self) -> InputSpec:
        """Names and sizes of what a row holds."""
        size = {field: len(names) + 1 for field, names in self.vocabularies.items()}
        categorical = [("role", len(self.roles) + 1), ("position", self.max_position + 1)]
        categorical += [("job_title", size["title"]), ("resume_title", size["title"])]
        categorical += [("job_domain", size["domain"]), ("resume_domain", size["domain"])]
        for level, names in LEVELS.items():
            categorical += [(f"job_{level}", len(names) + 1), (f"resume_{level}", len(names) + 1)]
        categorical.append(("location_match", 4))
        if self.config.signals:
            categorical.append(("history", 3))
        categorical += [(field, size[field]) for field in self._further]
        bags = []
        if self.config.skills:
            bags += [(name, size["skill"]) for name in ("must_have", "nice_to_have", "resume_skills", "must_covered")]
        if self.config.signals:
            bags.append(("hired_skills", size["skill"]))
        if self.config.tokens:
            bags += [("job_tokens", len(self.text) + 1), ("resume_tokens", len(self.text) + 1)]
        dense = [f.name for f in _dense(self.config)] + [f"{f.name}_unknown" for f in _dense(self.config) if f.flag]
        named = ("role", "position", "must_have", "nice_to_have")
        of_request = [name for name, _ in categorical + bags if name in named or name.startswith("job_")]
        own = tuple(name for name in of_request if name not in self._further)
        return InputSpec(tuple(categorical), tuple(bags), tuple(dense), TASKS, own)

    def dataset(self, folder, features, split) -> Dataset:
        """All impressions of a folder as rows.

        Labels: ctr is `clicked`; cvr is `converted` where clicked is 1, else missing; relevance is the
        grade, weighted by its confidence (1 where that is missing).

        Args:
            folder: `DataFolder`.
            features: `Features` of its jobs and resumes.
            split: `Split` with train, valid and test rows.
        """
        _check_columns(folder, self.config)
        shown = folder.impressions
        jobs = job_table(folder.jobs, features.jobs, self.text, self.config.tokens_per_text)
        past = PastHires.from_folder(folder, features)
        role = np.array([self._role(name) for name in folder.roles], np.int32)[shown.role]
        converted = np.where(shown.clicked == 1, shown.converted, np.nan)
        labels = np.stack([shown.clicked, converted, shown.relevance], axis=1).astype(np.float32)
        confidence = np.where(np.isnan(shown.confidence), 1.0, shown.confidence)
        weights = np.stack([np.ones(len(role)), np.ones(len(role)), confidence], axis=1).astype(np.float32)
        ids, bags, dense = self._encode(jobs, self.resumes(folder.resumes, features.resumes), past, shown.job, shown.resume, shown.time)
        ids[:, 0], ids[:, 1] = role, np.minimum(shown.position, self.max_position)
        made = [folder.path / name for name in ("job_features.jsonl", "resume_features.jsonl")]
        return Dataset(
            inputs=self.inputs,
            rows=Batch(ids, bags, dense, labels, weights, shown.search.astype(np.int32)),
            train=split.train,
            valid=split.valid,
            test=split.test,
            search=shown.search,
            job=shown.job,
            role=shown.role,
            role_names=folder.roles,
            truth=folder.truth,
            fingerprint=fingerprint([*folder.files, *(path for path in made if path.exists())]),
            encoder=self,
        )

    def resumes(self, resumes, features) -> Table:
        """Resumes made ready for `pairs`, worth keeping where many jobs are ranked over the same people.

        Args:
            resumes: n mappings with resume_id, text, updated_at (seconds).
            features: n `ResumeFeatures`.
        """
        return resume_table(resumes, features, self.text, self.config.tokens_per_text)

    def pairs(self, job, job_features, history: PastHires | None, resumes, resume_features, role, now=None) -> Batch:
        """One job and its candidates as rows, with the numbers that `dataset` has for the same pair at the same time.

        Args:
            job: mapping with job_id, team_id, title, description, posted_at (seconds).
            job_features: `JobFeatures`.
            history: past hires, or None.
            resumes: n mappings, or a `Table` from `resumes`.
            resume_features: n `ResumeFeatures`; None with a `Table`.
            role: the recruiter's role; one that training never saw gets id 0.
            now: seconds; by default the latest time that the job, the candidates and training know of.
        Returns:
            n rows: position 0, labels NaN, weights 0, one group.
        """
        table = resumes if isinstance(resumes, Table) else self.resumes(resumes, resume_features)
        jobs = job_table([job], [job_features], self.text, self.config.tokens_per_text)
        n = len(table)
        if now is None:
            now = max([self.until, int(jobs.time[0]), *table.time.tolist()])
        job_row, resume_row, time = np.zeros(n, np.int32), np.arange(n, dtype=np.int32), np.full(n, now, np.int64)
        ids, bags, dense = self._encode(jobs, table, history or PastHires(), job_row, resume_row, time)
        ids[:, 0] = self._role(role)
        empty = np.full((n, len(TASKS)), np.nan, np.float32)
        return Batch(ids, bags, dense, empty, np.zeros_like(empty), np.zeros(n, np.int32))

    def evidence(self, job, job_features, history: PastHires | None, resumes, resume_features) -> list[dict]:
        """Why each candidate fits: see `minirank.features.evidence.evidence`."""
        return evidence(self.config, job, job_features, history or PastHires(), resumes, resume_features)

    def save(self, folder: str | Path) -> None:
        """Writes encoder.json and encoder.npz; the same encoder gives the same bytes."""
        store.save(self, Path(folder))

    @classmethod
    def load(cls, folder: str | Path) -> "Encoder":
        """Reads what `save` wrote.

        Raises:
            RunError: a file is missing, truncated or of another version.
        """
        return cls(**store.load(Path(folder)))

    @property
    def _further(self) -> tuple[str, ...]:
        return (*self.config.columns, *(IDS if self.config.ids else ()))

    def _role(self, name: str) -> int:
        return self.roles.index(name) + 1 if name in self.roles else 0

    def _encode(self, jobs: Table, resumes: Table, past: PastHires, job, resume, time):
        """(N, C) ids with role and position left 0, the bags, (N, ND) dense."""
        history = _history(self.config, jobs, past, self.text)
        raw = match_features(jobs, resumes, history, job, resume, time)
        columns = [np.zeros(len(job), np.int32)] * 2
        for field, names in (("title", self.vocabularies["title"]), ("domain", self.vocabularies["domain"])):
            place = {name: i + 1 for i, name in enumerate(names)}
            for table, rows in ((jobs, job), (resumes, resume)):
                columns.append(np.array([place.get(name, 0) for name in getattr(table, field)], np.int32)[rows])
        for level in LEVELS:
            columns += [jobs.levels[level][job] + 1, resumes.levels[level][resume] + 1]
        match = raw["location_match"]
        columns.append(np.select([np.isnan(match), match == 0, match < 1], [0, 1, 2], 3))
        if history is not None:
            columns.append(history.level[job])
        for field in self._further:
            place = {name: i + 1 for i, name in enumerate(self.vocabularies[field])}
            table, rows = (jobs, job) if _side(field) == "job" else (resumes, resume)
            columns.append(np.array([place.get(name, 0) for name in _names(table, field)], np.int32)[rows])
        ids = np.stack(columns, axis=1).astype(np.int32)
        return ids, self._bags(jobs, resumes, history, job, resume), self._standardise(raw, len(job))

    def _bags(self, jobs: Table, resumes: Table, history: History | None, job, resume) -> tuple[Bag, ...]:
        bags, job, resume = [], job.astype(np.int32), resume.astype(np.int32)
        if self.config.skills:
            for name, table, rows in (("must", jobs, job), ("nice", jobs, job), ("skills", resumes, resume)):
                bags.append(self._skill_bag(table.sets[name], rows))
            bags.append(self._skill_bag(covered(jobs, resumes, job, resume), np.arange(len(job), dtype=np.int32)))
        if history is not None:
            slot = history.removed(resumes, job, resume)
            shared = shared_skills(history, self.config.hires, SHARED_SKILLS)
            shared.resize(shared.shape[0] + 1, shared.shape[1])  # an empty last row for jobs without a history
            bags.append(self._skill_bag(shared, np.where(slot < 0, shared.shape[0] - 1, slot).astype(np.int32)))
        if self.config.tokens:
            bags += [Bag(job, *jobs.tokens), Bag(resume, *resumes.tokens)]
        return tuple(bags)

    def _skill_bag(self, rows, entity: np.ndarray) -> Bag:
        known = np.array([column(name) for name in self.vocabularies["skill"]], np.int64)
        order = np.argsort(known)
        ids = np.zeros(len(rows.indices), np.int32)
        if len(known):
            at = order[np.minimum(np.searchsorted(known, rows.indices, sorter=order), len(known) - 1)]
            ids = np.where(known[at] == rows.indices, at + 1, 0).astype(np.int32)
        return Bag(entity, rows.indptr.astype(np.int64), ids)

    def _standardise(self, raw: dict[str, np.ndarray], n: int) -> np.ndarray:
        features = _dense(self.config)
        dense = np.zeros((n, len(features) + sum(f.flag for f in features)), np.float32)
        for place, feature in enumerate(features):
            scaled = (raw[feature.name] - self.mean[place]) / self.std[place]
            dense[:, place] = np.clip(np.nan_to_num(scaled, nan=0.0), -CLIP, CLIP)
        for place, feature in enumerate([f for f in features if f.flag], len(features)):
            dense[:, place] = np.isnan(raw[feature.name])
        return dense


def _dense(config: FeatureConfig) -> list:
    return [feature for feature in FEATURES if all(getattr(config, group) for group in feature.groups)]


def _history(config: FeatureConfig, jobs: Table, past: PastHires, model) -> History | None:
    return History.of(jobs, past, config.hires, config.max_hires, model) if config.signals else None


def _statistics(columns) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation without the unknown; 0 and 1 where nothing is known or nothing differs."""
    known = [values[np.isfinite(values)] for values in columns]
    mean = np.array([values.mean() if len(values) else 0.0 for values in known])
    std = np.array([values.std() if len(values) else 0.0 for values in known])
    return mean, np.where(std > 1e-9, std, 1.0)


def _vocabularies(config: FeatureConfig, jobs: Table, resumes: Table, job, resume) -> dict[str, tuple[str, ...]]:
    """Names that at least `min_count` training jobs and resumes hold (for identifiers: training rows), sorted."""
    skills = [[v.value for v in (*f.must_have, *f.nice_to_have)] for f in jobs.features]
    skills += [[v.value for v in f.skills] for f in resumes.features]
    counts = {
        "title": Counter(title for title in jobs.title + resumes.title if title is not None),
        "domain": Counter(domain for domain in jobs.domain + resumes.domain if domain is not None),
        "skill": Counter(name for names in skills for name in set(names)),
    }
    for field in config.columns:
        table = jobs if _side(field) == "job" else resumes
        counts[field] = Counter(name for name in _names(table, field) if name is not None)
    for field, side in IDS.items() if config.ids else ():
        table, rows = (jobs, job) if side == "job" else (resumes, resume)
        names = _names(table, field)
        counts[field] = Counter(names[row] for row in rows)
    return {field: tuple(sorted(name for name, count in found.items() if count >= config.min_count)) for field, found in counts.items()}


def _side(field: str) -> str:
    return IDS.get(field) or field.partition(".")[0]


def _names(table: Table, field: str) -> list:
    key = field if field in IDS else field.partition(".")[2]
    values = [record.get(key) for record in table.records]
    return [None if value is None else str(value) for value in values]


def _check_columns(folder, config: FeatureConfig) -> None:
    protected = protected_columns(folder.path) if config.columns else ()
    for field in config.columns:
        side, _, key = field.partition(".")
        if key in protected:
            raise DataError(
                "a protected attribute is never a feature", file="protected.csv", column=key, remedy=f"take {field} out of features.columns"
            )
        records = folder.jobs if side == "job" else folder.resumes
        if not any(key in record for record in records):
            remedy = f"take {field} out of features.columns"
            raise DataError("no line has it", file=f"{side}s.jsonl", column=key, remedy=remedy)
