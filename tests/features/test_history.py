"""Past hires: whose they are, when they are known, and that being one of them gives nothing away."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from features_world import DAY, SKILLS, START, TITLES, job_features, resume_features, text_model
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

from minirank.features.hires import NONE, TEAM, TITLE, PastHires
from minirank.features.history import History
from minirank.features.inputs import match_features
from minirank.features.market import Market
from minirank.features.pairs import MatchedPairs
from minirank.features.profiles import job_profiles, resume_profiles
from minirank.features.sparse import dot, merge


def job(name="j", team="t", at=START):
    return {"job_id": name, "team_id": team, "title": "x", "description": "", "posted_at": at}


def resume(name, text="", at=START - 99 * DAY):
    return {"resume_id": name, "text": text, "updated_at": at}


def hires_of(people, teams, titles, at):
    """Past hires; people are (resume, features)."""
    records, found = zip(*people)
    return PastHires(tuple(teams), tuple(titles), tuple(record["resume_id"] for record in records), at, records, found)


def past_of(*people, team="t", title="designer", first=START - 50 * DAY):
    """Hires a day apart; people are (resume_id, features)."""
    n = len(people)
    return hires_of([(resume(name), found) for name, found in people], [team] * n, [title] * n, first + DAY * np.arange(n))


def close(jobs, found, past, candidates, k=2, most=30, model=None):
    """Closeness of every candidate to the first job, by name, and the history."""
    table = job_profiles(jobs, found, model, 1)
    resumes = resume_profiles([record for record, _ in candidates], [f for _, f in candidates], model, 1)
    history = History(table, past, k, most, model)
    rows = np.zeros(len(candidates), np.int64), np.arange(len(candidates))
    return closeness(history, table, resumes, *rows), history, history.removed(resumes, *rows)


def closeness(history, jobs, resumes, job, resume):
    """The features of `signals`, by name."""
    market = Market.fit(jobs, resumes, min_count=3)
    found = match_features(MatchedPairs(jobs, resumes, history, job, resume, np.zeros(len(job), np.int64), market=market))
    return {name: values for name, values in found.items() if name.startswith("hire")}


def test_only_hires_from_before_the_posting_count_and_a_person_counts_once():
    people = [("a", resume_features()), ("b", resume_features()), ("a", resume_features()), ("c", resume_features())]
    past = past_of(*people, first=START - 3 * DAY)  # c is hired at the very second of the posting
    assert past.of("t", None, START, k=1, most=30) == (TEAM, [1, 2])
    assert past.of("t", None, START + 1, k=1, most=30) == (TEAM, [1, 2, 3])
    assert past.of("t", None, START + 1, k=1, most=2) == (TEAM, [2, 3])


def test_jobs_of_the_same_title_serve_where_the_team_has_too_few():
    past = past_of(*[(name, resume_features()) for name in "abc"])
    assert past.of("other", "designer", START, k=2, most=30) == (TITLE, [0, 1, 2])
    assert past.of("other", "designer", START, k=3, most=30) == (NONE, [])
    assert past.of("other", None, START, k=2, most=30) == (NONE, [])


def test_snapshots_are_those_from_before_the_hire():
    records = [resume("a", at=START + day * DAY) for day in (0, 10, 20)] + [resume("b", at=START + 30 * DAY)]
    hires = SimpleNamespace(job=[0, 0], resume_id=["a", "b"], hired_at=[START + 15 * DAY, START + 15 * DAY])
    folder = SimpleNamespace(resumes=records, jobs=[job()], hires=hires)
    found = [resume_features(years=n) for n in range(4)]
    past = PastHires.from_folder(folder, SimpleNamespace(jobs=[job_features(title="designer")], resumes=found))
    assert past.resume_id == ("a",)  # b had no resume yet
    assert past.features[0].years.value == 1


def test_closeness_by_hand_with_the_own_hire_left_out():
    people = [
        ("a", resume_features(skills=("sql", "go", "rust"), years=9, seniority="mid", title="designer")),
        ("b", resume_features(skills=("sql", "go"), years=4, seniority="senior", title="designer", education="master")),
        ("c", resume_features(skills=("sql",), years=6, seniority="mid")),
    ]
    found, _, removed = close([job()], [job_features(must_have=("sql",))], past_of(*people), [(resume("a"), people[0][1])])
    assert removed.tolist() == [0]
    # b and c are left: supports sql 2, go 1; of sql, go and rust the candidate has them all
    expected = {"hires": np.log(4), "hired_skills": 1.0}
    expected |= {"hired_industry": 0.0, "hired_standing": np.nan}
    # a skill that hardly any training resume has: 1/4 of one of no matter which domain, (0 + 10/4) / (1 + 10) of this domain
    expected |= {"hired_more": np.log((2 + 1) / (5 / 11 + 1)) + np.log((1 + 1) / (5 / 11 + 1))}
    assert {name: float(values[0]) for name, values in found.items()} == pytest.approx(expected, nan_ok=True)


def test_a_stranger_is_compared_with_as_many_people_as_a_hire():
    people = [(f"h{i}", resume_features(skills=("sql" if i % 2 else "go",))) for i in range(5)]
    strangers = [(resume(f"s{i}"), resume_features(skills=("sql",))) for i in range(40)]
    found, _, removed = close([job()], [job_features()], past_of(*people), strangers)
    assert set(found["hired_skills"]) == {1 / 4, 2 / 4}  # 2 of 5 have it, and one of the 5 is left out
    assert set(removed) == {0, 1, 2, 3, 4}
    assert len(set(found["hires"])) == 1


def test_k_people_are_no_signal_whoever_asks():
    people = [("a", resume_features(skills=("sql",))), ("b", resume_features(skills=("sql",)))]
    candidates = [(resume("a"), people[0][1]), (resume("z"), people[0][1])]
    found, _, removed = close([job()], [job_features()], past_of(*people), candidates)
    assert removed.tolist() == [-1, -1]
    assert np.isnan(found["hired_skills"]).all() and (found["hires"] == 0).all()


def test_text_closeness_is_the_cosine_with_the_others():
    texts = ["sql go", "go rust", "rust rust excel", "sql excel"]
    model = text_model(texts)
    people = [(resume(name, text), resume_features()) for name, text in zip("abc", texts)]
    past = hires_of(people, ["t"] * 3, ["designer"] * 3, START - DAY * np.arange(50, 47, -1))
    found, _, _ = close([job()], [job_features()], past, [(resume("b", texts[3]), resume_features())], model=model)
    rows = model.parts.tfidf(model.count(texts)[1]).toarray()
    others = rows[0] + rows[2]
    assert found["hired_text"][0] == pytest.approx(rows[3] @ others / np.linalg.norm(others))


def planted_world(seed):
    """Teams hire at random; 8 of 16 candidates of each job are hires of its team, and nothing else sets them apart."""
    random = np.random.default_rng(seed)

    def person(name):
        skills = tuple(str(s) for s in random.choice(SKILLS, random.integers(1, 6), replace=False))
        seniority, title = str(random.choice(["junior", "mid", "senior"])), str(random.choice(TITLES))
        record, years = resume(name, " ".join(random.choice(SKILLS, 8))), int(random.integers(0, 15))
        more = {"industries": (str(random.choice(["banking", "energy", "retail"])),), "domains": (str(random.choice(["data", "design"])),)}
        return record, resume_features(skills=skills, years=years, seniority=seniority, title=title, education="master", **more)

    jobs, past, teams, candidates, job_row, hired = [], [], [], [], [], []
    for team in range(250):
        size = int(random.integers(8, 13))
        jobs.append(job(f"j{team}", f"t{team}"))
        people = [person(f"{team}-{i}") for i in random.permutation(size + 8)]
        past += people[:size]
        teams += [f"t{team}"] * size
        candidates += people[:8] + people[size:]
        job_row += [team] * 16
        hired += [1] * 8 + [0] * 8
    ads = tuple(job_features(must_have=(str(random.choice(SKILLS)),), seniority="mid") for _ in past)
    order = replace(hires_of(past, teams, [None] * len(past), START - 50 * DAY + np.arange(len(past))), ads=ads)
    return jobs, order, candidates, np.array(job_row), np.array(hired)


def separation(columns, hired):
    """AUC of a forest that is asked who was hired, trained on one half of the teams and tested on the other."""
    half = len(hired) // 2
    model = RandomForestClassifier(100, min_samples_leaf=5, random_state=0)
    columns = np.nan_to_num(columns, nan=-1.0)
    return roc_auc_score(hired[half:], model.fit(columns[:half], hired[:half]).predict_proba(columns[half:])[:, 1])


@pytest.fixture(scope="module")
def planted():
    jobs, past, candidates, job_row, hired = planted_world(0)
    model = text_model([record["text"] for record, _ in candidates])
    table = job_profiles(jobs, [job_features(seniority="mid")] * len(jobs), model, 1)
    resumes = resume_profiles([record for record, _ in candidates], [found for _, found in candidates], model, 1)
    return History(table, past, 2, 30, model), table, resumes, job_row, hired


def columns(planted):
    history, table, resumes, job_row, _ = planted
    return np.stack(list(closeness(history, table, resumes, job_row, np.arange(len(job_row))).values()), axis=1)


def test_the_own_hire_gives_nothing_away(planted):
    hired = planted[4]
    assert separation(columns(planted), hired) == pytest.approx(0.5, abs=0.04)
    for values in columns(planted).T:
        assert roc_auc_score(hired, values) == pytest.approx(0.5, abs=0.04)


def test_without_removal_it_would_be_given_away(planted, monkeypatch):
    first = planted[0].offsets[planted[3]]  # the same person is left out for everyone
    monkeypatch.setattr(History, "removed", lambda *_: first)
    assert separation(columns(planted), planted[4]) > 0.7


def test_removing_none_but_the_own_hire_would_give_it_away(planted):
    history, _, resumes, job_row, hired = planted
    people, shares = np.diff(history.offsets)[job_row], []
    for name in ("title", "seniority"):
        support = merge(history.of_slots(name), history.offsets)
        same = dot(support, job_row, resumes.sets[name], np.arange(len(job_row)))
        shares.append((same - hired) / (people - hired))
    assert separation(np.column_stack([*shares, people]), hired) > 0.9
