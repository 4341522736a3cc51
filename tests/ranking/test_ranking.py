"""Ranking: the same numbers as evaluation, for any job and any resume, in one order whatever the threads do."""

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import command_line
import numpy as np
import pytest
from checkout import python
from ranking_world import GATED, train_run
from training_world import small_config

from minirank.config.configuration import ScoreConfig
from minirank.config.model import GateConfig, ModelConfig
from minirank.errors import DataError, RunError
from minirank.ranking import Ranker, pool
from minirank.ranking import ranker as ranking
from minirank.ranking.candidates import read_resumes
from minirank.ranking.format_ranking import format_moves, format_ranking, gap
from minirank.run.load_run import load_run
from minirank.run.scoring import predictions_of
from minirank.training import train

JOB = {"title": "Senior Data Engineer", "description": "You must have Python and SQL. Docker is a plus. At least 5 years."}
RESUMES = [
    {"resume_id": "b", "text": "Data Engineer\nSkills: Python, SQL, Docker\n7 years of experience"},
    {"resume_id": "a", "text": "Nurse\nSkills: wound care", "updated_at": "2025-01-05", "location": "Berlin"},
]


def figures(found) -> list[tuple]:
    return [(c.resume_id, c.rank, c.score, tuple(c.probabilities.items())) for c in found.candidates]


def test_a_ranked_pair_has_the_probabilities_of_evaluation(ranker, dataset):
    """Bit for bit, with the position hidden from both."""
    folder, shown = ranker.folder, ranker.folder.impressions
    evaluated = predictions_of(ranker.run, dataset, dataset.test)
    place = {row: number for number, row in enumerate(dataset.test)}
    searches = np.unique(shown.search[dataset.test])[:8]
    for search in searches:
        rows = np.flatnonzero(shown.search == search)
        job, role = folder.jobs[shown.job[rows[0]]]["job_id"], folder.roles[shown.role[rows[0]]]
        given = [folder.resumes[r] for r in shown.resume[rows]]  # as new: rules read them again
        found = ranker.rank(job, given, role, now=int(shown.time[rows[0]]))
        assert len(found.candidates) == len(rows) > 0
        for candidate in found.candidates:
            at = place[next(row for row, r in zip(rows, given) if r["resume_id"] == candidate.resume_id)]
            for ours, theirs in ranking.NAMES.items():
                assert candidate.probabilities[ours] == evaluated[theirs][at]
            assert candidate.score == evaluated["score"][at]


def test_pctcvr_is_the_product_and_the_score_follows_the_exponents(ranker):
    for candidate in ranker.rank(JOB, RESUMES, "hr").candidates:
        p = candidate.probabilities
        assert p["pCTCVR"] == pytest.approx(p["pCTR"] * p["pCVR"], rel=1e-12)
        assert candidate.score == pytest.approx(p["pCTCVR"], rel=1e-12)
    run = replace(ranker.run, config=replace(ranker.run.config, score=ScoreConfig(ctr=0.5, cvr=0.0, relevance=2.0)))
    for candidate in Ranker(run).rank(JOB, RESUMES, "hr").candidates:
        p = candidate.probabilities
        assert candidate.score == pytest.approx(p["pCTR"] ** 0.5 * p["relevance"] ** 2, rel=1e-12)


def test_all_resumes_of_the_folder_are_ranked_by_score(ranker):
    found = ranker.rank(ranker.folder.jobs[-1]["job_id"], role="hr")
    assert found.scored == len(found.candidates) == len({r["resume_id"] for r in ranker.folder.resumes})
    assert [c.rank for c in found.candidates] == list(range(1, found.scored + 1))
    scores = [c.score for c in found.candidates]
    assert scores == sorted(scores, reverse=True) and scores[0] > scores[-1]
    best = ranker.rank(ranker.folder.jobs[-1]["job_id"], role="hr", top=3)
    assert best.scored == found.scored and figures(best) == figures(found)[:3]


def test_chunks_and_company_do_not_change_a_candidate(ranker, monkeypatch):
    job = ranker.folder.jobs[-1]["job_id"]
    together = {c.resume_id: c for c in ranker.rank(job, role="hr").candidates}
    for module in (pool, ranking):
        monkeypatch.setattr(module, "CHUNK_ROWS", 70)
    for found in (Ranker(ranker.run, ranker.folder, ranker.features).rank(job, role="hr"), ranker.rank(job, ["r000000"], "hr")):
        for candidate in found.candidates:
            known = together[candidate.resume_id]
            assert candidate.gates and (candidate.score, candidate.gates) == (known.score, known.gates)
    assert list(together) == [c.resume_id for c in ranker.rank(job, role="hr").candidates]


