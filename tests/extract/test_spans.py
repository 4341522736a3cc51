"""Spans as annotators mark them, by rules."""

from case_table import cases

from minirank.extract.rules.spans import rule_spans


@cases("""
    sentence | skills | knowledge
    You will design and implement complex tests with Selenium. | design and implement complex tests | Selenium
    Ability to work in large collaborative teams to achieve goals. | work in large collaborative teams, achieve goals |
    Experience with Docker and cloud deployment tools. | | Docker, cloud deployment tools
    Excellent communication skills, fluent in English. | communication skills | English
    Degree in Computer Science. | | Degree, Computer Science
    We build ships and love our creative team. | |
    AWS, SNS and SQS | | AWS, SNS, SQS
""")
def test_spans_of_sentences(sentence, skills, knowledge):
    text = f"Engineer\n{sentence}"
    assert [", ".join(text[a:b] for a, b in spans) for spans in rule_spans(text)] == [skills, knowledge]
