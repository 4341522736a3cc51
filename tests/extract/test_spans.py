"""Spans as annotators mark them, by rules."""

import pytest

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
