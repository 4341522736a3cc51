"""An encoder fitted to the training rows of a folder whose texts do not fit into memory beside the rest, and such a folder's rows.

    for some thousand texts after others      what words they hold, counted; kept on the disk
    of all counts                             how rare words are, and what else is fitted: as `TextModel.fit` has it
    for the same texts once more              jobs and resumes as arrays, `StoredProfiles`
    for each part of the pairs                the jobs and resumes that it needs, taken into memory

The numbers are those of `fit_and_encode` and of `Encoder.rows`, for what is made of a job, a resume or a pair hangs on it and on what
was fitted alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from minirank.config.features import FeatureConfig
from minirank.data import DataFolder, Split
from minirank.data.folder.records import Chosen, column_of
from minirank.data.kept.scratch import Scratch, give_back
from minirank.extract import Features
from minirank.extract.feature_records import part_of
from minirank.features.encode_in_parts import encode_in_parts
from minirank.features.encoder import Encoded, Encoder, history_of
from minirank.features.hires import PastHires
from minirank.features.history import History, plain_ads
from minirank.features.kept_rows import KeptRows
from minirank.features.links import Links, spread
from minirank.features.market import Market
from minirank.features.new_texts import remarks_of
from minirank.features.pairs import MatchedPairs, Rows
from minirank.features.profiles import Counts, Profiles, job_profiles, job_text, resume_profiles, resume_text, resume_texts
from minirank.features.sparse import Weights
from minirank.features.statistics import roles_of, skills_of, statistics, vocabularies_of
from minirank.features.stored_profiles import StoredProfiles, stored, stored_weights
from minirank.features.tfidf import Rarity, TextModel, most_unknown, unknown_shares
from minirank.features.word_counts import TermCounter
from minirank.progress import stage

PART = 2**12  # texts that are read at a time
JOB_SETS, RESUME_SETS = ("must", "nice", "employers", "industries"), ("skills", "employers", "industries")  # that are asked for of all


@dataclass(frozen=True)
class StoredPairs(MatchedPairs):
    """N pairs of which a part is matched at a time.

    Args:
        jobs, resumes: without texts. history: None.
        all_jobs, all_resumes: whole. history_of: some of the jobs, as profiles -> `History`, or None.
    """

    all_jobs: StoredProfiles = field(kw_only=True)
    all_resumes: StoredProfiles = field(kw_only=True)
    history_of: Callable[[Profiles], History | None] = field(kw_only=True)

    def parts(self, size: int) -> Iterator[tuple[MatchedPairs, Rows]]:
        """As of `MatchedPairs`; those of a job are neighbours, so that what is made of its history is made once or twice, and so are those
        of jobs that are alike, to which mostly the same resumes are shown."""
        alike = sorted(range(len(self.jobs)), key=lambda job: (self.jobs.domain[job] or "", self.jobs.title[job] or ""))
        place = np.empty(len(alike), np.int32)
        place[alike] = np.arange(len(alike))
        order = np.argsort(place[self.job], kind="stable")
        for begin in range(0, len(self), size):
            rows = np.sort(order[begin : begin + size])
            yield self.some(rows), rows
            give_back()

    def some(self, rows: Rows) -> MatchedPairs:
        """Some of the pairs, whose jobs and resumes are in memory."""
        shown = super().some(rows)
        used_jobs, job = np.unique(shown.job, return_inverse=True)
        used_resumes, resume = np.unique(shown.resume, return_inverse=True)
        jobs, resumes = self.all_jobs.take(used_jobs), self.all_resumes.take(used_resumes)
        return MatchedPairs(jobs, resumes, self.history_of(jobs), job, resume, shown.time, shown.role, shown.position, self.market)

    def values_of(self, each: Any) -> Iterator[Any]:
        """As of `MatchedPairs`."""
        stored = {"job": self.all_jobs, "resume": self.all_resumes}.get(each.owner)
        if stored is None:
            yield each.values(self)
            return
        for part in stored.parts:
            history = self.history_of(part) if each.owner == "job" else None
            yield each.values(MatchedPairs(part, part, history, self.job[:0], self.resume[:0], self.time[:0], market=self.market))


@dataclass(frozen=True)
class CountedTexts:
    """Some texts on the disk.

    Args:
        first, last: which they are. words, parts: `Weights.of_counts`. plain: their bytes, and the length of each; None of jobs.
    """

    first: int
    last: int
    words: Weights
    parts: Weights
    plain: tuple[np.ndarray, list[int]] | None = None

    def counts(self, model: TextModel) -> Counts:
        """(n, buckets) of words, and of parts of words."""
        return self.words.counts(model.words.buckets), self.parts.counts(model.parts.buckets)

    def texts(self) -> list[str]:
        """The texts themselves."""
        assert self.plain is not None
        content, lengths = self.plain[0].tobytes(), self.plain[1]
        ends = np.cumsum(lengths).tolist()
        return [content[end - length : end].decode("utf-8", "surrogatepass") for length, end in zip(lengths, ends)]


def fit_in_parts(
    folder: DataFolder, features: Features, split: Split, config: FeatureConfig, kept: KeptRows
) -> tuple[Encoder, Encoded] | None:
    """`fit_and_encode` without vectors; None where most resumes are foreign, and are compared in another way than training reads them.

    Raises:
        DataError: a line was changed while it was read.
        ConfigError: nothing can be kept beside the data, or there is no space.
    """
    shown, rows = folder.impressions, split.train
    trained = {"job": _used(shown.job[rows], len(folder.jobs)), "resume": _used(shown.resume[rows], len(folder.resumes))}
    with kept.room_for_rows() as scratch:
        counted = _count(folder, features, config, scratch)
        model = _text_model(config, counted, tuple(trained.values()))
        if config.links:
            model = replace(model, links=_links(folder, features, trained))
        if _are_foreign(folder, model, counted[1]):
            return None
        read = _read(folder, features, model, config, counted, trained, scratch)
        del counted
        fitted = [side.take(np.flatnonzero(used)) for side, used in zip(read.sides, trained.values())]
        market = Market.fit(fitted[0], fitted[1], config.min_count)
        vocabularies = vocabularies_of(config, _training_pairs(config, fitted, trained, folder, rows), read.skills)
        del fitted
        unscaled, until = np.zeros(0), int(shown.time[rows].max())
        encoder = Encoder(config, roles_of(folder, rows), vocabularies, model, market, unscaled, unscaled, until)
        pairs = read.pairs(encoder, folder, features)
        told = remarks_of(folder, features, pairs)
        encoder, encoded = encode_in_parts(encoder, pairs, kept, told, lambda values, place: statistics(values[rows]))
        return encoder, (encoded, told, encoder.facts(pairs, encoded, split))


def rows_in_parts(encoder: Encoder, folder: DataFolder, features: Features, split: Split, kept: KeptRows) -> Encoded | None:
    """`Encoder.rows` of an encoder that reads texts by words; None where most resumes are foreign to it, and are compared in another way.

    Raises:
        DataError, ConfigError: as for `fit_in_parts`.
    """
    model = encoder.text
    assert model is not None
    none = {"job": np.zeros(len(folder.jobs), bool), "resume": np.zeros(len(folder.resumes), bool)}
    with kept.room_for_rows() as scratch:
        counted = _count(folder, features, encoder.config, scratch)
        if _are_foreign(folder, model, counted[1]):
            return None
        pairs = _read(folder, features, model, encoder.config, counted, none, scratch).pairs(encoder, folder, features)
        del counted
        told = remarks_of(folder, features, pairs)
        _, encoded = encode_in_parts(encoder, pairs, kept, told)
        return encoded, told, encoder.facts(pairs, encoded, split)


@dataclass(frozen=True)
class _StoredFolder:
    """The jobs and resumes of a folder as a model reads them, on the disk.

    Args:
        jobs, resumes: all. ads: the jobs as they are without any model. sides: all jobs and all resumes without texts.
        skills: how many training jobs and training resumes hold each.
    """

    jobs: StoredProfiles
    ads: StoredProfiles
    resumes: StoredProfiles
    sides: tuple[Profiles, Profiles]
    skills: Counter[str]

    def pairs(self, encoder: Encoder, folder: DataFolder, features: Features) -> StoredPairs:
        """The impressions."""
        past, config, model = PastHires.from_folder(folder, features), encoder.config, encoder.text
        return StoredPairs(
            **vars(encoder.matched(folder, *self.sides, None)),
            all_jobs=self.jobs,
            all_resumes=self.resumes,
            history_of=lambda some: history_of(config, some, past, model, self.resumes, self.ads),
        )


def _count(
    folder: DataFolder, features: Features, config: FeatureConfig, scratch: Scratch
) -> tuple[list[CountedTexts], list[CountedTexts]]:
    """The texts of jobs, and of resumes."""
    counter = TermCounter.of_both(config.buckets, config.bigrams)
    of_jobs = [_counted(span, _job_texts(folder, features, span), counter, scratch, False) for span in _spans(len(folder.jobs))]
    of_resumes = []
    with stage("reading resumes", len(folder.resumes), "texts") as at:
        for span in _spans(len(folder.resumes)):
            people = resume_texts(folder.resumes[span.start : span.stop], part_of(features.resumes, span.start, span.stop))
            of_resumes.append(_counted(span, people, counter, scratch, True))
            del people
            give_back()
            at(span.stop)
    return of_jobs, of_resumes


def _read(
    folder: DataFolder,
    features: Features,
    model: TextModel,
    config: FeatureConfig,
    counted: tuple[list[CountedTexts], list[CountedTexts]],
    trained: dict[str, np.ndarray],
    scratch: Scratch,
) -> _StoredFolder:
    """Jobs and resumes whose texts were counted; trained: which of them training rows have."""
    jobs, ads, asked = _jobs(folder, features, model, config, counted[0], trained["job"], scratch)
    resumes, held = _resumes(folder, features, model, config, counted[1], trained["resume"], scratch)
    sides = jobs.whole(scratch, JOB_SETS), resumes.whole(scratch, RESUME_SETS)
    return _StoredFolder(jobs, ads, resumes, sides, asked + held)


def _spans(count: int) -> list[range]:
    return [range(first, min(first + PART, count)) for first in range(0, count, PART)]


def _used(rows: np.ndarray, count: int) -> np.ndarray:
    """(count,) bool, which of so many are among the rows."""
    return np.bincount(rows, minlength=count) > 0


def _job_texts(folder: DataFolder, features: Features, span: range) -> list[str]:
    found = part_of(features.jobs, span.start, span.stop)
    return [job_text(job, each).text for job, each in zip(folder.jobs[span.start : span.stop], found)]


def _counted(span: range, texts: list[str], counter: TermCounter, scratch: Scratch, keep: bool) -> CountedTexts:
    in_words, in_parts = (stored_weights(Weights.of_counts(each), scratch) for each in counter.count(texts, progress=False))
    if not keep:
        return CountedTexts(span.start, span.stop, in_words, in_parts)
    coded = [text.encode("utf-8", "surrogatepass") for text in texts]
    content = scratch.put(np.frombuffer(b"".join(coded), np.uint8))
    return CountedTexts(span.start, span.stop, in_words, in_parts, (content, list(map(len, coded))))


def _text_model(config: FeatureConfig, sides: tuple[list[CountedTexts], ...], trained: tuple[np.ndarray, ...]) -> TextModel:
    """`TextModel.fit` of the training texts; sides: jobs, and resumes."""
    frequency = np.zeros((2, config.buckets), np.int64)
    totals = np.zeros(2)
    for side, used in zip(sides, trained):
        totals[:] = 0  # of the resumes alone, in the end
        for each in side:
            for place, counts in enumerate((each.words, each.parts)):
                chosen = counts.counts(config.buckets)[used[each.first : each.last]]
                frequency[place] += np.bincount(chosen.indices, minlength=config.buckets)
                totals[place] += chosen.data.sum()
    texts, resumes = sum(int(used.sum()) for used in trained), int(trained[1].sum())
    words, parts = (Rarity.of_frequencies(each, texts, config.min_count) for each in frequency)
    rare = frequency[0] <= config.min_count
    shares = [
        np.concatenate([unknown_shares(each.words.counts(config.buckets)[used[each.first : each.last]], rare) for each in side])
        for side, used in zip(sides, trained)
    ]
    word_length, length = (float(total / resumes) for total in totals)
    return TextModel(config.bigrams, words, parts, length, word_length, most_unknown(shares))


def _links(folder: DataFolder, features: Features, trained: dict[str, np.ndarray]) -> Links:
    """`Links.fit` of training texts, of people with several snapshots the last."""
    jobs, resumes = (np.flatnonzero(used).tolist() for used in trained.values())
    ids = column_of(folder.resumes, "resume_id")
    people = spread(list({ids[row]: row for row in resumes}.values()))
    of_jobs, of_people = (Chosen(each, rows) for each, rows in ((features.jobs, spread(jobs)), (features.resumes, people)))
    return Links.fit(
        [(job_text(job, found).text, found) for job, found in zip(Chosen(folder.jobs, spread(jobs)), of_jobs)],
        [(resume_text(resume, found).text, found) for resume, found in zip(Chosen(folder.resumes, people), of_people)],
    )


def _are_foreign(folder: DataFolder, model: TextModel, of_resumes: list[CountedTexts]) -> bool:
    """Whether the candidates are compared in another way than by the model, see `TextModel.among`."""
    foreign = np.concatenate([model.foreign(each.words.counts(model.words.buckets)) for each in of_resumes])
    newest = foreign[folder.latest_resumes()]
    return 2 * int(newest.sum()) > len(newest)


def _jobs(
    folder: DataFolder,
    features: Features,
    model: TextModel,
    config: FeatureConfig,
    counted: list[CountedTexts],
    used: np.ndarray,
    scratch: Scratch,
) -> tuple[StoredProfiles, StoredProfiles, Counter[str]]:
    """All jobs, as they are without any model, and how many training jobs hold each skill."""
    jobs: list[Profiles] = []
    ads: list[Profiles] = []
    skills = Counter[str]()
    for each in counted:
        rows = range(each.first, each.last)
        records, found = folder.jobs[each.first : each.last], list(part_of(features.jobs, each.first, each.last))
        made = job_profiles(records, found, model, config.tokens_per_text, each.counts(model))
        skills += skills_of(made.take(np.flatnonzero(used[each.first : each.last])))
        for kept, profiles in ((jobs, made), (ads, plain_ads(found))):
            kept.append(stored(profiles, scratch, Chosen(folder.jobs, rows)))
        del made, profiles, records, found
        give_back()
    return StoredProfiles(jobs), StoredProfiles(ads), skills


def _resumes(
    folder: DataFolder,
    features: Features,
    model: TextModel,
    config: FeatureConfig,
    counted: list[CountedTexts],
    used: np.ndarray,
    scratch: Scratch,
) -> tuple[StoredProfiles, Counter[str]]:
    """All resumes, and how many training resumes hold each skill."""
    resumes, skills = [], Counter[str]()
    with stage("comparing resumes", len(folder.resumes), "texts") as at:
        for each in counted:
            records, found = folder.resumes[each.first : each.last], part_of(features.resumes, each.first, each.last)
            made = resume_profiles(records, found, model, config.tokens_per_text, each.counts(model), texts=each.texts())
            skills += skills_of(made.take(np.flatnonzero(used[each.first : each.last])))
            made.text, made.saturated = model.weights(each.words, each.parts)
            resumes.append(stored(made, scratch, Chosen(folder.resumes, range(each.first, each.last))))
            del made, records, found
            give_back()
            at(each.last)
    return StoredProfiles(resumes), skills


def _training_pairs(
    config: FeatureConfig, fitted: list[Profiles], trained: dict[str, np.ndarray], folder: DataFolder, rows: np.ndarray
) -> MatchedPairs:
    """Those of the training rows, or none of them where only their jobs and resumes are asked for."""
    shown, rows = folder.impressions, rows if config.ids else rows[:0]
    of_jobs, of_resumes = (np.cumsum(used) - 1 for used in trained.values())
    return MatchedPairs(fitted[0], fitted[1], None, of_jobs[shown.job[rows]], of_resumes[shown.resume[rows]], shown.time[rows])