def test_equal_scores_stand_in_the_order_of_resume_id(ranker):
    twins = [{"resume_id": name, "text": "Python and SQL"} for name in ("d", "b", "c", "a", "e")]
    job = {"title": "Lighthouse keeper", "description": JOB["description"]}  # no past hires, which would tell twins apart
    assert [c.resume_id for c in ranker.rank(job, twins, "hr").candidates] == ["a", "b", "c", "d", "e"]
    assert [c.resume_id for c in ranker.rank(job, twins[::-1], "hr", top=2).candidates] == ["a", "b"]


def test_of_two_snapshots_the_newest_counts(ranker):
    old = {"resume_id": "a", "text": "wound care", "updated_at": "2025-01-01"}
    new = {"resume_id": "a", "text": "Python, SQL", "updated_at": "2025-02-01"}
    for both in ([old, new], [new, old]):
        (only,) = ranker.rank(JOB, both, "hr").candidates
        assert [item["skill"] for item in only.evidence["must_have"]] == ["python", "sql"]


def test_a_new_job_and_new_resumes_are_explained_with_quotes(ranker):
    found = ranker.rank(JOB | {"team_id": "t00001", "posted_at": "2025-03-01"}, RESUMES, "hr")
    by_id = {c.resume_id: c.evidence for c in found.candidates}
    assert [item["skill"] for item in by_id["b"]["must_have"]] == ["python", "sql"]
    item = by_id["b"]["must_have"][0]
    assert RESUMES[0]["text"][item["start"] : item["end"]] == item["quote"] == "Python"
    assert [item["skill"] for item in by_id["a"]["must_have_missing"]] == ["python", "sql"]
    assert by_id["b"]["years"] == {"job": 5, "resume": 7, "gap": 2}
    assert json.loads(json.dumps(found.to_json()))["candidates"][0]["pCTR"] == found.candidates[0].probabilities["pCTR"]


def test_rules_read_a_new_resume_once(ranker, monkeypatch):
    read, extract = [], ranking.resume_by_rules
    monkeypatch.setattr(ranking, "resume_by_rules", lambda resume, *rest: read.append(resume["text"]) or extract(resume, *rest))
    ranker.compare(JOB, "hr", "executive", RESUMES)
    assert sorted(read) == sorted(resume["text"] for resume in RESUMES)


