"""Spans as annotators mark them, by rules, and the arithmetic of the benchmark that scores them."""

import json

import pytest

from bench.extraction.skillspan import read_postings, score
from bench.tables import replace_between
from minirank.extract.rules.spans import rule_spans


@pytest.mark.parametrize(
    ("text", "skills", "knowledge"),
    [
        ("Engineer\nYou will design and implement complex tests with Selenium.", ["design and implement complex tests"], ["Selenium"]),
        (
            "Engineer\nAbility to work in large collaborative teams to achieve goals.",
            ["work in large collaborative teams", "achieve goals"],
            [],
        ),
        ("Engineer\nExperience with Docker and cloud deployment tools.", [], ["Docker", "cloud deployment tools"]),
        ("Engineer\nExcellent communication skills, fluent in English.", ["communication skills"], ["English"]),
        ("Engineer\nDegree in Computer Science.", [], ["Degree", "Computer Science"]),
        ("Engineer\nWe build ships and love our creative team.", [], []),
        ("Engineer\nAWS, SNS and SQS", [], ["AWS", "SNS", "SQS"]),
    ],
)
def test_spans_of_sentences(text, skills, knowledge):
    assert [[text[a:b] for a, b in spans] for spans in rule_spans(text)] == [skills, knowledge]


def test_postings_keep_offsets(tmp_path):
    lines = [
        {"idx": 1, "source": "tech", "tokens": ["Use", "C", "+", "+"], "tags_skill": list("OOOO"), "tags_knowledge": list("OBII")},
        {"idx": 1, "source": "house", "tokens": ["x"], "tags_skill": ["O"], "tags_knowledge": ["O"]},
        {"idx": 1, "source": "tech", "tokens": ["lead", "teams"], "tags_skill": list("BB"), "tags_knowledge": list("OO")},
    ]
    path = tmp_path / "train.json"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    first, second = read_postings(path)
    assert first == ("Use C + +\nlead teams\n", {"skill": [(10, 14), (15, 20)], "knowledge": [(4, 9)]})
    assert second[0] == "x\n"


def test_score_by_hand():
    # Found 3: one equal, one that overlaps, one wrong. Gold 4: two are reached.
    result = score([([(0, 5), (10, 20), (30, 31)], [(0, 5), (15, 25), (40, 45)]), ([], [(0, 1)])])
    assert (result["found"], result["gold"]) == (3, 4)
    assert result["exact"] == {"precision": 0.3333, "recall": 0.25, "f1": 0.2857}
    assert result["overlapping"] == {"precision": 0.6667, "recall": 0.5, "f1": 0.5714}


def test_a_table_goes_between_its_markers(tmp_path):
    path = tmp_path / "RESULTS.md"
    replace_between(path, "one", "first")
    replace_between(path, "two", "second")
    replace_between(path, "one", "third")
    assert path.read_text() == (
        "# Results\n\n<!-- one:begin -->\nthird\n<!-- one:end -->\n\n<!-- two:begin -->\nsecond\n<!-- two:end -->\n"
    )
