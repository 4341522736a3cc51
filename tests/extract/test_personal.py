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
    for pattern in ("A", "a@", "+1 ", "Aa ", "1-", "www.", "a.", "Dr. ", "name: Aa ", "王", "+(0"):
        text = pattern * (20_000 // len(pattern))
        assert all(0 <= start < end <= len(text) for start, end, _ in find_personal(text))
