"""An encoder fitted to the training rows of a folder, and all its rows encoded: what both need is computed once.

The numbers are those of `Encoder.fit` followed by `Encoder.dataset`: what is made of a job, a resume or a pair hangs on it and on what was
fitted alone, and what is fitted on training rows alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import vstack

from minirank.config.features import FeatureConfig
from minirank.data import DataFolder, Split
from minirank.data.folder.records import column_of
from minirank.extract import Features
from minirank.features.embeddings import Vectors
from minirank.features.encode_in_parts import encode_in_parts
from minirank.features.encoder import Encoded, Encoder, check_columns, history_of
from minirank.features.fit_in_parts import fit_in_parts
from minirank.features.hires import PastHires
from minirank.features.kept_pool import can_keep, entry_of, write_resumes
from minirank.features.kept_rows import KeptRows
from minirank.features.links import Links, spread
from minirank.features.market import Market
from minirank.features.new_texts import remarks_of
from minirank.features.pairs import MatchedPairs
from minirank.features.profiles import job_profiles, job_text, resume_profiles, resume_texts
from minirank.features.statistics import roles_of, skills_of, statistics, vocabularies_of
from minirank.features.tfidf import TextModel
from minirank.features.word_counts import counts_of


def fit_and_encode(
    folder: DataFolder,
    features: Features,
    split: Split,
    config: FeatureConfig,
    vectors: Vectors | None = None,
    kept: KeptRows | None = None,
) -> tuple[Encoder, Encoded]:
    """`Encoder.fit` on the training rows, and `Encoder.rows`, for which `kept` is.

    Args:
        kept: of the folder: its resumes are kept there as the first ranking reads them.
    Raises:
        DataError: as for `Encoder.fit`.
    """
    if not (config.text or config.tokens) or not len(split.train):
        encoder = Encoder.fit(folder, features, split.train, config, vectors)
        return encoder, encoder.rows(folder, features, split, kept)
    check_columns(folder, config)
    if kept is not None and not config.embedded and kept.texts_exceed(config):
        found = fit_in_parts(folder, features, split, config, kept)
        if found is not None:
            return found
    shown, rows = folder.impressions, split.train
    used_jobs, job = np.unique(shown.job[rows], return_inverse=True)
    used_resumes, resume = np.unique(shown.resume[rows], return_inverse=True)
    job_texts, of_people = list(map(job_text, folder.jobs, features.jobs)), resume_texts(folder.resumes, features.resumes)
    of_jobs = counts_of([text.text for text in job_texts], config.buckets, config.bigrams)
    of_resumes = counts_of(of_people, config.buckets, config.bigrams)
    counts = [vstack([ours[used_jobs], theirs[used_resumes]], format="csr") for ours, theirs in zip(of_jobs, of_resumes)]
    model = TextModel.fit(counts[0], counts[1], len(used_resumes), config.min_count, config.bigrams)
    del counts
    if config.embedded:
        model = replace(model, vectors=vectors)
    if config.links:
        found_jobs = [(job_texts[row].text, features.jobs[row]) for row in used_jobs]
        resume_ids = column_of(folder.resumes, "resume_id")
        last = {resume_ids[row]: row for row in used_resumes}  # the last snapshot of each
        found_resumes = [(of_people[row], features.resumes[row]) for row in spread(list(last.values()))]
        model = replace(model, links=Links.fit(found_jobs, found_resumes, model.vectors.of if model.vectors is not None else None))
    most = config.tokens_per_text
    resumes = resume_profiles(folder.resumes, features.resumes, model, most, of_resumes, candidates=True, texts=of_people)
    if resumes.model is not model:  # most are foreign, and are compared in another way than training reads them
        encoder = Encoder.fit(folder, features, rows, config, vectors)
        return encoder, encoder.rows(folder, features, split, kept)
    jobs = job_profiles(folder.jobs, features.jobs, model, most, of_jobs, texts=job_texts)
    pool = entry_of(resumes) if kept is not None and kept.most is None and can_keep(kept, config) else None
    jobs.counts = resumes.counts = None
    del job_texts, of_people, of_jobs, of_resumes  # of a million rows they are much of the memory
    trained = jobs.without_texts().take(used_jobs), resumes.without_texts().take(used_resumes)
    market, skills = Market.fit(*trained, config.min_count), skills_of(trained[0]) + skills_of(trained[1])
    history = history_of(config, jobs, PastHires.from_folder(folder, features), model, resumes)
    vocabularies = vocabularies_of(config, MatchedPairs(*trained, None, job, resume, shown.time[rows], market=market), skills)
    unscaled = np.zeros(0)
    encoder = Encoder(config, roles_of(folder, rows), vocabularies, model, market, unscaled, unscaled, int(shown.time[rows].max()))
    pairs = encoder.matched(folder, jobs, resumes, history)
    if kept is not None and kept.exceed(len(pairs), encoder.inputs):
        told = remarks_of(folder, features, pairs)
        encoder, encoded = encode_in_parts(encoder, pairs, kept, told, lambda values, place: statistics(values[rows]))
        return encoder, (encoded, told, encoder.facts(pairs, encoded, split))
    if config.text:
        pairs.look_up_texts()
    resumes.saturated = {}  # of a million rows a third of a gigabyte, and so is what the texts become below
    scales: list[tuple[float, float]] = []

    def scale(values: np.ndarray, place: int) -> tuple[float, float]:
        scales.append(statistics(values[rows]))
        return scales[-1]

    dense = encoder.dense(pairs, scale)
    resumes.text = None
    mean, std = map(np.array, zip(*scales)) if scales else (unscaled, unscaled)
    encoder = replace(encoder, mean=mean, std=std)
    if kept is not None and pool is not None:
        write_resumes(kept, encoder, pool)
    return encoder, encoder.rows_of(folder, features, split, pairs, dense)
