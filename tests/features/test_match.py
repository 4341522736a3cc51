"""Match features against values worked out by hand."""

from collections import Counter
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from features_world import DAY, START, job_features, resume_features, skill, text_model

from minirank.extract import Value
from minirank.features.inputs import BAGS, CATEGORICAL, FEATURES, NOT_READ, READ, Owner, match_features
from minirank.features.pairs import MatchedPairs
from minirank.features.profiles import job_profiles, resume_profiles

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
    expected |= {"must_depth": 2 / 9, "must_weakest": 0, "must_first": 2 / 3, "standing": 2, "standing_gap": -1}
    found = match(job_features(**job), resume_features(**resume), **berlin)
    assert {name: value for name, value in found.items() if not np.isnan(value)} == pytest.approx(expected)


def test_what_is_not_known_is_nan_and_counts_are_never():
    found = match(job_features(), resume_features())
    known = {name for name, value in found.items() if not np.isnan(value)}
    assert known == {"must_missing", "extra_skills", "recency"}
    assert found["must_missing"] == found["extra_skills"] == 0


def test_the_terms_by_hand():
    job = {"salary": 60_000, "currency": "EUR", "start": 4, "leadership": "project", "conditions": ("travel", "nights")}
    job |= {"industries": ("banking", "energy"), "must_have": ("sql",), "stressed": ("sql", "teamwork", "rust")}
    resume = {"salary": 72_000, "currency": "EUR", "notice": 12, "leadership": "people", "conditions": ("travel",), "tenure": 30}
    resume |= {"moves": 4, "industries": ("banking",), "skills": ("sql",), "soft_skills": ("teamwork",)}
    expected = {"salary_gap": np.log(1.2), "over_budget": 1, "notice": np.log(13), "late": np.log(9), "leadership": 2}
    expected |= {"leadership_gap": 1, "conditions": 1 / 2, "tenure": np.log(31), "moves": np.log(5), "same_industry": 1 / 2}
    expected |= {"industry_count": np.log(2), "stressed": 2 / 3}
    found = match(job_features(**job), resume_features(**resume))
    assert {name: found[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("offer", "wish", "gap"),
    [
        ((50_000, "EUR"), (40_000, None), np.log(0.8)),
        ((50_000, None), (50_000, "USD"), 0),
        ((50_000, "EUR"), (50_000, "USD"), np.nan),  # what they are worth to each other changes by the day
        ((50_000, "EUR"), (900_000, "EUR"), 1),
        ((0, "EUR"), (50_000, "EUR"), np.nan),
        ((50_000, "EUR"), (0, "EUR"), np.nan),
        ((50_000, "EUR"), (None, "EUR"), np.nan),
    ],
)
def test_pay_is_compared_where_the_currencies_may_be_the_same(offer, wish, gap):
    sides = [dict(zip(("salary", "currency"), pay)) for pay in (offer, wish)]
    found = match(job_features(**sides[0]), resume_features(**sides[1]))
    assert found["salary_gap"] == pytest.approx(gap, nan_ok=True)
    assert found["over_budget"] == pytest.approx(np.nan if np.isnan(gap) else float(gap > 0), nan_ok=True)


def test_depths_are_stated_or_follow_from_years():
    held = (
        skill("sql", "expert"),
        skill("go", "basic"),
        skill("rust", years=6),
        skill("spark", years=3),
        skill("excel", years=1),
        skill("figma"),
    )
    for name, depth in {"sql": 1, "go": 1 / 3, "rust": 1, "spark": 2 / 3, "excel": 1 / 3, "figma": 2 / 3, "kafka": 0}.items():
        found = match(job_features(must_have=(name,)), resume_features(skills=held))
        assert [found[key] for key in ("must_depth", "must_weakest", "must_first")] == pytest.approx([depth] * 3)
    found = match(job_features(must_have=("go", "sql")), resume_features(skills=held))
    assert [found[key] for key in ("must_depth", "must_weakest", "must_first")] == pytest.approx([2 / 3, 1 / 3, 1 / 3])
    assert match(job_features(must_have=("sql",)), resume_features(skills=(*held, skill("sql", "basic"))))["must_weakest"] == 1


def test_gaps_and_schools_enter_nothing():
    job, resume = job_features(must_have=("sql",)), {"skills": ("sql",), "tenure": 20}
    plain, told = (match(job, resume_features(**resume, **more)) for more in ({}, {"gap": 30, "schools": ("a school",)}))
    assert plain == pytest.approx(told, abs=0, rel=0, nan_ok=True)


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


TEXTS = ["data engineer sql spark", "sql excel", "excel spark data engineer"]


def parts(*words):
    """The parts of words, counted by other means than the product's."""
    return Counter(f"<{word}>"[at : at + 4] for word in words for at in range(max(len(word) - 1, 1)))


def rarity(term, terms_of=parts):
    """By the training texts."""
    return np.log(4 / (1 + sum(term in terms_of(*text.split()) for text in TEXTS))) + 1


def one_each(*words):
    """Words, each as often as it is said."""
    return Counter(words)


def test_text_similarity_is_the_cosine_over_parts_of_words():
    found = match(job_features(), resume_features(), job_record={"description": "sql sparks"}, model=text_model(TEXTS))
    job, resume = parts("data", "engineer", "sql", "sparks"), parts("sql", "excel")
    weight = {part: (1 + np.log(count)) * rarity(part) for part, count in job.items()}
    theirs = {part: (1 + np.log(count)) * rarity(part) for part, count in resume.items()}
    expected = sum(weight[part] * theirs[part] for part in weight if part in theirs)
    expected /= np.linalg.norm(list(weight.values())) * np.linalg.norm(list(theirs.values()))
    assert "arks" in weight and found["text_similarity"] == pytest.approx(expected)


def test_the_title_is_found_as_by_bm25():
    model = text_model(TEXTS)
    found = match(job_features(), resume_features(), job_record={"title": "SQL tuning"}, model=model)
    wanted, resume = parts("sql", "tuning"), parts("sql", "excel")
    k = 1.2 * (0.25 + 0.75 * sum(resume.values()) / np.mean([sum(parts(*text.split()).values()) for text in TEXTS]))
    share = sum(rarity(part) * resume[part] / (resume[part] + k) for part in wanted) / sum(map(rarity, wanted))
    assert 0 < share < 1 and found["title_found"] == pytest.approx(share)
    assert match(job_features(), resume_features(), job_record={"title": "-"}, model=model)["title_found"] == 0


def test_among_foreign_candidates_a_title_of_common_words_counts_less_than_its_share():
    """The share, times the ratio of mean idf; a rare title keeps its share, and so does any among candidates in known words."""
    known = text_model(TEXTS)
    model = replace(known, parts=known.parts.among(known.count_parts(TEXTS)))

    def mean_idf(*words):
        held = [sum(part in parts(*text.split()) for text in TEXTS) for part in parts(*words)]
        return np.mean([np.log1p((3 - count + 0.5) / (count + 0.5)) for count in held])

    resume, usual = sum(parts("sql", "excel").values()), np.mean([sum(parts(*text.split()).values()) for text in TEXTS])
    share = 1 / (1 + 1.2 * (0.25 + 0.75 * resume / usual))
    beside = mean_idf("sql") / mean_idf("sql", "tuning", "of", "clusters")
    cases = ((model, "tuning of clusters", beside), (model, "data engineer excel", 1), (known, "tuning of clusters", 1))
    for used, rest, weight in cases:
        found = match(job_features(), resume_features(), job_record={"title": "SQL", "description": rest}, model=used)
        assert found["title_found"] == pytest.approx(share * weight)
    assert beside < 0.8 and mean_idf("sql") >= mean_idf("sql", "data", "engineer", "excel")


def test_what_the_job_says_is_found_as_by_bm25():
    """Each word as often as the job says it; the lines that ask for something, what the tagger marks, the responsibilities."""
    model, text = text_model(TEXTS), "sql of data\nno data\nexcel sparks"
    start = len("-\n") + text.index("sparks")
    form, task = Value("spark", "sparks", start, start + 6, "tagger"), Value("excel at data", "data", 9, 13, "tagger")
    record = {"title": "-", "description": text}
    found = match(job_features(must_have=(form,), responsibilities=(task,)), resume_features(), job_record=record, model=model)
    resume = Counter(("sql", "excel"))
    k = 1.2 * (0.25 + 0.75 * 2 / np.mean([len(text.split()) for text in TEXTS]))

    def share(*said):
        weights = {word: count * rarity(word, one_each) for word, count in Counter(said).items()}
        return sum(weight * resume[word] / (resume[word] + k) for word, weight in weights.items()) / sum(weights.values())

    assert found["text_found"] == pytest.approx(share(*text.split()))
    assert found["asked_found"] == pytest.approx(share("excel", "sparks"))
    assert found["phrases_found"] == pytest.approx(share("excel", "at", "data"))
    assert found["forms_found"] == 0, "no part of the form is in the resume"
    again = match(job_features(must_have=(form,)), resume_features(), resume_record={"text": "sparks"}, model=model)
    assert again["forms_found"] > 0.2, "an inflected form shares most of its parts"
    nothing = match(job_features(), resume_features(), model=model)
    assert all(np.isnan(nothing[name]) for name in ("asked_found", "forms_found", "phrases_found"))


def test_the_words_of_one_text_are_no_names():
    form = Value("sql", "SQL", 0, 3, "tagger")
    found = match(job_features(must_have=(form,)), resume_features(skills=("sql",)))
    assert np.isnan(found["must_coverage"]) and found["must_missing"] == 0


def test_every_input_is_read_in_a_text_or_is_not():
    groups = [set(group) for group in (*READ.values(), NOT_READ)]
    assert set().union(*groups) == NAMES | {each.name for each in (*CATEGORICAL, *BAGS)}
    assert sum(map(len, groups)) == len(set().union(*groups))


def test_every_input_is_described_once():
    assert len(NAMES) == len(FEATURES)
    assert all(feature.unit and feature.formula for feature in FEATURES)
    names = [each.name for each in (*CATEGORICAL, *BAGS)]
    assert len(set(names)) == len(names)
    assert {each.owner for each in (*CATEGORICAL, *BAGS, *FEATURES)} == set(get_args(Owner))
