"""What a model claims must stand in the document: quotes, offsets, examples that leak, years; prompts check themselves."""

import dataclasses
from pathlib import Path

import pytest
from case_table import cases
from extraction_server import JOB, RESUME, names

from minirank.extract import CONDITIONS, DEPTH, EDUCATION, LEADERSHIP, REMOTE, SENIORITY, Flag, JobFeatures, ResumeFeatures, Value
from minirank.extract.edited_text import EditedText
from minirank.extract.llm import prompts
from minirank.extract.llm.answers import READERS
from minirank.extract.llm.grounding import FoldedText, SentText, ValueCounts
from minirank.extract.llm.masked_document import MaskedDocument
from minirank.extract.llm.merge import cross_check, merge
from minirank.extract.llm.parse_years import parse_years
from minirank.extract.llm.prompts import NAMES, load_prompt
from minirank.extract.masked_text import read_text
from minirank.extract.rules.lexicon import lexicon
from minirank.extract.rules.signal_words import signal_words

NO_EXAMPLE = FoldedText("")


def document_of(text):
    return MaskedDocument(text, masks=read_text(text)[1])


def read(kind, text, example=NO_EXAMPLE, **answer):
    """Features and counts of an answer about a text."""
    masked, counts = document_of(text), ValueCounts()
    source = SentText(masked, 0, len(masked.text), example, counts)
    return READERS[kind]((JOB if kind == "job" else RESUME) | answer, source), counts


def counted(counts):
    return {name: n for name, n in vars(counts).items() if n}


@cases(r"""
    text= | quote= | found=
    "We use JavaScript and Java." | "java" | "Java"
    "We use JavaScript." | "java" | None
    "C++ / C# developer" | "C++" | "C++"
    "We need  machine\u00a0\n learning here" | '"Machine learning."' | "machine\u00a0\n learning"
    "don’t stop – ever" | "don't stop - ever" | "don’t stop – ever"
    "ﬁnance ﬂow" | "Finance flow" | "ﬁnance ﬂow"
    "Cafe\u0301 owner" | "CAFÉ" | "Cafe\u0301"
    "Straße 5" | "STRASSE" | "Straße"
    "ＰＹＴＨＯＮ　ＳＱＬ" | "python sql" | "ＰＹＴＨＯＮ　ＳＱＬ"
    "ﾊﾟｿｺﾝの経験" | "パソコン" | "ﾊﾟｿｺﾝ"
    "熟悉Python和Java，五年以上经验" | "五年以上" | "五年以上"
    "機械学習エンジニア" | "学習" | "学習"
    "한국어 가능" | "한국어" | "한국어"
    "anything" | "" | None
    "anything" | " .," | None
""")
def test_quotes_are_found_as_readers_would(text, quote, found):
    """Case 22: Chinese, full-width, NBSP, ligatures."""
    span = FoldedText(text).find(quote)
    assert (None if span is None else text[slice(*span)]) == found


def test_quotes_are_whole_words_and_no_longer_than_a_quote_may_be():
    assert FoldedText("JavaScript, then Java").find("Java") == (17, 21)
    assert FoldedText("x" * 700).find("x" * 700) is None


def test_edits_are_traced_back():
    edited = EditedText("abcdefgh", [(0, 1, ""), (2, 4, "XYZ"), (6, 8, "")])
    assert edited.text == "bXYZef"
    assert edited.source_span(0, 1) == (1, 2)
    assert edited.source_span(2, 3) == (2, 4)  # inside a replacement: all that it replaced
    assert edited.source_span(0, 6) == (1, 6)
    assert edited.source_span(4, 6) == (4, 6)


def test_values_keep_their_evidence_with_offsets_into_the_original():
    text = "Senior Nurse\r\n\r\nWe need  triage\u200b and 5-7 years.\x00 German is a plus. Anna@x.org, remote"
    quoted = {name: {"value": name, "quote": name} for name in ("senior", "remote")}
    years = {"value": "5+", "quote": "5-7 years"}
    answer = {"title": "nurse", "must_have": ["Triage"], "languages": ["German"], "min_years": years}
    found, counts = read("job", text, seniority=quoted["senior"], remote=quoted["remote"], **answer)
    assert counted(counts) == {"grounded": 6}
    assert found.must_have[0] == Value("emergency care", "triage", 25, 31, "llm")
    assert found.min_years == Value(5, "5-7 years", 37, 46, "llm")
    assert found.remote.quote == "remote" and found.remote.start == text.index("remote")
    for value in (found.title, found.seniority, *found.languages):
        assert text[value.start : value.end] == value.quote


