"""What the tagger marks in a job without a name in the lexicon, under a normal form of its own words."""

from case_table import cases

from minirank.extract import extract_job
from minirank.extract.rules.open_forms import Marked, marked_in_english, surface_form
from minirank.extract.rules.spans import _scan
from minirank.extract.schema import JobFeatures, named

POSTING = """You will work with a team of brewers, and you have:
- experience with brewing science and Python
- a good understanding of hops chemistry
- a Master's degree in food chemistry
Nice to have: knowledge of cask-ale filters

You plan the brew of the week and explain it to our guests.

What we offer
- A course in barrel ageing for all of our staff
"""


def opened(values):
    """(value, quote) of the values that the tagger marked."""
    return [(v.value, v.quote) for v in values if v.source == "tagger"]


@cases("""
    words | form
    Relational Databases | relational database
    strong knowledge of the relational databases | relational database
    Object-Oriented Programming | object oriented programming
    object‑oriented programming (OOP) | object oriented programming
    object oriented programming (OOP | object oriented programming
    (OOP) | oop
    RESTful APIs | restful api
    batteries | battery
    Jenkins | jenkins
    physics | physics
    sales | sales
    node.js | node.js
    C++ | c++
    .NET | .net
    bachelor 's degrees | bachelor
    Kafka required | kafka
    e.g . Kafka | kafka
    日本 | 日本
""")
def test_surface_form(words, form):
    assert surface_form(words) == form
    assert surface_form(form) == form or words == "Jenkins", "a normal form is its own"


@cases(
    """
    words=
    ""
    "the"
    "knowledge of"
    "R"
    "2019"
    "(((("
    "<ORGANIZATION> standards"
    "\\x01\\x01\\x01 gas"
    "x" * 81
""".replace('"x" * 81', '"' + "x" * 81 + '"')
)
def test_nothing_is_left(words):
    assert surface_form(words) is None


def test_forms_are_values_with_quotes():
    job = extract_job("Brewer", POSTING)
    assert opened(job.must_have) == [
        ("brewing science", "brewing science"),
        ("hops chemistry", "hops chemistry"),
        ("food chemistry", "food chemistry"),
    ]
    assert opened(job.nice_to_have) == [("cask ale filter", "cask-ale filters")]
    text = f"Brewer\n{POSTING}"
    for value in (*job.must_have, *job.nice_to_have, *job.responsibilities):
        assert text[value.start : value.end] == value.quote
    assert [v.value for v in named(job.must_have)] == ["python"] and job.education.value == "master"
    assert JobFeatures.from_json(job.to_json()) == job


def test_what_is_offered_is_not_asked_for():
    job = extract_job("Brewer", POSTING)
    assert not [v for v in (*job.must_have, *job.nice_to_have, *job.responsibilities) if "barrel" in str(v.value)]


def test_a_name_stands_for_its_words_once():
    """`React` is react.js; `Redux`, which the lexicon takes for it, is another word and stands beside it."""
    job = extract_job(
        "", "Requirements:\n- You have experience with React and TypeScript\n- You have experience with Redux in our team\n- React"
    )
    found = [(v.value, v.source) for v in job.must_have]
    assert found == [("react.js", "rules"), ("typescript", "rules"), ("redux", "tagger")]


def test_the_quote_of_a_name_is_where_it_is_asked_for():
    text = "Python\nYou will be part of a team in the north.\nRequirements:\n- Solid experience with Python and the tools of our trade"
    (python,) = (v for v in extract_job("", text).must_have if v.value == "python")
    assert python.start > 50


def test_other_languages_have_no_open_forms():
    german = "Wir suchen eine Köchin mit Erfahrung in der Patisserie und mit Kenntnissen der Lebensmittelhygiene."
    assert marked_in_english(_scan(german), None) == Marked([], [], False)
    job = extract_job("Köchin", german)
    assert not opened((*job.must_have, *job.nice_to_have, *job.responsibilities))


def test_what_is_not_required_is_no_value():
    job = extract_job(
        "Brewer", "Requirements:\n- You have experience with hops chemistry\n- No experience with cask ales is required for the job"
    )
    assert [v.value for v in (*job.must_have, *job.nice_to_have)] == ["hops chemistry"]
