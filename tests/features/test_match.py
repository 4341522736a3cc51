"""Match features against values worked out by hand."""

from typing import get_args

import numpy as np
import pytest
from features_world import DAY, START, job_features, resume_features

from minirank.features.inputs import BAGS, CATEGORICAL, FEATURES, Owner, match_features
from minirank.features.pairs import MatchedPairs
from minirank.features.profiles import job_profiles, resume_profiles
from minirank.features.tfidf import TextModel, hashed_counts

JOB = {"job_id": "j", "team_id": "t", "title": "Data Engineer", "description": "sql spark", "posted_at": START}
NAMES = {feature.name for feature in FEATURES}


def match(job, resume, *, job_record=None, resume_record=None, model=None, time=START):
    """Features of one pair, by name."""
    jobs = job_profiles([JOB | (job_record or {})], [job], model, 8)
    record = {"resume_id": "p", "text": "sql excel", "updated_at": START - 3 * DAY} | (resume_record or {})
    resumes = resume_profiles([record], [resume], model, 8)
    zero = np.zeros(1, np.int32)
    return {name: found[0] for name, found in match_features(MatchedPairs(jobs, resumes, None, zero, zero, np.array([time]))).items()}


def test_by_hand():
    job = {"title": "data engineer", "must_have": ("sql", "spark", "kafka"), "nice_to_have": ("rust", "go"), "min_years": 5}
    job |= {"seniority": "senior", "education": "master", "remote": "onsite", "domains": ("data", "finance")}
    job |= {"soft_skills": ("teamwork",), "languages": ("english", "german")}
    resume = {"title": "backend engineer", "skills": ("sql", "rust", "excel", "figma"), "years": 3, "seniority": "mid"}
    resume |= {"education": "bachelor", "domains": ("data",), "soft_skills": ("ownership",), "languages": ("german",), "remote": "remote"}
    berlin = {"job_record": {"location": "Berlin, Germany"}, "resume_record": {"location": "berlin"}}
    expected = {"must_coverage": 1 / 3, "must_missing": 2, "nice_coverage": 1 / 2, "extra_skills": np.log(3)}
    expected |= {"years": 3, "min_years": 5, "years_gap": -2, "seniority_gap": -1, "education_gap": -1}
    expected |= {"same_title": 0, "title_similarity": 1 / 3, "domain_overlap": 1 / 2, "soft_skills": 0, "languages": 1 / 2}
    expected |= {"location_match": 1, "reachable": 1, "remote_fit": 0, "recency": np.log(4)}
    assert match(job_features(**job), resume_features(**resume), **berlin) == pytest.approx(expected)


def test_what_is_not_known_is_nan_and_counts_are_never():
    found = match(job_features(), resume_features())
    known = {name for name, value in found.items() if not np.isnan(value)}
    assert known == {"must_missing", "extra_skills", "recency"}
    assert found["must_missing"] == found["extra_skills"] == 0


def test_limits():
    found = match(job_features(min_years=60, remote="remote"), resume_features(years=2), resume_record={"updated_at": START + DAY})
    assert (found["min_years"], found["years_gap"]) == (40, -15)
    assert found["recency"] == 0  # a resume from after the search is as fresh as can be
    assert found["reachable"] == 1 and np.isnan(found["location_match"])


def test_half_a_place():
    berlin, ulm = {"location": "Berlin, Germany"}, {"location": "Ulm, Germany"}
    found = match(job_features(remote="onsite"), resume_features(), job_record=berlin, resume_record=ulm)
    assert found["location_match"] == found["reachable"] == 0.5


def test_the_extracted_place_serves_where_the_record_has_none():
    found = match(job_features(location="Oslo"), resume_features(location="oslo"))
    assert found["location_match"] == 1


def test_text_similarity_is_the_cosine():
    texts = ["data engineer sql spark", "sql excel", "excel spark data engineer"]
    model = TextModel.fit(hashed_counts(texts, 2**18), min_count=1)
    found = match(job_features(), resume_features(), model=model)
    idf = {word: np.log(4 / (1 + n)) + 1 for word, n in {"data": 2, "engineer": 2, "sql": 2, "spark": 2, "excel": 2}.items()}
    job = np.sqrt(sum(idf[word] ** 2 for word in ("data", "engineer", "sql", "spark")))
    resume = np.sqrt(idf["sql"] ** 2 + idf["excel"] ** 2)
    assert found["text_similarity"] == pytest.approx(idf["sql"] ** 2 / (job * resume))


def test_every_input_is_described_once():
    assert len(NAMES) == len(FEATURES)
    assert all(feature.unit and feature.formula for feature in FEATURES)
    names = [each.name for each in (*CATEGORICAL, *BAGS)]
    assert len(set(names)) == len(names)
    assert {each.owner for each in (*CATEGORICAL, *BAGS, *FEATURES)} == set(get_args(Owner))
