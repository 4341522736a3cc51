"""Why a candidate stands where it stands, and that no line says who the person is."""

import json
import re

import pytest

from minirank.extract.schema import Mask
from minirank.ranking import Ranker
from minirank.ranking.without import GROUPS, gain_of_knowing
from minirank.report.reasons import HIDDEN, LONGEST_QUOTE, masked_quote, reasons
from minirank.run.prediction import predict, ranking_score

TEXT = "I am Jane Doe, jane@example.org, and know SQL"


@pytest.mark.parametrize(
    "start, end, masks, expected",
    [
        (5, 46, [(5, 13), (15, 31)], f"{HIDDEN}, {HIDDEN}, and know SQL"),
        (0, 9, [(5, 13)], f"I am {HIDDEN}"),
        (10, 20, [(5, 13), (15, 31)], f"{HIDDEN}, {HIDDEN}"),
        (42, 46, [(5, 13), (15, 31)], "SQL"),
        (14, 15, [(5, 13), (15, 31)], " "),
    ],
)
def test_a_quote_says_nothing_of_the_person(start, end, masks, expected):
    assert masked_quote(TEXT[start:end], start, [Mask(first, last, "NAME") for first, last in masks]) == expected


def test_a_long_quote_is_cut():
    assert masked_quote("x" * 200, 0, []) == "x" * LONGEST_QUOTE + " ..."


def test_no_line_of_a_report_says_who_a_person_is(market, contents):
    """Whatever is masked in the resume of somebody who is shown is not on the page: names, addresses, pronouns."""
    texts = [json.loads(line) for line in (market[0] / "resumes.jsonl").read_text().splitlines()]
    features = [json.loads(line) for line in (market[0] / "resume_features.jsonl").read_text().splitlines()]
    shown = {place.resume_id for ranking in contents.ranking.rankings for place in ranking.places}
    said = "\n".join(reason.text for ranking in contents.ranking.rankings for place in ranking.places for reason in place.reasons)
    source = {(text["resume_id"], text["updated_at"]): text["text"] for text in texts}
    words = {
        source[found["resume_id"], found["updated_at"]][mask["start"] : mask["end"]]
        for found in features
        if found["resume_id"] in shown
        for mask in found["masked"]
        if mask["kind"] in ("NAME", "EMAIL")
    }
    assert len(words) >= 20 and said and not any(re.search(rf"\b{re.escape(word)}\b", said) for word in words)


def test_schools_and_pauses_are_left_out(run):
    candidate = Ranker.load(run).rank("j000001", top=1).candidates[0]
    evidence = candidate.evidence | {
        "career": {"moves": 3, "tenure": 31, "gap": 17, "employers": [], "industries": [], "schools": ["Eton"]}
    }
    lines = reasons(evidence, [], [])
    assert [line.text for line in lines if line.about == "career"] == ["3 employers, 31 months each"]
    assert "Eton" not in str(lines) and "17" not in str([line for line in lines if line.about == "career"])


def test_quotes_in_evidence_are_masked(run):
    skill = {"skill": "sql", "quote": "SQL with Jane Doe", "start": 10, "end": 27, "source": "llm"}
    candidate = Ranker.load(run).rank("j000001", top=1).candidates[0]
    evidence = candidate.evidence | {"must_have": [skill], "must_have_missing": [skill | {"skill": "java"}]}
    line, missing = reasons(evidence, [Mask(19, 27, "NAME")], [])[:2]
    assert (line.about, line.text, line.for_it) == ("must-haves", f'1 of 2: sql ("SQL with {HIDDEN}")', True)
    assert (missing.text, missing.for_it) == ("not found, 1 of 2: java", False)


def test_what_the_score_hangs_on(run, contents):
    """The gain of a group is the score over the score of a row that lacks it."""
    ranker = Ranker.load(run)
    found = ranker.rank_roles(contents.ranking.job_id, ["hr"], top=3)
    gains = gain_of_knowing(run, found.rows[0])
    assert set(gains) == set(GROUPS)
    rows = ranker.rank_roles(contents.ranking.job_id, ["hr"], top=3).rows[0]
    before = ranking_score(predict(run.executor, run.values, rows, "position"), run.config.score)
    for column, name in enumerate(run.plan.spec.dense):
        if name.removesuffix("_unknown") in GROUPS["pay, start and career"]:
            rows.dense[:, column] = name.endswith("_unknown")
    after = ranking_score(predict(run.executor, run.values, rows, "position"), run.config.score)
    assert (
        gains["pay, start and career"] == pytest.approx(before / after, rel=1e-4) and abs(gains["pay, start and career"] - 1).max() > 1e-3
    )
