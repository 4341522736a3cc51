"""Names that are short, or words, places and skills too, in the layouts of files: nothing that is read or sent holds any of them."""

import random
import re

import pytest
from case_table import cases

from minirank.extract import extract_resume
from minirank.extract.masked_text import clean_text, read_text
from minirank.extract.personal import find_personal
from minirank.features.embeddings import pieces

GIVEN = (
    "Jane Bob An Li Jo My Will Mark Grace Hope Art Bill Max Pat Ray Rose Sky So Do Ha Amber May June April Victor Guy Rich Josefina "
    "Ana Xi Yu Mo Al Ed Dee Faith Summer Paris London Israel Chad Jordan Santiago"
).split()
FAMILY = (
    "Doe Miller López Li Do An Cook Baker Young Long Little Best Good Park Kim Song Stone Rivers Green Brown White Black Price King "
    "Page Lane Banks Day English French German Holland Ireland Nguyen Wu Quellinger O'Neil Smith-Jones Sales Power Field Schmidt"
).split()
BODY = "Data engineer. Python, SQL and Airflow. 2015 - 2020 Northgrid.\n"
LAYOUTS = (  # two blanks part the cells of a line, as files of PDF and Word are read
    "{given} {family}\n{body}",
    "{given} {family}  {email}  Berlin\n{body}",
    "CONTACT  {given} {family}\n{body}",
    "Contact {given} {family}\n{email}\n{body}",
    "PERSONAL DETAILS  {given} {family}\nBerlin\n{body}",
    "CONTACT  EXPERIENCE\n{given} {family}  Data engineer at Northgrid, 2015 - 2020\n{email}  Python, SQL\n",
    "{given} {family}\nData engineer\n\nCONTACT  {given}\n{email}\n{body}",
    "{given} {family}\n{body}\n{family} - page 2\nMore Python.\n",
    "{family}, {given}\n{body}",
    "{GIVEN} {FAMILY}\n{body}",
)


def people():
    chance = random.Random(3)
    chosen = [(given, chance.choice(FAMILY)) for given in GIVEN] + [(chance.choice(GIVEN), family) for family in FAMILY]
    return [pair for pair in chosen if pair[0] != pair[1]]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_read_and_sent_is_the_same_whoever_it_is(layout):
    read = {}
    for given, family in people():
        email = re.sub(r"[^a-z.]", "", f"{given}.{family}".lower().replace("ó", "o")) + "@example.org"
        text = layout.format(given=given, family=family, GIVEN=given.upper(), FAMILY=family.upper(), email=email, body=BODY)
        found = extract_resume(text)
        clean = clean_text(text, found.flagged, found.masked)
        sent = tuple(piece for _, piece in pieces(clean))
        assert not {given.lower(), family.lower()} & {word for piece in sent for word in piece.lower().split()} - {"an", "page"}, (
            given,
            family,
        )
        read.setdefault((read_text(text)[0].text, clean, sent), []).append((given, family))
    assert len(read) == 1, sorted(read.values(), key=len)[0]


@cases(r"""
    text= | found
    "López\nPage 2\nJosefina López\nCook" | López, Josefina López
    "May\nPage\nCook" | May, Page
    "Ana López\nCook\n\nLópez\nMore" | Ana López, López
    "May Page\nCook\nPage 2 of 3, one page" | May Page
    "Ruby Chen\nCook\n\nSkills\nRuby\nPython" | Ruby Chen
    "Paris Stone\nCook\n\nParis\n2019" | Paris Stone
    "Data Engineer\nAn Engineer of data" |
    "My Resume\nSales Manager\nMay 2019" |
    "Art Director\nSummer Intern\nWill Travel" |
""")
def test_words_that_may_be_names(text, found):
    assert ", ".join(text[start:end] for start, end, kind in find_personal(text) if kind == "NAME") == found