def test_what_the_document_does_not_say_is_dropped_and_counted():
    master = {"value": "master", "quote": "Master's degree"}
    found, counts = read("job", "We need SQL.", must_have=["SQL", "Haskell"], location="Berlin", education=master)
    assert names(found.must_have) == ["sql"]
    assert found.location is None and found.education is None
    assert counted(counts) == {"grounded": 1, "ungrounded": 3}
    assert counts.dropped == 3


def test_case_04_a_value_copied_from_the_example_is_rejected_and_flagged():
    prompt = load_prompt("job")
    found, counts = read("job", "Nurse wanted. Triage is a must.", prompt.folded_example, **prompt.example["answer"])
    assert [v for f in dataclasses.fields(found) for v in [getattr(found, f.name)] if v] == []
    assert counted(counts) == {"leaked": 22}


def test_a_value_of_the_example_that_the_document_holds_too_is_kept():
    found, counts = read("job", "Queen rearing is required.", load_prompt("job").folded_example, must_have=["queen rearing"])
    assert names(found.must_have) == ["queen rearing"]
    assert counted(counts) == {"grounded": 1}


@cases("""
    years= | of=
    0 | [(0, "0 years")]
    1 | [(18, "18 months"), ("18 months", "18 months")]
    5 | [(5, "5 years"), ("5+", "5+ years"), ("5-7 years", "5-7 years"), ("5 to 7", "5 to 7 years"), (7, "5 – 7 years")]
    5 | [("five", "five years"), (5, "五年以上"), (5, "５ years"), (5.5, "5.5 years"), (5.0, "5 years")]
    60 | [(60, "60 years")]
    None | [(61, "61 years"), (1200, "1200 years"), (-1, "-1 years"), (True, "1 year"), ("some", "some years")]
    None | [("", "5 years"), (None, "5 years"), ([5], "5 years"), (3, "5 years"), (8, "Jan 2015 - Mar 2023")]
""")
def test_case_21_years_are_coerced_as_documented_or_refused(years, of):
    for value, quote in of:
        assert parse_years(value, quote) == years, (value, quote)


def test_years_of_a_resume_may_rest_on_dates_and_huge_numbers_are_none():
    assert parse_years(8, "Jan 2015 - Mar 2023", dates=True) == 8
    assert parse_years(1200, "Jan 2015 - Mar 2023", dates=True) is None
    assert parse_years(10**400, "5 years") is None and parse_years(float("nan"), "5 years") is None


def test_years_out_of_bounds_are_invalid():
    found, counts = read("resume", "1200 years of SQL", years={"value": 1200, "quote": "1200 years"}, skills=["SQL"])
    assert found.years is None and names(found.skills) == ["sql"]
    assert counted(counts) == {"grounded": 1, "invalid": 1}


def test_the_quote_decides_over_the_model():
    said = (("principal", "Junior nurse"), ("bachelor", "Master's degree"), ("remote", "remote or hybrid"))
    seniority, education, remote = ({"value": value, "quote": quote} for value, quote in said)
    text = "Junior nurse, Master's degree, remote or hybrid or on-site"
    found, counts = read("resume", text, seniority=seniority, education=education, remote=remote)
    assert (found.seniority.value, found.education.value, found.remote.value) == ("junior", "master", "remote")
    assert counted(counts) == {"grounded": 3, "corrected": 2}
    found, counts = read("resume", "remote or hybrid", remote={"value": "onsite", "quote": "remote or hybrid"})
    assert found.remote is None and counted(counts) == {"invalid": 1}


@cases("""
    key | quote | claim= | value= | counts=
    salary | EUR 55,000 - 65,000 | "EUR 55,000 - 65,000" | 55_000 | {"grounded": 2}
    salary | a fair wage | "a fair wage" | None | {"invalid": 1}
    notice | three months | {"value": 13} | 13 | {"grounded": 1}
    notice | three months | {"value": 3} | 13 | {"grounded": 1, "corrected": 1}
    notice | from 1 April 2025 | {"value": 99} | 5 | {"grounded": 1, "corrected": 1}
    notice | after the harvest | {"value": 30} | 30 | {"grounded": 1}
    notice | after the harvest | {"value": 300} | None | {"invalid": 1}
    notice | after the harvest | {"value": -1} | None | {"invalid": 1}
    leadership | led a team of six | {"value": "project"} | "people" | {"grounded": 1, "corrected": 1}
    leadership | showed the new ones around | {"value": "project"} | "project" | {"grounded": 1}
""")
def test_pay_notice_and_leadership_are_read_in_their_quotes(key, quote, claim, value, counts):
    text = f"Cook. I say: {quote}, please."
    masked, counted_values = document_of(text), ValueCounts()
    source = SentText(masked, 0, len(masked.text), NO_EXAMPLE, counted_values)
    answer = RESUME | {key: claim if isinstance(claim, str) else claim | {"quote": quote}}
    found = READERS["resume"](answer, source, since=1_740_787_200)
    assert getattr(getattr(found, key), "value", None) == value
    assert counted(counted_values) == counts
    if key == "salary" and value:
        assert (found.currency.value, found.currency.quote) == ("EUR", "EUR")


