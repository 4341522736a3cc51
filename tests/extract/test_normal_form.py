"""One plain form of what PDF files, web pages and old encodings hold, and its way back to the source."""

import itertools

import pytest
from case_table import cases

from minirank.extract import extract_job, extract_resume, skill_spans
from minirank.extract.edited_text import EditedText
from minirank.extract.normal_form import normalise, normalised, plain_characters


@cases(r"""
    text= | plain=
    "Py\u00adthon, ware\ufffehousing" | "Python, warehousing"
    "Kuber-\nnetes and Kuber- \r\n  netes" | "Kubernetes and Kubernetes"
    "work\ufb02ow, \ufb01nance, e\ufb00ort, o\ufb03ce" | "workflow, finance, effort, office"
    "full-\nstack, cross-\nfunctional, Front-\nEnd" | "full-stack, cross-functional, Front-End"
    "KUBER-\nNETES, Projekt-\nleitung" | "KUBERNETES, Projektleitung"
    "ware\u00ad\nhousing, ware\u0002\nhousing, man\u2010\nagement" | "warehousing, warehousing, management"
    "2019 -\n2021, 2019-\n2021" | "2019 -\n2021, 2019-\n2021"
    "- python-\n- sql-\nSkills-\nPython" | "- python-\n- sql-\nSkills-\nPython"
    "short- and long-term, mid-\nto senior, Soft-\nund Hardware" | "short- and long-term, mid-\nto senior, Soft-\nund Hardware"
    "Kuber- netes, part- time" | "Kubernetes, part- time"
    "2019 \u0015 2021, 2019\ufffd2021, Acme \u0096 Nurse" | "2019 - 2021, 2019-2021, Acme - Nurse"
    "\u007f Python\n\uf0b7 SQL\n\ufffd Go" | "• Python\n• SQL\n• Go"
    "work\u0000ow, o\u000ece, \u0000nance, candidate\ufffds" | "workflow, office, finance, candidate's"
    "problem\ufffdsolving, M\ufffdller" | "problem-solving, M\ufffdller"
    "J\u0000a\u0000v\u0000a\u0000" | "Java"
    "donâ€™t, cafÃ©, 2019 â€“ 2021, workï¬‚ow" | "don't, café, 2019 - 2021, workflow"
    "R&amp;D, C&#43;&#43;, a &lt; b &and c;" | "R&D, C++, a < b &and c;"
    "cafe\u0301, M\u00a8uller, Java\u2122, C\u266f" | "café, Müller, Java , C#"
    "\U0001d5e3\U0001d606\U0001d601\U0001d5f5\U0001d5fc\U0001d5fb, ＳＱＬ, ﾊﾟｿｺﾝ" | "Python, SQL, パソコン"
    "Ja\u200bva\u2060\ufeff, \u202eSQL\u202c, 5½ years, m²" | "Java, SQL, 5½ years, m2"
    "⼯作 ⻓沙" | "工作 长沙"
    "a\r\nb\rc\u2028d\u000be\n\u000cf" | "a\nb\nc\nd\ne\n\nf"
    "ad\u00adminis\u00adtra\u00adtive, Soft\u00adware\u00adent\u00adwick\u00adlung" | "administrative, Softwareentwicklung"
    "Jan 2015\u0016Mar 2018, 2019 \u00132021, since \ufffd Go" | "Jan 2015-Mar 2018, 2019 -2021, since - Go"
    "Kuber\u00acnetes, ware\u00ac\nhousing, 2019 \u00ac 2021" | "Kubernetes, warehousing, 2019 - 2021"
    "Python \uf0b7 SQL \u007f Go" | "Python • SQL • Go"
    "(cid:127) Python, work(cid:976)ow" | "• Python, workflow"
    "work \ufb02ow, o \ufb03 ce, \ufb01 nance, the \ufb02oor" | "workflow, office, finance, the floor"
    "Ã¢â‚¬â„¢, Â·" | "', •"
    "J\nS\nK\nI\nL\nL\nS\nSQL" | "J\nS\nK\nI\nL\nL\nS\nSQL"
    "S\nK\nI\nL\nL\nS\nSQL" | "SKILLS\nSQL"
    "M\u00a8uller, Mu\u00a8ller, \u00a8Uber" | "Müller, Müller, Über"
    "Universit\u00b4e, l\u00b4entreprise, it\u00b4s" | "Université, l'entreprise, it's"
    "Franc\u00b8ais, Fran\u00b8cais, H\u02c6otel, Espa\u02dcnol" | "Français, Français, Hôtel, Español"
    "educaƟon, soŌware, commiƩee, aƩenƟon, gesƟone, Ōsaka" | "education, software, committee, attention, gestione, Ōsaka"
    "\ufffcSQL\u279cGo" | " SQL•Go"
    "col\u00a0um\u2009n\u3000s\tt" | "col um n s t"
""")
def test_the_plain_form(text, plain):
    assert normalised(text) == plain
    assert normalised(plain) == plain


