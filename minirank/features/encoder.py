"""The encoder: vocabularies and statistics of training rows, and how a row becomes ids, bags and dense columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from minirank.config.features import FeatureConfig
from minirank.data import DataFolder, Dataset, Split, fingerprint, protected_columns
from minirank.data.column_facts import ColumnFacts
from minirank.data.kept.mapped_rows import MappedInputs
from minirank.errors import DataError
from minirank.extract import Features, JobFeatures
from minirank.features import encoder_files, inputs
from minirank.features.column_facts import folder_facts
from minirank.features.embeddings import Vectors
from minirank.features.folder_dataset import TASKS, folder_dataset
from minirank.features.hires import PastHires
from minirank.features.history import History
from minirank.features.inputs import Input
from minirank.features.kept_rows import KeptRows
from minirank.features.links import Links
from minirank.features.market import Market
from minirank.features.new_texts import remarks_of
from minirank.features.pairs import MatchedPairs
from minirank.features.profiles import Profiles, Record, Records, ResumesFound, job_profiles, job_text, resume_profiles, resume_text
from minirank.features.statistics import roles_of, skills_of, statistics, vocabularies_of
from minirank.features.stored_profiles import StoredProfiles
from minirank.features.tfidf import TextModel
from minirank.features.word_counts import counts_of, hashed_counts
from minirank.kernels.batch import Inputs, InputSpec, hide
from minirank.progress import stage

Asked = tuple[Profiles, History | None]  # a job, and who was hired for such before
Encoded = tuple[Inputs | MappedInputs, list[str], dict[str, ColumnFacts]]  # as `Encoder.rows` gives them

CLIP = 5.0  # standard deviations
MAX_POSITION = 50


@dataclass(frozen=True)
class Encoder:
    """Turns pairs of a job and a resume into rows. Made by `fit` or `load`; holds no text and no label.

    Args:
        config: which features there are.
        roles: names of the roles in training rows, sorted; roles[i] has id i + 1, any other role id 0.
        vocabularies: field -> its names in id order, from id 1; id 0 is unknown.
        text: the words in use and how rare they are, or None without text and tokens.
        market: what training jobs and resumes show of their market.
        mean, std: (P,) float64, of the raw dense features in training rows, unknown values left out.
        until: seconds, the time of the last training row.
    """

    config: FeatureConfig
    roles: tuple[str, ...]
    vocabularies: dict[str, tuple[str, ...]]
    text: TextModel | None
    market: Market
    mean: np.ndarray
    std: np.ndarray
    until: int
    max_position: int = MAX_POSITION

    @classmethod
    def fit(
        cls,
        folder: DataFolder,
        features: Features,
        rows: np.ndarray,
        config: FeatureConfig = FeatureConfig(),
        vectors: Vectors | None = None,
    ) -> Encoder:
        """Vocabularies, document frequencies and statistics of training rows; no other row is looked at.

        Args:
            folder: `DataFolder`.
            features: `Features` of its jobs and resumes.
            rows: (n,) training rows of `folder.impressions`.
            config: which features to make.
            vectors: of texts, where `config.embedded`.
        Raises:
            DataError: `config.columns` names a protected attribute, or a key that no line has.
        """
        if not len(rows):
            raise ValueError("rows must hold at least one training row, got none")
        if config.embedded and vectors is None:
            raise ValueError("vectors must be given, for config.embeddings names a model")
        check_columns(folder, config)
        shown = folder.impressions
        used_jobs, job = np.unique(shown.job[rows], return_inverse=True)
        used_resumes, resume = np.unique(shown.resume[rows], return_inverse=True)
        jobs, jobs_found = [folder.jobs[j] for j in used_jobs], [features.jobs[j] for j in used_jobs]
        resumes, resumes_found = [folder.resumes[r] for r in used_resumes], [features.resumes[r] for r in used_resumes]
        model = job_counts = resume_counts = None
        if config.text or config.tokens:
            job_texts = [job_text(job, found).text for job, found in zip(jobs, jobs_found)]
            people_texts = [resume_text(resume, found).text for resume, found in zip(resumes, resumes_found)]
            counts = counts_of((*job_texts, *people_texts), config.buckets, config.bigrams)
            model = TextModel.fit(*counts, len(resumes), config.min_count, config.bigrams)
            if config.embedded:
                model = replace(model, vectors=vectors)
            if config.links:
                pairs_of_texts = zip(people_texts, resumes_found)
                snapshots = {resume["resume_id"]: pair for resume, pair in zip(resumes, pairs_of_texts)}  # the last of each
                by_meaning = model.vectors.of if model.vectors is not None else None
                model = replace(model, links=Links.fit(zip(job_texts, jobs_found), snapshots.values(), by_meaning))
            job_counts, resume_counts = (tuple(found[rows] for found in counts) for rows in (slice(len(jobs)), slice(len(jobs), None)))
        most = config.tokens_per_text
        job_side = job_profiles(jobs, jobs_found, model, most, job_counts)
        resume_side = resume_profiles(resumes, resumes_found, model, most, resume_counts)
        history = history_of(config, job_side, PastHires.from_folder(folder, features), model)
        market = Market.fit(job_side, resume_side, config.min_count)
        pairs = MatchedPairs(job_side, resume_side, history, job, resume, shown.time[rows], market=market)
        found = [statistics(feature.column(pairs)) for feature in inputs.features(config)]
        mean, std = (np.array([each[place] for each in found]) for place in (0, 1))
        return cls(
            config=config,
            roles=roles_of(folder, rows),
            vocabularies=vocabularies_of(config, pairs, skills_of(job_side) + skills_of(resume_side)),
            text=model,
            market=market,
            mean=mean,
            std=std,
            until=int(shown.time[rows].max()),
        )

    @property
    def inputs(self) -> InputSpec:
        """Names and sizes of what a row holds."""
        categorical, bags = inputs.categorical(self.config), inputs.bags(self.config)
        of_vocabulary = {name: [each.name for each in (*categorical, *bags) if each.size == name] for name in sorted(self.vocabularies)}
        return InputSpec(
            categorical=tuple((field.name, self._size(field.size)) for field in categorical),
            bags=tuple((bag.name, self._size(bag.size)) for bag in bags),
            dense=tuple(name for name, _, _ in inputs.dense_columns(self.config)),
            tasks=TASKS,
            of_request=tuple(each.name for each in (*categorical, *bags) if each.of_request),
            read=inputs.hidden_groups(self.config),
            vocabularies=tuple(tuple(names) for names in of_vocabulary.values() if names),
        )

    def dataset(
        self,
        folder: DataFolder,
        features: Features | Callable[[], Features],
        split: Split,
        say: Callable[[str], None] = lambda text: None,
        kept: KeptRows | None = None,
        encoded: Encoded | None = None,
    ) -> Dataset:
        """All impressions of a folder as rows.

        Labels: ctr is `clicked`; cvr is `converted` where clicked is 1, else missing; relevance is the
        grade, weighted by its confidence (1 where that is missing).

        Args:
            features: of its jobs and resumes, or what gives them, where rows are not kept.
            split: its train, valid and test rows.
            say: told of texts in words that training does not know.
            kept: of the folder.
            encoded: what `rows` gives, where it is at hand.
        """
        made, columns = self.encoded(folder, features, split, say, kept, encoded)
        features_files = [folder.path / name for name in ("job_features.jsonl", "resume_features.jsonl")]
        if (files := None if kept is None else kept.fingerprint(folder.files)) is None:
            files = fingerprint([*folder.files, *(path for path in features_files if path.exists())])
        return folder_dataset(folder, split, self.inputs, made, folder.truth, files, self, columns)

    def encoded(
        self,
        folder: DataFolder,
        features: Features | Callable[[], Features],
        split: Split,
        say: Callable[[str], None],
        kept: KeptRows | None,
        encoded: Encoded | None = None,
    ) -> tuple[Inputs | MappedInputs, dict[str, ColumnFacts]]:
        """The inputs of `dataset`, whose arguments these are, from where they are kept or made now, and what is left of the columns."""
        check_columns(folder, self.config)
        found = None if kept is None or encoded is not None else kept.read_rows(self)
        if found is None:
            features = features() if callable(features) else features
            made, told, columns = encoded or self.rows(folder, features, split, kept)
            if kept is not None and isinstance(made, Inputs):
                made = kept.write_rows(self, made, told)
        else:
            (made, told), columns = found, {}
        for each in told:
            say(each)
        return made, columns

    def rows(self, folder: DataFolder, features: Features, split: Split, kept: KeptRows | None = None) -> Encoded:
        """All impressions as the model reads them, what there is to say of the texts, and what is left of the columns.

        Args:
            kept: where rows that take too much of the memory are kept, and mapped.
        """
        if kept is not None and self.text is not None and not self.config.embedded and kept.texts_exceed(self.config):
            from minirank.features.fit_in_parts import rows_in_parts

            found = rows_in_parts(self, folder, features, split, kept)
            if found is not None:
                return found
        resumes = self.resumes(folder.resumes, features.resumes)
        jobs = job_profiles(folder.jobs, features.jobs, resumes.model, self.config.tokens_per_text)
        history = history_of(self.config, jobs, PastHires.from_folder(folder, features), resumes.model, resumes)
        pairs = self.matched(folder, jobs, resumes, history)
        if kept is None or not kept.exceed(len(pairs), self.inputs):
            return self.rows_of(folder, features, split, pairs)
        from minirank.features.encode_in_parts import encode_in_parts

        told = remarks_of(folder, features, pairs)
        encoded = encode_in_parts(self, pairs, kept, told)[1]
        return encoded, told, self.facts(pairs, encoded, split)

    def matched(self, folder: DataFolder, jobs: Profiles, resumes: Profiles, history: History | None) -> MatchedPairs:
        """The impressions of a folder as pairs of its jobs and resumes."""
        shown = folder.impressions
        role = np.array([self._role(name) for name in folder.roles], np.int32)[shown.role]
        position = np.minimum(shown.position, self.max_position)
        return MatchedPairs(jobs, resumes, history, shown.job, shown.resume, shown.time, role, position, self.market)

    def rows_of(
        self, folder: DataFolder, features: Features, split: Split, pairs: MatchedPairs, dense: np.ndarray | None = None
    ) -> Encoded:
        """What `rows` gives of pairs that are matched; `dense`: of `Encoder.dense`, where it is at hand."""
        encoded = self._encode(pairs, dense)
        return encoded, remarks_of(folder, features, pairs), self.facts(pairs, encoded, split)

    def facts(self, pairs: MatchedPairs, encoded: Inputs | MappedInputs, split: Split) -> dict[str, ColumnFacts]:
        """What is left of the columns, where there are training rows."""
        parts = {"train": split.train, "valid": split.valid, "test": split.test}
        return folder_facts(self.config, self.vocabularies, self.text, pairs, encoded, parts) if len(split.train) else {}

    def resumes(self, resumes: Records, features: ResumesFound) -> Profiles:
        """Resumes made ready for `pairs`, worth keeping where many jobs are ranked over the same people.

        Args:
            resumes: n mappings with resume_id, text, updated_at (seconds).
            features: n `ResumeFeatures`.
        """
        return resume_profiles(resumes, features, self.text, self.config.tokens_per_text, candidates=True)

    def pairs(
        self,
        job: Record,
        job_features: JobFeatures,
        history: PastHires | None,
        resumes: Records | Profiles,
        resume_features: ResumesFound | None,
        role: str | None,
        now: int | None = None,
    ) -> Inputs:
        """One job and its candidates as rows, with the numbers that `dataset` has for the same pair at the same time.

        Args:
            job: mapping with job_id, team_id, title, description, posted_at (seconds).
            job_features: `JobFeatures`.
            history: past hires, or None.
            resumes: n mappings, or a `Profiles` from `resumes`.
            resume_features: n `ResumeFeatures`; None with a `Profiles`.
            role: the recruiter's role; one that training never saw gets id 0.
            now: seconds; by default the latest time that the job, the candidates and training know of.
        Returns:
            n rows, at position 0.
        """
        candidates = resumes if isinstance(resumes, Profiles) else self.resumes(resumes, resume_features)
        if now is None:
            now = max([self.until, int(job["posted_at"]), *candidates.time.tolist()])
        return self.pairs_of(self.asked(job, job_features, history, candidates.model), candidates, role, now)

    def asked(self, job: Record, job_features: JobFeatures, history: PastHires | None, model: TextModel | None) -> Asked:
        """A job and its history as `pairs_of` takes them, for candidates that were read with a model; arguments as for `pairs`."""
        jobs = job_profiles([job], [job_features], model, self.config.tokens_per_text)
        return jobs, history_of(self.config, jobs, history or PastHires(), model)

    def pairs_of(self, asked: Asked, candidates: Profiles, role: str | None, now: int) -> Inputs:
        """`pairs` of candidates that were made ready."""
        (jobs, past), n = asked, len(candidates)
        zero, each = np.zeros(n, np.int32), np.arange(n, dtype=np.int32)
        times, roles = np.full(n, now, np.int64), zero + self._role(role)
        return self._encode(MatchedPairs(jobs, candidates, past, zero, each, times, roles, zero, self.market))

    def for_role(self, inputs: Inputs, role: str | None) -> Inputs:
        """Rows of `pairs` as they are for another role, with the numbers that `pairs` has for it."""
        ids = inputs.ids.copy()
        ids[:, self.inputs.column("role")] = self._role(role)
        return replace(inputs, ids=ids)

    def words_known(self, job: Record, job_features: JobFeatures) -> tuple[np.ndarray, np.ndarray]:
        """`Profiles.known` and `Profiles.foreign` of a job, (1,) each."""
        if self.text is None:
            return np.array([np.nan]), np.array([False])
        words = hashed_counts([job_text(job, job_features).text], self.config.buckets, self.config.bigrams)
        return self.text.known(words), self.text.foreign(words)

    def save(self, folder: str | Path) -> None:
        """Writes encoder.json and encoder.npz; the same encoder gives the same bytes."""
        encoder_files.save(self, Path(folder))

    @classmethod
    def load(cls, folder: str | Path) -> Encoder:
        """Reads what `save` wrote.

        Raises:
            RunError: a file is missing, truncated or of another version.
        """
        return cls(**encoder_files.load(Path(folder)))

    def _role(self, name: str | None) -> int:
        return self.roles.index(name) + 1 if name in self.roles else 0

    def _size(self, size: int | str) -> int:
        """How many ids an input has."""
        if size == "position":
            return self.max_position + 1
        known: dict[str, Any] = {"role": self.roles, "token": self.text, **self.vocabularies}
        return size if isinstance(size, int) else len(known[size]) + 1

    def vocabulary(self, each: Input) -> tuple[str, ...]:
        """The names that the ids of an input stand for, from id 1; () where it has ids of its own."""
        return self.vocabularies.get(str(each.size), ())

    def dense(self, pairs: MatchedPairs, scale: Callable[[np.ndarray, int], tuple[float, float]]) -> np.ndarray:
        """(N, columns) float32, the dense columns of N pairs in standard deviations from the mean, which stands for the unknown.

        Args:
            scale: (N,) raw values of a feature, its place -> mean and standard deviation.
        """
        columns, features = inputs.dense_columns(self.config), inputs.features(self.config)
        flags = {place: column for column, (_, place, is_flag) in enumerate(columns) if is_flag}
        dense = np.zeros((len(pairs), len(columns)), np.float32)
        with stage("encoding", len(pairs)) as at:
            for place, feature in enumerate(features):  # the values of all come before the flags
                values = feature.column(pairs)
                mean, std = scale(values, place)
                dense[:, place] = standardised(values, mean, std)
                if place in flags:
                    dense[:, flags[place]] = np.isnan(values)
                at(len(pairs) * (place + 1) // len(features))
        return dense

    def _encode(self, pairs: MatchedPairs, dense: np.ndarray | None = None) -> Inputs:
        """N pairs as rows."""
        ids = [field.column(pairs, self.vocabulary(field)) for field in inputs.categorical(self.config)]
        bags = tuple(bag.column(pairs, self.vocabulary(bag)) for bag in inputs.bags(self.config))
        if dense is None:
            dense = self.dense(pairs, lambda values, place: (self.mean[place], self.std[place]))
        encoded = Inputs(np.stack(ids, axis=1).astype(np.int32), bags, dense)
        jobs, resumes = pairs.jobs.foreign[pairs.job], pairs.resumes.foreign[pairs.resume]
        either = jobs | resumes  # beside a foreign job nothing read in the resume counts; the job's inputs are those of the request
        foreign: dict[inputs.Owner, np.ndarray] = {"job": jobs, "resume": either, "pair": either}
        for owner, rows in foreign.items():
            if rows.any():
                hide(encoded, self.inputs, inputs.read_in_texts(self.config, owner), rows)
        return encoded


def standardised(values: np.ndarray, mean: float, std: float) -> np.ndarray:
    """(N,) float64 raw values in standard deviations from the mean, which stands for the unknown."""
    return np.clip(np.nan_to_num((values - mean) / std, nan=0.0), -CLIP, CLIP)


def history_of(
    config: FeatureConfig,
    jobs: Profiles,
    past: PastHires,
    model: TextModel | None,
    resumes: Profiles | StoredProfiles | None = None,
    ads: StoredProfiles | None = None,
) -> History | None:
    """The history of jobs, None where it is no feature; `resumes` and `ads` as `History` takes them."""
    return History(jobs, past, config.hires, config.max_hires, model, resumes=resumes, ads=ads) if config.signals else None


def check_columns(folder: DataFolder, config: FeatureConfig) -> None:
    """Refuses a further column that is a protected attribute, or that no line has.

    Raises:
        DataError: names it.
    """
    protected = protected_columns(folder.path) if config.columns else ()
    for field in config.columns:
        side, _, key = field.partition(".")
        remedy = f"take {field} out of features.columns"
        if key in protected:
            raise DataError("a protected attribute is never a feature", file="protected.csv", column=key, remedy=remedy)
        if not any(key in record for record in (folder.jobs if side == "job" else folder.resumes)):
            raise DataError("no line has it", file=f"{side}s.jsonl", column=key, remedy=remedy)
