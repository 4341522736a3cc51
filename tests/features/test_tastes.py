"""What a team's hires have more than others, against sums over people one by one."""

from itertools import pairwise

import numpy as np
import pytest
from features_world import job_features, jobs_of, resume_features, resumes_of

from minirank.features.market import Market
from minirank.features.sparse import column
from minirank.features.tastes import contrast

SKILLS = ("sql", "go", "figma", "rust", "cobol")


@pytest.fixture(scope="module")
def hired():
    """Seven hires of three jobs: what each can, what their ads asked for, their domains."""
    random = np.random.default_rng(0)
    held = [set(random.choice(SKILLS, random.integers(0, 5), replace=False)) for _ in range(7)]
    asked = [set(random.choice(SKILLS, random.integers(0, 3), replace=False)) for _ in range(7)]
    return np.array([0, 3, 3, 7]), held, asked, random.integers(0, 3, 7)


def test_observed_and_expected_are_sums_over_the_others(hired):
    offsets, held, asked, domain = hired
    known = [resume_features(skills=(name, "sql"), domains=("data" if name < "g" else "design",)) for name in SKILLS]
    market = Market.fit(jobs_of(), resumes_of(*known), min_count=1)
    people = resumes_of(*(resume_features(skills=tuple(sorted(skills))) for skills in held))
    ads = jobs_of(*(job_features(must_have=tuple(sorted(skills))) for skills in asked))
    found = contrast(offsets, people.sets["skills"], ads.sets["named"], market.skills, domain)
    entries = dict(zip(zip(found.slot.tolist(), found.column.tolist()), zip(found.observed, found.expected, found.others)))
    expected = {}
    for first, last in pairwise(offsets):
        for slot in range(first, last):
            others = [other for other in range(first, last) if other != slot]
            for name in SKILLS:
                place = market.skills.places(np.array([column(name)]))[0]
                counted = [other for other in others if name not in asked[other]]
                observed = sum(name in held[other] for other in counted)
                if observed:
                    usual = sum(market.skills.of_domain[domain[other], place] for other in counted)
                    expected[slot, column(name)] = (observed, usual, len(others))
    assert len(expected) > 10 and entries.keys() == expected.keys()
    assert np.array(list(map(entries.get, expected))) == pytest.approx(np.array(list(expected.values())))
    lift = found.lift()
    for (slot, name), (observed, usual, _) in expected.items():
        own = lift[[slot]]
        assert own.data[own.indices == name][0] == pytest.approx(max(np.log((observed + 1) / (usual + 1)), 0))


def test_the_background_that_all_share_is_the_one_looked_for():
    shares = Market.fit(jobs_of(), resumes_of(*(resume_features(industries=(name,)) for name in ("banking",) * 5 + ("retail",) * 5)), 1)
    people = resumes_of(*(resume_features(industries=names) for names in (("banking", "retail"), ("banking",), ("banking",), ("retail",))))
    offsets, domain = np.array([0, 4]), np.zeros(4, int)
    found = contrast(offsets, people.sets["industries"], None, shares.industries, domain).background()
    assert found.shape[0] == 4
    chances = dict(zip(found[[3]].indices.tolist(), found[[3]].data))  # banking 3 of 3, retail 1 of 3, each held by half of all
    odds = (0.9 / 0.5) ** 3, (0.9 / 0.5) * (0.1 / 0.5) ** 2
    assert chances == pytest.approx({column("banking"): odds[0] / sum(odds), column("retail"): odds[1] / sum(odds)})


def test_nobody_is_hired():
    nothing = resumes_of().sets["skills"]
    found = contrast(np.zeros(4, int), nothing, nothing, Market().skills, np.zeros(0, int))
    assert found.lift().shape[0] == found.background().nnz == 0
