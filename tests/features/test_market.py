"""What training jobs and resumes show of their market, against values worked out by hand."""

import numpy as np
import pytest
from features_world import job_features, jobs_of, resume_features, resumes_of

from minirank.features.market import Market
from minirank.features.sparse import column

PEOPLE = [
    resume_features(skills=("sql", "go"), domains=("data",), years=3, seniority="mid"),
    resume_features(skills=("sql",), domains=("data",), years=3, seniority="senior"),
    resume_features(skills=("figma", "rust"), domains=("design",), years=5),
    resume_features(skills=("figma", "sql"), domains=("design",)),
]
JOBS = [
    job_features(employer="acme", industries=("banking",), min_years=2, seniority="junior"),
    job_features(employer="acme", industries=("retail",)),
    job_features(employer="acme", industries=("retail",)),
    job_features(employer="globex"),
    job_features(industries=("energy",)),
]


@pytest.fixture(scope="module")
def market():
    return Market.fit(jobs_of(*JOBS), resumes_of(*PEOPLE), min_count=2)


def share(market, domain, skill):
    row = 1 + market.domains.tolist().index(column(domain)) if domain else 0
    return market.skills.of_domain[row, market.skills.places(np.array([column(skill)]))[0]]


def test_shares_of_a_domain_are_drawn_to_those_of_all(market):
    sql = (3 + 0.5) / (4 + 1)
    assert share(market, None, "sql") == pytest.approx(sql)
    assert share(market, "data", "sql") == pytest.approx((2 + 10 * sql) / (2 + 10))
    assert share(market, "design", "sql") == pytest.approx((1 + 10 * sql) / (2 + 10))
    # one resume has go, one has rust: neither is kept, nor is a name that nobody has
    assert share(market, "data", "go") == share(market, "data", "cobol") == pytest.approx(10 * 0.1 / 12)


def test_the_industry_of_an_employer_is_that_of_most_of_its_jobs(market):
    held = market.industries_of(resumes_of(resume_features(employers=("acme", "unheard of"), industries=("media",)), resume_features()))
    assert sorted(held[[0]].indices) == sorted(map(column, ("retail", "media"))) and not held[[1]].nnz
    stated = market.industries_of(resumes_of(resume_features(employers=("acme",), industries=("retail",))))
    assert stated.indices.tolist() == [column("retail")] and stated.data.tolist() == [1]
    assert market.employers.tolist() == [column("acme")]


def test_standing_is_the_mean_of_what_is_stated_and_what_is_usual(market):
    ours = market.standing(resumes_of(*PEOPLE, resume_features(seniority="lead"), resume_features(years=90)))
    assert ours == pytest.approx([(2 + 2.5) / 2, (3 + 2.5) / 2, 2.5, np.nan, 4, 2.5], nan_ok=True)
    theirs = market.standing(jobs_of(job_features(min_years=30), job_features(min_years=30, seniority="lead"), job_features()))
    assert theirs == pytest.approx([1, 4, np.nan], nan_ok=True)


def test_skills_of_another_domain(market):
    held = {"skills": ("sql", "figma", "cobol")}  # sql is at home in data, figma in design, cobol nowhere
    people = [resume_features(**held, domains=("data",)), resume_features(**held, domains=("design",)), resume_features(**held)]
    found = market.outside_skills(resumes_of(*people, resume_features(skills=("sql",), domains=("data",))))
    assert found == pytest.approx([1, 1, np.nan, 0], nan_ok=True)


def test_without_training_rows_nothing_is_known():
    people = resumes_of(*PEOPLE)
    assert np.isnan(Market().outside_skills(people)).all()
    assert Market().standing(people) == pytest.approx([2, 3, np.nan, np.nan], nan_ok=True)
    assert not Market().industries_of(resumes_of(resume_features(employers=("acme",)))).nnz


def test_arrays_and_back(market):
    again = Market.of_arrays(market.arrays())
    assert {name: values.tobytes() for name, values in again.arrays().items()} == {n: v.tobytes() for n, v in market.arrays().items()}
    with pytest.raises(ValueError, match="do not fit together"):
        Market.of_arrays(market.arrays() | {"skill_names": market.skills.names[1:]})