def test_an_offer_is_its_upper_end_and_what_a_quote_rules_out_is_no_condition():
    text = "We pay 4,000 to 5,000 euros a month. No travel. Night shifts. Above all: patience."
    conditions = [{"value": "travel", "quote": "No travel"}, {"value": "nights", "quote": "Night shifts"}]
    found, counts = read("job", text, salary="4,000 to 5,000 euros a month", conditions=conditions, stressed=["patience"])
    assert found.salary.value == 60_000 and names(found.conditions) == ["nights"] and names(found.stressed) == ["empathy"]
    assert counted(counts) == {"grounded": 4, "invalid": 1}


def test_the_depth_of_a_skill_is_that_of_the_quote_around_it():
    text = "Expert in Postgres, a bit of zebra wrangling, basic Go, SQL"
    depths = [{"value": "basic", "quote": "a bit of zebra wrangling"}, {"value": "basic", "quote": "Expert in Postgres"}]
    depths += [{"value": "expert", "quote": "basic Go"}]
    found, counts = read("resume", text, skills=["Postgres", "zebra wrangling", "Go", "SQL"], depths=depths)
    assert [(skill.value, skill.depth) for skill in found.skills] == [
        ("postgresql", "expert"), ("zebra wrangling", "basic"), ("golang", "basic"), ("sql", None),
    ]  # fmt: skip
    assert counts.corrected == 2


def test_skills_get_the_lexicons_names_and_unknown_ones_their_own():
    skills = ["5 years of Postgres and K8s", "zebra wrangling", "Postgres", "Go"]
    found, _ = read("resume", "5 years of Postgres and K8s; Zebra Wrangling; go to market; Go", skills=skills)
    assert names(found.skills) == ["postgresql", "kubernetes", "zebra wrangling", "golang"]
    assert found.skills[0].quote == "Postgres"
    sentence = "I did this and that and many other things which no one can call a skill at all"
    found, counts = read("resume", sentence, skills=[sentence, "-"])
    assert found.skills == () and counted(counts) == {"invalid": 1, "ungrounded": 1}


def test_a_skill_is_demanded_or_welcome_but_not_both():
    found, _ = read("job", "Postgres, SQL", must_have=["postgres"], nice_to_have=["PostgreSQL", "Postgres", "SQL"])
    assert names(found.must_have) == ["postgresql"] and names(found.nice_to_have) == ["sql"]


def test_masked_words_come_back_in_quotes_and_not_in_values():
    text = "Jane Doe\nLed the Doe project. jane@x.org"
    assert document_of(text).text == "[NAME_1]\nLed the [NAME_2] project. [EMAIL_1]"
    found, _ = read("resume", text, skills=["Led the [NAME_2] project"])
    assert found.skills == (Value("led the project", "Led the Doe project", 9, 28, "llm"),)


@pytest.mark.parametrize("name", NAMES)
def test_examples_of_prompts_pass_their_own_grounding(name):
    prompt = load_prompt(name)
    assert prompt.version >= 1 and prompt.max_tokens > 0
    system, user = prompt.messages("TEXT", "JOB" if name == "grade" else None)
    assert "JSON" in system["content"] and "JSON" in user["content"] and "TEXT" in user["content"]
    assert prompt.example["document"].strip() in system["content"]
    answer = prompt.example["answer"]
    if name in READERS:
        assert set(answer) == set(prompt.schema["required"]) == set(prompt.schema["properties"])
        _, counts = read(name, prompt.example["document"], **answer)
        assert counts.grounded >= 8 and counts.dropped == counts.corrected == 0
    else:
        quotes = answer["shared"] if name == "signals" else answer["evidence"]
        assert quotes and all(FoldedText(prompt.example["document"]).find(quote) for quote in quotes)


