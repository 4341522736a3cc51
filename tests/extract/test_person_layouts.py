"""Whoever a text is about, the same is read of it; and what only looks like a name or a personal fact stays."""

import pytest
from person_layouts import LAYOUTS, people

from minirank.extract import extract_resume
from minirank.extract.masked_text import clean_text, read_text
from minirank.extract.personal import find_personal


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_reads_the_same_whoever_it_is(layout):
    read = set()
    for person in people():
        text = layout.format(**vars(person))
        found = extract_resume(text)
        read.add((read_text(text)[0].text, clean_text(text, found.flagged, found.masked)))
    assert len(read) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Ruby Chen\nRuby, Python and SQL. Experience with Ruby. I know Ruby and Java. Ruby is my main language. Ruby's syntax.",
        "Ruby Chen\nRuby developer. Ruby has been required. Ruby would be a plus. Recommended Ruby over PHP. Skills: Ruby; SQL.",
        "Jasmine Python\nPython is used daily. I know Python. Python's GIL. Python has classes. Contact Python team.",
        "Django Baker\nDjango was used for the API. Django's ORM. The baker led. Head Baker. Baker, 2010 - 2012. Deployed Django.",
        "Jane Doe\nI speak Chinese. Chinese (fluent). I am fluent in Chinese. I am an English teacher. I am German-speaking. French, 29.",
        "Jane Doe\nI'm Spanish and English speaking. I am French and English bilingual. German: native. English, German.",
        "Jane Doe\nStatus: single source of truth. Status: done. Project status - completed. Status: partnered with DHL.",
        "Jane Doe\nBuilt resume-parser in Python. See cv_data.csv and report.pdf, resume_screening.pdf. Wrote README.txt.",
        "Jane Doe\nRead CV-based forecasts, application-specific code, cv-qualified types. Cross-validation (cv-5).",
        "Jane Doe\nTeams: 29, 30. Size M, 29. Grade F, 40. x, 20 and m, 30. Kids 12 m, 24 m. Sample: 35 female, 40 male.",
        'Jane Doe\n<role name="Data engineer"/> <project><name>Billing Service</name></project> <skill name="Python"/>',
        "Jane Doe\nI'm Available. I am Agile. I'm Excited. Letter about Kubernetes, note on Python. Migration Guide Page 2",
    ],
)
def test_skills_languages_and_files_stay(text):
    assert [text[start:end] for start, end, _ in find_personal(text)] == [text.partition("\n")[0]]


@pytest.mark.parametrize(
    "text",
    [
        '{"work": [{"name": "Signalfire Radio"}], "skills": [{"name": "Machine learning"}, {"name": "Ruby"}]}',
        "project;name;year\nAtlas;Billing Service;2019\n",
        "Data Platform Engineer: Python, Ruby\nCopyright 2024 Velden Capital. (c) 2020 Northgrid GmbH. C, 2019",
        "P L A N - D O\nC R M - S Y S T E M S\nA - B - C - D",
    ],
)
def test_names_of_things_stay(text):
    assert find_personal(text) == []