@cases(r"""
    text= | plain=
    "E X P E R I E N C E\nx" | "EXPERIENCE\nx"
    "x\n  W O R K  E X P E R I E N C E  \ny" | "x\n  WORK EXPERIENCE  \ny"
    "W O R K E X P E R I E N C E" | "WORK EXPERIENCE"
    "E  D  U  C  A  T  I  O  N     &     S  K  I  L  L  S" | "EDUCATION & SKILLS"
    "S\u2009K\u2009I\u2009L\u2009L\u2009S:\nSQL" | "SKILLS:\nSQL"
    "S O F T W A R E  E N G I N E E R \u007c B E R L I N" | "SOFTWARE ENGINEER \u007c BERLIN"
    "** S K I L L S **\nx" | "** SKILLS **\nx"
    "E X P E R I E N C E     2010 - 2012" | "EXPERIENCE     2010 - 2012"
    "1. S K I L L S\nIV) [ S K I L L S ]\nS K I L L S /" | "1. SKILLS\nIV) [ SKILLS ]\nSKILLS /"
    "S.K.I.L.L.S\nS-K-I-L-L-S:\nU.S.A.I.D\nS\u00b7K\u00b7I\u00b7L\u00b7L\u00b7S" | "SKILLS\nSKILLS:\nU.S.A.I.D\nSKILLS"
    "É D U C A T I O N" | "ÉDUCATION"
    "学 历\n電工" | "学历\n電工"
    "職　務　経　歴\n" | "職務経歴\n"
    "Plan A B C D of it" | "Plan A B C D of it"
    "C, R\nA B C" | "C, R\nA B C"
    "1 2 3 4 5" | "1 2 3 4 5"
""")
def test_spaced_letters(text, plain):
    assert normalised(text) == plain


def test_a_span_leads_to_the_source_and_back():
    source = "\ufeffWe use Kuber-\r\n netes, a work\ufb02ow and cafe\u0301s.\r\n\r\nS K I L L S"
    text = normalise(source)
    for word, quote in (
        ("Kubernetes", "Kuber-\r\n netes"),
        ("workflow", "work\ufb02ow"),
        ("cafés", "cafe\u0301s"),
        ("SKILLS", "S K I L L S"),
        ("use", "use"),
    ):
        at = text.text.index(word)
        start, end = text.source_span(at, at + len(word))
        assert source[start:end] == quote
        assert text.text_span(start, end) == (at, at + len(word))
    edited = EditedText("abcdef", [(1, 3, ""), (4, 5, "XY")])
    assert edited.text == "adXYf"
    assert [edited.text_span(*span) for span in ((0, 2), (1, 3), (2, 4), (4, 5), (5, 6), (0, 6))] == [
        (0, 1), (1, 1), (1, 2), (2, 4), (4, 5), (0, 5),
    ]  # fmt: skip