@cases("""
    name | old | new | words
    job | must_have: [queen rearing, | must_have: [queen raising, | 1 of its values do not pass
    job | {value: 4, quote: at least | {value: 9, quote: at least | 1 of its values do not pass
    resume | value: lead, quote: Lead | value: chief, quote: Lead | must be one of intern
    grade | evidence: [2 years, | evidence: [20 years, | '20 years' does not stand in its document
    signals | shared: [fog signals | shared: [frog signals | 'frog signals' does not stand in its document
""")
def test_a_prompt_whose_example_breaks_its_own_rules_is_refused_when_it_is_loaded(name, old, new, words, tmp_path, monkeypatch):
    text = (Path(prompts.__file__).parent / f"prompt_{name}.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    (tmp_path / f"prompt_{name}.yaml").write_text(text.replace(old, new), encoding="utf-8")
    monkeypatch.setattr(prompts.resources, "files", lambda package: tmp_path)
    with pytest.raises(ValueError, match=f"prompt {name}: the example does not pass its own grounding: .*{words}"):
        load_prompt.__wrapped__(name)


def test_schemas_offer_the_values_that_features_have():
    for name in READERS:
        properties = load_prompt(name).schema["properties"]
        for key, allowed in (("seniority", SENIORITY), ("education", EDUCATION), ("remote", REMOTE)):
            assert properties[key]["anyOf"][0]["properties"]["value"]["enum"] == list(allowed)
        assert properties["leadership"]["anyOf"][0]["properties"]["value"]["enum"] == list(LEADERSHIP)
        lists = {
            "domains": lexicon().data["domains"],
            "conditions": CONDITIONS,
            "depths": DEPTH,
            "industries": signal_words().data["industries"],
        }
        for key, allowed in lists.items():
            assert properties[key]["items"]["properties"]["value"]["enum"] == list(allowed)


def value(item, source="llm", start=0):
    return Value(item, str(item), start, start + len(str(item)), source)


def test_pieces_of_a_document_are_merged():
    one = JobFeatures(min_years=value(3), must_have=(value("sql"),), nice_to_have=(value("go"),), education=value("master"))
    two = JobFeatures(title=value("nurse"), min_years=value(5), must_have=(value("go"), value("sql", start=9)), education=value("bachelor"))
    merged = merge([one, two])
    assert merged.title == value("nurse") and merged.min_years.value == 5 and merged.education.value == "bachelor"
    assert merged.must_have == (value("sql"), value("go")) and merged.nice_to_have == ()
    resumes = [ResumeFeatures(education=value("bachelor")), ResumeFeatures(education=value("master"), years=value(2))]
    assert merge(resumes).education.value == "master" and merge(resumes).years.value == 2
    assert merge([one]) is one
    deep = dataclasses.replace(value("go", start=9), depth="expert")
    skills = merge([ResumeFeatures(skills=(value("go"), value("sql"))), ResumeFeatures(skills=(deep,), leadership=value("project"))])
    assert skills.skills == (deep, value("sql")) and skills.leadership.value == "project"
    assert merge([ResumeFeatures(leadership=value("none")), skills]).leadership.value == "project"


def test_case_19_rules_look_over_the_models_shoulder():
    found = ResumeFeatures(seniority=value("senior"), education=value("master"))
    rules = ResumeFeatures(resume_id="r", seniority=value("junior", "rules"), years=value(4, "rules"), education=value("master", "rules"))
    counts = ValueCounts()
    checked = cross_check(found, rules, counts)
    assert checked.resume_id == "r" and checked.years.source == "rules"
    assert checked.seniority == dataclasses.replace(found.seniority, rules="junior") and checked.education.rules is None
    assert counted(counts) == {"disputed": 1, "filled": 1}
    assert ResumeFeatures.from_json(checked.to_json()) == checked
    counts = ValueCounts()
    flagged = dataclasses.replace(rules, flagged=(Flag(0, 1, "instruction"),))
    assert cross_check(found, flagged, counts).seniority == rules.seniority
    assert counted(counts) == {"overruled": 1, "filled": 1}


def test_what_only_the_rules_tell_is_added_to_what_a_model_found():
    deep = dataclasses.replace(value("go", "rules"), depth="basic", years=3)
    rules = ResumeFeatures(
        resume_id="r", skills=(deep,), notice=value(4, "rules"), industries=(value("media", "rules"),), moves=value(2, "rules"),
        conditions=(value("nights", "rules"),),
    )  # fmt: skip
    found = ResumeFeatures(skills=(value("go"), value("sql")), notice=value(9), conditions=(value("travel"),), moves=value(7))
    counts = ValueCounts()
    checked = cross_check(found, rules, counts)
    assert checked.skills == (dataclasses.replace(value("go"), depth="basic", years=3), value("sql"))
    assert checked.notice == dataclasses.replace(value(9), rules=4) and counted(counts) == {"disputed": 1}
    assert checked.industries == rules.industries and names(checked.conditions) == ["travel"]
    assert checked.moves == rules.moves
