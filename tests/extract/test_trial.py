"""The trial of a model on bundled postings: the score by hand, and what the doctor says of good and bad models."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from extraction_server import JOB, document_of
from llm_scripted import MODEL, ScriptedServer, Step, answer

import minirank.extract.llm.trial
from minirank.cli import main
from minirank.extract.llm.prompts import load_prompt
from minirank.extract.llm.span_scores import f1, interval, tally
from minirank.extract.llm.trial import StyleTrial, postings, rules_trial, verdict


def test_the_postings_mark_each_thing_once():
    assert len(postings()) == 3 and len(asked := [p.text[a:b].lower() for p in postings() for a, b in p.truth]) == len(set(asked)) == 40
    for posting in postings():
        assert "[[" not in posting.text and "]]" not in posting.text
        assert all(posting.text.lower().count(posting.text[a:b].lower()) == 1 or b - a < 4 for a, b in posting.truth)


def test_scores_by_hand():
    found, truth = [(0, 4), (10, 20), (30, 40)], [(0, 5), (14, 20), (50, 52)]
    # (0, 4) shares 4 of 5 letters, (10, 20) 6 of 10, the third none; three sentences start at 0, 12 and 45.
    counts = tally(found, truth, [0, 12, 45])
    np.testing.assert_array_equal(counts, [[2, 2, 1, 1], [1, 0, 1, 1], [0, 0, 1, 0]])
    assert f1(counts) == pytest.approx(2 / 3)  # P = 2 / 3 and R = 2 / 3
    np.testing.assert_array_equal(tally(found, truth, [0], least=0.7), [[3, 1, 3, 1]])
    np.testing.assert_array_equal(tally([(0, 100)], [(99, 101)], [0], least=0), [[1, 1, 1, 1]])
    np.testing.assert_array_equal(tally([(0, 9)], [(9, 12)], [0], least=0), [[1, 0, 1, 0]])
    assert f1(np.zeros((5, 4), int)) == 0


def test_intervals():
    rng = np.random.default_rng(1)
    right = rng.integers(0, 2, 200)
    counts = np.stack([np.ones(200, int), right, np.ones(200, int), right], 1)  # F1 = the share of right ones
    low, high = interval(counts)
    half = 1.96 * np.sqrt(right.mean() * (1 - right.mean()) / 200)
    assert (low, high) == pytest.approx((right.mean() - half, right.mean() + half), abs=0.01)
    assert interval(counts, counts) == (0, 0)  # paired: the same sentences on both sides


def trial(style, score, low, high, read=(60, 60)):
    return StyleTrial(style, score, (score - 0.6, low, high), 1.0, (0, 9), 1.0, 10, 10, "", read)


@pytest.mark.parametrize(
    "document, spans, style, said",
    [
        ((0.8, 0.1, 0.3), (0.7, 0.05, 0.2), "document", "use it"),
        ((0.1, -0.6, -0.4), (0.8, 0.1, 0.3), "spans", "use --style spans"),
        ((0.1, -0.6, -0.4), (0.5, -0.2, -0.05), None, "keep the rules: they find more"),
        ((0.1, -0.6, -0.4), (0.65, -0.1, 0.2), None, "keep the rules: that this model finds more (+0.05) may be chance"),
    ],
)
def test_verdicts(document, spans, style, said):
    found = verdict([trial("document", *document), trial("spans", *spans)])
    assert found[0] == style and found[1].startswith(said)


def test_a_verdict_by_a_part_says_so():
    part = trial("spans", 0.8, 0.1, 0.3, read=(25, 60))
    assert verdict([part]) == ("spans", "use --style spans: there it finds more than the rules, by the 25 sentences that it read in time")
    assert str(part).startswith("too slow: 25 of 60 sentences read in time; F1 0.80")
    assert verdict([trial("spans", 0.8, 0.1, 0.3, read=(19, 60))])[0] is None  # too few to tell
    nothing = trial("document", 0.0, 0.0, 0.0, read=(0, 60))
    assert verdict([nothing, trial("spans", 0.5, -0.2, -0.1)])[1] == "keep the rules: they find more than this model"
    assert verdict([nothing]) == (None, "keep the rules: the model is too slow here, nothing was read in time")


def model(received, quoted):
    """A server that enforces schemas, and whose model quotes what a function says stands in a text."""
    if received.body is None:
        return Step(200, {"data": [{"id": MODEL, "max_model_len": 8192}]}) if received.path == "/v1/models" else Step(404, "")
    messages = received.body["messages"]
    if "You are given one sentence" in messages[0]["content"]:
        said = json.dumps({"skills": quoted(messages[-1]["content"])})
    elif "job advertisements" in messages[0]["content"]:
        said = json.dumps(JOB | {"must_have": quoted(document_of(messages)[1])[:20]})
    else:
        said = '{"colour": "teal", "number": 3}' if "response_format" in received.body or len(messages) > 1 else "Hello to you."
    return answer(said, usage={"prompt_tokens": 2000, "completion_tokens": 7})


def truth(text):
    return [quote for posting in postings() for quote in (posting.text[a:b] for a, b in posting.truth) if quote in text]


def test_a_model_that_knows_the_truth_is_to_be_used(capsys):
    with ScriptedServer(default=lambda got: model(got, truth)) as server:
        assert main(["doctor", "--base-url", server.url, "--try"]) == 0
    said = capsys.readouterr().out
    assert "ok    verdict         use --style spans: there it finds more than the rules" in said
    assert said.endswith(f"minirank extract DATA --base-url {server.url}/v1 --model {MODEL} --style spans\n")
    assert "100% of what it names stands there" in said and said.count("beside the rules") == 2 and "of the 40 skills" in said


def test_a_model_that_copies_the_example_is_not(capsys):
    copied = load_prompt("job").example["answer"]["must_have"]
    with ScriptedServer(default=lambda got: model(got, lambda text: copied)) as server:
        assert main(["doctor", "--base-url", server.url, "--try"]) == 0
    said = capsys.readouterr().out
    assert "note  verdict         keep the rules: they find more than this model in either style" in said
    assert "F1 0.00" in said and "0% of what it names stands there" in said
    assert "next            minirank extract DATA\n" in said


def test_a_model_without_an_answer_is_told(capsys):
    def silent(received):
        asked = (received.body or {}).get("messages", [])
        return answer("No.") if len(asked) > 3 else model(received, truth)

    with ScriptedServer(default=silent) as server:
        assert main(["doctor", "--base-url", server.url, "--try"]) == 0
    said = capsys.readouterr().out
    assert "nothing named" in said and "requests failed: " in said and "invalid twice" in said


def test_a_slow_model_is_judged_by_what_it_read(capsys, monkeypatch):
    monkeypatch.setattr(minirank.extract.llm.trial, "SECONDS", 0.7)
    answered = 0

    def slows_down(received):
        nonlocal answered
        asked = str(received.body)
        answered += "You are given one sentence" in asked
        return replace(model(received, truth), delay=30.0 * (answered > 25 or "job advertisements" in asked))

    with ScriptedServer(default=slows_down) as server:
        assert main(["doctor", "--base-url", server.url, "--try"]) == 0
    said = capsys.readouterr().out
    assert "note  style document  too slow: 0 of 54 sentences read in time; 0." in said
    assert re.search(r"    style spans     too slow: \d+ of 54 sentences read in time; ", said)
    assert re.search(r"    verdict         .* in time\b.*\n", said)


def test_the_rules_are_the_measure():
    counts, seconds = rules_trial()
    assert counts[:, 2].sum() == 40 and 0.5 < f1(counts) < 0.95 and seconds > 0
