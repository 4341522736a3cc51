"""What says who a person is: e-mail addresses, links, phone numbers and names."""

import pytest
from case_table import cases

from minirank.extract.personal import find_personal

RESUME = """Ravi Osei | ravi.osei1@example.org | +49 170 1234567 | Eastvale
https://linkedin.com/in/ravi-osei.
Data Engineer, Jul 2015 - Mar 2018, then 2018-2021. 1,000,000 rows. Mr. Osei knows SQL.
"""


def kinds(text, names=True):
    return [(kind, text[a:b]) for a, b, kind in find_personal(text, names)]


def test_a_resume_is_masked():
    found = ["Ravi Osei", "ravi.osei1@example.org", "+49 170 1234567", "https://linkedin.com/in/ravi-osei", "Mr. Osei"]
    assert kinds(RESUME) == list(zip("NAME EMAIL PHONE URL NAME".split(), found))
    assert [k for k, _ in kinds(RESUME, names=False)] == ["NAME", "EMAIL", "PHONE", "URL", "NAME"]  # as in a posting: `Mr. Osei`


@cases(r"""
    text= | found
    "Jane van Doe\nCook" | Jane van Doe
    "JOHN SMITH\nWorked as John Smith" | JOHN SMITH, John Smith
    "Name: Marie-Claire O'Neil, Paris" | Marie-Claire O'Neil
    "Cook\nReferee: Tom B. Jones\nTom said so" | Tom B. Jones, Tom
    "Cook. Prof. Weber agrees." | Prof. Weber
    "姓名：王小明\n王小明会Python" | 王小明, 王小明
    "李雷\n电工" | 李雷
    "Data Engineer\nBerlin" |
    "Machine Learning\nx" |
    "Curriculum Vitae\nx" |
    "contact: please send your papers" |
    "个人简历\n电工" |
""")
def test_names(text, found):
    assert ", ".join(t for kind, t in kinds(text) if kind == "NAME") == found


@pytest.mark.parametrize("number", ["+1 (555) 123-4567", "030 1234567", "13912345678", "0049 30 1234567", "555-123-4567"])
def test_phones(number):
    before = {"030 1234567": "Tel.: ", "13912345678": "手机："}.get(number, "")
    assert kinds(before + number, names=False) == [("PHONE", number)]


@pytest.mark.parametrize("text", ["2015 - 2018", "01/2015 - 03/2018", "65000-77000", "room 12", "1234567890"])
def test_numbers_that_are_no_phones(text):
    assert "PHONE" not in dict(kinds(text))


@pytest.mark.parametrize("text", ["a.b+c@mail.example.co.uk", "jane @ example.org", "jane(at)example.org"])
def test_emails(text):
    assert kinds(text) == [("EMAIL", text)]


def test_masking_is_linear_on_hostile_texts():
    for pattern in ("A", "a@", "+1 ", "Aa ", "1-", "www.", "a.", "Dr. ", "name: Aa ", "王", "+(0", "CV_Aa_", "<name>", "single, Irish, "):
        text = pattern * (20_000 // len(pattern))
        assert all(0 <= start < end <= len(text) for start, end, _ in find_personal(text))


@cases(r"""
    text= | found
    "Ruby Chen\nCook" | Ruby Chen
    "Django Reinhardt\nCook" | Django Reinhardt
    "Jasmine Python\n12 Java Road" | Jasmine Python, 12 Java Road
    "Head Baker\nEmma Baker\nBaker since 2010" | Emma Baker
    "Data Engineer · Jane Doe · Berlin" | Jane Doe
    "Zorvath Quellinger\nz.q@x.org" | Zorvath Quellinger, z.q@x.org
    "Jane Doe\nBorn in 1985 in Manchester. Aged 39." | Jane Doe, Born in 1985 in Manchester, Aged 39
    "Jane Doe\nMarried with two children. An Irish citizen." | Jane Doe, Married with two children, An Irish citizen
    "Jane Doe\nI'm Irish. 29 y/o, f, Irish citizen" | Jane Doe, I'm Irish, 29 y/o, f, Irish citizen
    "CV_Jane_Doe.pdf\nCook\nMs. Doe" | Jane_Doe, Ms. Doe
    "*12.03.1985 in Köln, ledig, keine Kinder\nMax Mustermann" | *12.03.1985 in Köln, ledig, keine Kinder, Max Mustermann
    "33; male; single; German\nJane Doe" | 33, male, single, German, Jane Doe
    "Candidate: Jane Doe (she/her), 34, Irish" | Jane Doe, (she/her), 34, Irish
    "Gender: F; Age: 34; Marital status: M\nSQL" | Gender: F, Age: 34, Marital status: M
    "Dr. med. Anna Schmidt\nAddress: Am Alten Markt 3, 50667 Köln" | Dr. med. Anna Schmidt, Am Alten Markt 3, 50667
    "Grace Hopper\nGrace led COBOL. Grace period of 3 days." | Grace Hopper, Grace
    "Robert \"Bob\" Smith\nBob ran it. R. Smith's team" | Robert "Bob" Smith, Bob, R. Smith's
    "Jean-Pierre Dupont\n12 rue de la Paix, 75002 Paris" | Jean-Pierre Dupont, 12 rue de la Paix, 75002
    "John A. Smith, Jr., PE\nEngineer" | John A. Smith, Jr.
    "Nationality: Irish, Languages: English" | Nationality: Irish
    "Senior Engineer\nI am Ruby Chen." | Ruby Chen
""")
def test_personal_data(text, found):
    assert ", ".join(quote for _, quote in kinds(text)) == found


@pytest.mark.parametrize(
    "text",
    [
        "Ruby Developer\nBerlin\nRuby, Rails",
        "29 years of experience in nursing. 9 years old firm: the company is 29 years old.",
        "Worked at Morgan Stanley, Johns Hopkins University, Ernst & Young and Baker McKenzie.",
        "Baker at Brot & Co, 2010 - 2015\nBaked bread",
        "Single page application, married to agile. Religion studies. Race conditions fixed. Health insurance.",
        "SQL Server 2019 Drive encryption\n5 Whys, 3 Way matching, 50 start-ups in St. Gallen",
        "The team needs someone aged 25 to 30. Patients aged 65 and over.",
        "MS Office, Sr. Developer, HR Business Partner, DR tests",
        "node.js, ASP.NET, Vue.js, in/out",
        "* 2019 - 2021 Nurse\n* 2015 Award",
    ],
)
def test_what_is_nobodys_name_or_trait_is_left(text):
    assert kinds(text) == []


def test_a_posting_keeps_everything_but_contact_lines():
    text = (
        "Ruby Chen Ltd\nYou are 18 years old or more, married or single. He/she reports to the CTO.\nContact person: Jane Doe, jane@x.org"
    )
    assert kinds(text, names=False) == [("NAME", "Jane Doe"), ("EMAIL", "jane@x.org")]


@cases("""
    text | name
    {"basics": {"name": "Zorvex Plimm", "label": "Cook"}, "skills": [{"name": "Go"}]} | Zorvex Plimm
    {"skills": [{"name": "Go"}], "candidate": {"id": 7, "name": "Ruby Quandt"}} | Ruby Quandt
    {"person": {"firstName": "Zorvex", "city": "Oslo"}, "work": [{"name": "Acme"}]} | Zorvex
""")
def test_json_in_one_line_says_whose_name_it_is(text, name):
    assert [text[start:end] for start, end, kind in find_personal(text) if kind == "NAME"] == [name]
