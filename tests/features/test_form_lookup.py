"""What the tagger has marked in a job, looked up in the words of a resume."""

from case_table import cases
from features_world import START, job_features, resume_features

from minirank.config.features import FeatureConfig
from minirank.extract import Mask, Value, clean_form
from minirank.features.evidence import evidence
from minirank.features.form_lookup import WordsOfText


@cases("""
    form | text | quote=
    relational database | Five years of relational databases. | "relational databases"
    cold chain | Cold-chain work, cold chains | "Cold-chain"
    node.js | I know Node.js well | "Node.js"
    java | JavaScript | None
    hops chemistry | chemistry of hops | None
    test | tests | "tests"
    r | art and R | "R"
    brew | brewing | "brewing"
    c++ | C and C++ | "C++"
    - | - | None
    data warehouse | data | None
""")
def test_a_form_is_found_in_inflected_words_in_its_order(form, text, quote):
    found = WordsOfText(clean_form(text, (), ())).find(form)
    assert (found and found[0]) == quote
    assert found is None or text[found[1] : found[2]] == quote


def test_no_quote_reaches_across_what_is_masked():
    text, mask = "hops Maria chemistry. hops chemistry", Mask(5, 10, "NAME")
    assert WordsOfText(clean_form(text, (), (mask,)), (mask,)).find("hops chemistry") == ("hops chemistry", 22, 36)


def test_evidence_tells_names_from_forms():
    forms = tuple(Value(name, name, 0, len(name), "tagger") for name in ("hops chemistry", "cask ale"))
    job = {"job_id": "j", "team_id": "t", "title": "Brewer", "description": "hops chemistry", "posted_at": START}
    resume = {"resume_id": "r", "text": "Taught  hops\nchemistry.", "updated_at": START}
    wanted = job_features(must_have=("sql", forms[0]), nice_to_have=(forms[1],))
    (found,) = evidence(FeatureConfig(), job, wanted, None, [resume], [resume_features()])
    assert [item["skill"] for item in found["must_have_missing"]] == ["sql"] and found["nice_to_have_missing"] == []
    assert found["forms"] == [{"skill": "hops chemistry", "quote": "hops\nchemistry", "start": 8, "end": 22}]
    assert [item["skill"] for item in found["forms_missing"]] == ["cask ale"]