def test_what_is_new_is_read_with_the_gazetteer_of_the_configuration(market, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("bell founding\n")
    run = load_run(market[1])
    run = replace(run, config=replace(run.config, data=replace(run.config.data, gazetteer=labels)))
    resumes = [{"resume_id": "b", "text": "Skills: bell founding"}]
    (found,) = Ranker.load(run).rank({"title": "Keeper", "description": "- bell founding"}, resumes, "hr").candidates
    assert [item["skill"] for item in found.evidence["must_have"]] == ["bell founding"]
    labels.unlink()
    assert Ranker.load(run).rank("j000001", top=1, role="hr").candidates  # nothing new to be read
    with pytest.raises(
        DataError, match=r"labels.txt: the gazetteer cannot be read: .*; data.gazetteer of \S*config.yaml asks for it: put it back, or"
    ):
        Ranker.load(run).rank(JOB, resumes, "hr")


def test_ids_and_new_resumes_may_be_mixed(ranker):
    found = ranker.rank(JOB, ["r000001", RESUMES[0]], "hr")
    assert {c.resume_id for c in found.candidates} == {"r000001", "b"}


def test_an_unseen_role_is_the_unknown_role_and_the_result_says_so(ranker):
    unknown, unseen, known = (ranker.rank(JOB, RESUMES, role) for role in (None, "chef", "hr"))
    assert figures(unknown) == figures(unseen) != figures(known)
    assert "chef" in unseen.note and "hr" in unseen.note and "not known" in unknown.note and known.note is None


ROMANIAN = {"title": "Contabil", "description": "Căutăm un contabil pentru situații financiare, bilanțuri și declarații fiscale lunare."}
PEOPLE = {
    "x": "Bucătar, preparate calde și rețete de sezon pentru restaurant, curățenie și aprovizionare zilnică, 12 ani",
    "y": "Contabilă: situațiile financiare ale firmei, bilanțul anual, declarațiile fiscale și salarii pentru angajați",
    "z": "Electrician, instalații și tablouri electrice pentru hale industriale, întreținere și verificări periodice",
}


def test_texts_in_words_that_training_never_saw_are_named(ranker):
    people = [{"resume_id": name, "text": text} for name, text in PEOPLE.items()]
    found = ranker.rank(ROMANIAN, people, "hr")
    job, resumes = (round(100 * found.words_known[key]) for key in ("job", "resumes"))
    assert f"training knows too few words of the job ({job} % known) and 3 of 3 resumes ({resumes} % known, Romanian)" in found.note
    assert job < 20 and resumes < 20
    assert f"training knows {job} % of the job's words, {resumes} % of the resumes'" in format_ranking(found)
    mixed = ranker.rank(JOB, [*people, RESUMES[0]], "hr")
    assert "too few words of 3 of 4 resumes" in mixed.note
    familiar = ranker.rank("j000001", role="hr")
    assert familiar.words_known["job"] > 0.8 < familiar.words_known["resumes"] and familiar.note is None
    assert familiar.to_json()["words_known"] == familiar.words_known


def test_a_model_blind_to_roles_says_so(market, tmp_path):
    model = ModelConfig(role_in_x=False, gate=GateConfig("none"), expert_hidden=(8,))
    run = train_run(market[0], tmp_path / "run", model, epochs=1)
    blind = Ranker.load(run)
    found = blind.compare(JOB, "hr", "executive", RESUMES)
    assert figures(found.a) == figures(found.b)
    assert "does not look at the role" in found.a.note and found.kendall_tau == 1 and found.overlap == 1


@pytest.mark.parametrize("architecture, names", [
    ("mmoe", ["expert 0", "expert 1", "expert 2"]),
    ("omoe", ["expert 0", "expert 1", "expert 2"]),
    ("ple", ["{task} 0", "{task} 1", "shared 0", "shared 1"]),
    ("shared_bottom", None),
])  # fmt: skip
def test_gates_name_each_expert_of_a_task_and_sum_to_one(market, ranker, tmp_path, architecture, names):
    model = replace(GATED, architecture=architecture, gate=GATED.gate if architecture == "mmoe" else ModelConfig().gate)
    ranked = ranker if architecture == "mmoe" else Ranker.load(train_run(market[0], tmp_path / "run", model, epochs=1))
    (candidate,) = ranked.rank(JOB, RESUMES[:1], "hr").candidates
    if names is None:
        assert candidate.gates == {}
        return
    assert list(candidate.gates) == ["ctr", "cvr", "relevance"]
    for task, weights in candidate.gates.items():
        assert list(weights) == [name.format(task=task) for name in names]
        assert sum(weights.values()) == pytest.approx(1, abs=1e-6)
    if architecture == "omoe":
        assert candidate.gates["ctr"] == candidate.gates["cvr"]
    if architecture == "mmoe":
        assert candidate.gates["ctr"] != candidate.gates["cvr"]


def test_gates_are_those_of_the_reference(market, ranker):
    config = ranker.run.config
    reference = replace(ranker.run, config=replace(config, training=replace(config.training, backend="reference")))
    one, other = (Ranker(run).rank(JOB, RESUMES, "hr").candidates for run in (ranker.run, reference))
    for a, b in zip(one, other, strict=True):
        assert a.resume_id == b.resume_id and a.gates.keys() == b.gates.keys() != set()
        for task in a.gates:
            assert list(a.gates[task].values()) == pytest.approx(list(b.gates[task].values()), abs=1e-5)


def test_comparison_counts_moves_by_hand(ranker):
    found = ranker.compare(ranker.folder.jobs[-1]["job_id"], "hr", "executive", top=5)
    a, b = ({c.resume_id: c.rank for c in r.candidates} for r in (
        ranker.rank(found.a.job_id, role="hr"), ranker.rank(found.a.job_id, role="executive"))
    )  # fmt: skip
    assert {m.resume_id for m in found.moves} == {n for n in a if a[n] <= 5 or b[n] <= 5}
    assert all((m.rank_a, m.rank_b) == (a[m.resume_id], b[m.resume_id]) for m in found.moves)
    assert found.overlap == sum(a[n] <= 10 and b[n] <= 10 for n in a) / 10
    names = sorted(a)
    pairs = [(a[x] - a[y]) * (b[x] - b[y]) for i, x in enumerate(names) for y in names[:i]]
    assert found.kendall_tau == pytest.approx(np.sign(pairs).mean(), rel=1e-9)
    assert ranker.compare(JOB, "hr", "executive", RESUMES[:1]).kendall_tau is None
    json.dumps(found.to_json())


def test_threads_share_a_ranker(ranker):
    fresh = Ranker(load_run(ranker.run.folder), ranker.folder, ranker.features)
    jobs = [job["job_id"] for job in ranker.folder.jobs[-4:]]
    roles = ("hr", "executive", "hiring_manager")
    expected = {(job, role): figures(ranker.rank(job, role=role, top=20)) for job in jobs for role in roles}
    start = threading.Barrier(4)

    def wrong(first):
        start.wait()
        asked = [(jobs[(first + number) % 4], roles[(first + number) % 3]) for number in range(6)]
        return [(job, role) for job, role in asked if figures(fresh.rank(job, role=role, top=20)) != expected[job, role]]

    with ThreadPoolExecutor(4) as pool:
        assert [pair for found in pool.map(wrong, range(4)) for pair in found] == []


def test_a_folder_without_extracted_features_gives_the_same_list(market, ranker, tmp_path):
    for path in market[0].iterdir():
        if not path.name.endswith("_features.jsonl"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    job = ranker.folder.jobs[-1]["job_id"]
    assert figures(Ranker.load(ranker.run, tmp_path).rank(job, role="hr", top=9)) == figures(ranker.rank(job, role="hr", top=9))
    assert not (tmp_path / "job_features.jsonl").exists()


def test_everything_by_hand_needs_no_folder(ranker):
    alone = Ranker(ranker.run)
    assert len(alone.rank(JOB, RESUMES, "hr").candidates) == 2
    with pytest.raises(DataError, match="asked for by id, but .* is not there"):
        alone.rank("j000001", RESUMES, "hr")
    with pytest.raises(DataError, match="no candidate to rank"):
        alone.rank(JOB, role="hr")


UNRANKABLE = [
    ("j0000017", None, "no job 'j0000017' .*did you mean j0000"),
    (JOB, ["r1"], "no resume 'r1'"),
    (JOB, [], "no candidate to rank"),
    ({"title": "x"}, RESUMES, "column description: the key is missing"),
    (JOB | {"posted_at": "soon"}, RESUMES, "expected a time, got 'soon'; write ISO 8601"),
    (JOB, [{"resume_id": "a"}], "column text: the key is missing"),
    (JOB, [{"resume_id": "a", "text": 5}], "expected a text, got 5"),
    (JOB | {"posted_at": 10**30}, RESUMES, "column posted_at: expected a time, got 10{30}"),
    (JOB, [RESUMES[0] | {"updated_at": 10**30}], "column updated_at: expected a time, got 10{30}"),
    ([1], RESUMES, "expected a job but got \\[1\\]; give a job_id"),
    (JOB, 5, "expected resumes but got 5; give a list"),
    (JOB, "r000001", "expected resumes but got 'r000001'; give a list"),
    (JOB, RESUMES[0], "expected resumes but got {'resume_id': .*; give a list"),
    (JOB, [[1]], "expected a resume but got \\[1\\]; give a list"),
]


@pytest.mark.parametrize("job, resumes, message", UNRANKABLE)
def test_what_cannot_be_ranked_is_one_line(ranker, job, resumes, message):
    with pytest.raises(DataError, match=message) as caught:
        ranker.rank(job, resumes, "hr")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("arguments, message", [
    *[({"top": top}, "expected top, .* give a whole number from 1") for top in (1.5, "3", True, 0)],
    *[({"now": now}, "expected now, .* give whole seconds") for now in (10**30, "2025-01-01", float("nan"), -1)],
    ({"role": ["hr"]}, "expected a role but got \\['hr'\\]; give one text such as hr"),
])  # fmt: skip
def test_arguments_of_another_kind_are_one_line(ranker, arguments, message):
    others = {key: value for key, value in arguments.items() if key != "role"}
    with pytest.raises(DataError, match=message):
        ranker.rank(JOB, RESUMES, **arguments)
    with pytest.raises(DataError, match=message):
        ranker.compare(JOB, "hr", arguments.get("role"), RESUMES, **others)


def test_a_run_of_a_table_is_refused(tmp_path):
    train(small_config(tmp_path, "training.epochs=1"), tmp_path / "run")
    with pytest.raises(RunError, match="trained on a table, .*; use `minirank score`"):
        Ranker.load(tmp_path / "run")


def test_a_run_without_a_scored_task_is_refused(ranker):
    run = replace(ranker.run, config=replace(ranker.run.config, score=ScoreConfig(0.0, 0.0, 0.0)))
    with pytest.raises(RunError, match="no task of this run enters the score"):
        Ranker(run)


def test_one_year_is_no_years():
    found = {"years": {"resume": 1, "job": 2, "gap": -1}, "seniority": {"resume": "junior", "job": None, "gap": None}}
    assert gap(found, "years", " years") == "1 year (2 asked)" and gap(found, "seniority") == "junior"
    assert gap({"years": {"resume": 0, "job": None, "gap": None}}, "years", " years") == "0 years"


def test_text_names_rank_gates_and_reasons(ranker):
    text = format_ranking(ranker.rank(JOB, RESUMES, "hr"))
    assert "role hr; 2 candidates by pCTR pCVR" in text
    assert "must-haves 2 of 2: python, sql" in text and "must-haves 0 of 2: not found: python, sql" in text
    assert "7 years (5 asked)" in text and "gate relevance" in text
    told = [{"resume_id": "c", "text": "Data Engineer\nExpert in SQL. Salary expectation €60k. Notice period: 1 month."}]
    text = format_ranking(ranker.rank(JOB | {"description": "You must have SQL. €50k - €65k a year."}, told, "hr"))
    assert "sql (expert)" in text and "wishes 60,000 EUR (65,000 EUR offered); free in 4 weeks" in text
    moves = format_moves(ranker.compare(JOB, "hr", "executive", RESUMES))
    assert moves.startswith("From hr to executive: 100 % of the first 10 are the same")


def test_resumes_of_a_file_need_an_id_and_a_text(tmp_path):
    path = tmp_path / "more.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in RESUMES), encoding="utf-8")
    read = read_resumes(path, now=1_800_000_000)
    assert [r["updated_at"] for r in read] == [1_800_000_000, 1_736_035_200]
    path.write_text(json.dumps(RESUMES[0]) + '\n{"resume_id": "c"}\n', encoding="utf-8")
    with pytest.raises(DataError, match='more.jsonl:2: column text: the key is missing, there is resume_id; add "text"'):
        read_resumes(path, now=0)
    with pytest.raises(DataError, match="no such file"):
        read_resumes(tmp_path / "none.jsonl", now=0)


def test_the_command_prints_both_lists_and_the_moves(market, ranker):
    job = ranker.folder.jobs[-1]["job_id"]
    words = ["rank", market[1], "--job", job, "--role", "hr", "--versus", "executive", "--top", 2]
    done = python("-m", "minirank", *words, PYTHONIOENCODING="utf-8")
    assert done.returncode == 0 and done.stderr == ""
    assert "role hr;" in done.stdout and "role executive;" in done.stdout and "From hr to executive" in done.stdout


def test_the_command_ranks_the_resumes_of_a_file_as_json(market, capsys, tmp_path):
    path = tmp_path / "more.jsonl"
    path.write_text(json.dumps(RESUMES[0]) + "\n", encoding="utf-8")
    words = ("rank", market[1], "--job", "j000001", "--role", "hr", "--resumes", path, "--json", "--data", market[0])
    assert [c["resume_id"] for c in json.loads(command_line.run(capsys, *words)[1])["candidates"]] == ["b"]


def test_errors_of_the_command_are_one_line_and_exit_2(market, capsys, tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{oops\n", encoding="utf-8")
    cases = [
        ((market[1], "--job", "j99"), "no job 'j99'"),
        ((market[1], "--job", "j000001", "--resumes", bad), "bad.jsonl:1: not valid JSON"),
        ((tmp_path, "--job", "j000001"), "no run"),
    ]
    for words, message in cases:
        status, out, said = command_line.run(capsys, "rank", *words)
        assert status == 2 and message in said and said.count("\n") == 1 and not out


@pytest.mark.parametrize("name", ["encoder.json", "encoder.npz", "data.json"])
def test_a_changed_encoder_is_refused(market, tmp_path, name):
    """Both files of the encoder of another run, which fit each other, are not this model's either."""
    run = shutil.copytree(market[1], tmp_path / "run")
    (run / name).write_bytes((run / name).read_bytes().replace(b"\n", b" ") + b" ")
    with pytest.raises(RunError, match=f"run/{name}: is not the one that model.npz was trained with; train again, or restore the file"):
        Ranker.load(run)


def test_equal_scores_stand_in_the_order_of_ids_whatever_these_hold(ranker):
    ids = ["b", "a\x00", "\u5c71", "a", "a\x00\x00", "B"]
    found = ranker.rank(JOB, [RESUMES[0] | {"resume_id": name} for name in ids], "hr").candidates
    assert [candidate.resume_id for candidate in found] == sorted(ids)
    assert len({candidate.score for candidate in found}) == 1