PIECES = [
    "Py",
    "thon",
    "-\n",
    "\xad",
    "\ufffe",
    " ",
    "\r\n",
    "\ufb01",
    "e\u0301",
    "\0",
    "\u200b",
    "2019",
    "&amp;",
    "â€™",
    "É",
    "S Q L S",
    "-",
    "\ufffd",
    "(cid:3)",
    "\n",
]


def test_every_span_of_any_mixture_leads_back_and_the_form_is_stable():
    for pieces in itertools.product(PIECES, repeat=3):
        source = "".join(pieces)
        text = normalise(source)
        spans = [text.source_span(at, at + 1) for at in range(len(text.text))]
        assert all(0 <= start < end <= len(source) for start, end in spans), source
        assert all(a <= c and b <= d for (a, b), (c, d) in itertools.pairwise(spans)), source
        assert all(text.text_span(*span)[0] <= at < text.text_span(*span)[1] for at, span in enumerate(spans)), source
        assert normalised(text.text) == text.text, source


def test_a_text_of_ascii_characters_has_the_same_form_beside_others():
    text = "".join(map(chr, range(1, 127))) + " a-\nb Kuber-\nnetes `x` &amp; \t- c\x0cd"
    assert normalised(text + " é") == normalised(text) + " é"
    assert plain_characters("no change").text == "no change"


@pytest.mark.parametrize("word", ["Py\xadthon", "P\u200by\u200bthon", "Py-\nthon", "Py\x02thon", "Ｐｙｔｈｏｎ", "P\ufeffython"])
def test_skills_are_found_and_their_quotes_are_those_of_the_source(word):
    text = f"Skills\nWe want {word}, experience with data ware\ufffehousing in a work\ufb02ow."
    for skills in (extract_resume(text).skills, extract_job("", text[7:]).must_have):
        assert {skill.value: skill.quote for skill in skills}["python"] == word
    spans = [text[start:end] for layer in skill_spans(text) for start, end in layer]
    assert any(word in span for span in spans)


HEADINGS = (
    "E X P E R I E N C E¦e x p e r i e n c e¦W O R K   E X P E R I E N C E¦P R O F E S S I O N A L E X P E R I E N C E¦"
    "• E X P E R I E N C E :¦[ E X P E R I E N C E ]¦1. E X P E R I E N C E¦II. Experience¦E XPERIENCE¦EX PERI ENCE:¦EX PERIENCE¦"
    "E X PE R I E N C E¦E.X.P.E.R.I.E.N.C.E¦Ｅ Ｘ Ｐ Ｅ Ｒ Ｉ Ｅ Ｎ Ｃ Ｅ"
)


@pytest.mark.parametrize("heading", [*HEADINGS.split("¦"), *(sign.join("EXPERIENCE") for sign in "\t\n\u200a\u3000\xb7")])
def test_headings_part_a_resume_however_they_are_spaced(heading):
    """Four years of work, four of school: 4, and neither 8 nor none."""
    for school in ("EDUCATION", "E D U C A T I O N"):
        text = f"{school}\nUniversity, Jan 2010 - Jan 2014\n{heading}\nClerk, Jan 2014 - Jan 2018\n"
        assert extract_resume(text, updated_at=1_735_689_600).years.value == 4


DASHES = ["\x96", "\x15", "\x16", "\x1a", "\0", "\ufffd", "\ufffe", "\xad", "\xac", "\uf0be", "\u2212", "â€“", "&ndash;", "(cid:16)"]


@pytest.mark.parametrize("dash", DASHES)
def test_what_stands_for_a_dash_between_dates(dash):
    for dates in ("2016 {} 2020", "2016{}2020", "Jan 2016 {} Dec 2019", "Jan 2016{}Dec 2019", "01/2016{}12/2019", "2021 {} Present"):
        assert extract_resume(f"Clerk, Acme, {dates.format(dash)}\n", updated_at=1_735_689_600).years.value == 4
