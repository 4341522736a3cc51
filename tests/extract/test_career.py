"""Careers: years of work alone, employers in all layouts, tenure, pauses, schools; expected values are literals."""

import pytest
from case_table import cases
from extraction_server import names

from minirank.extract import extract_resume

UPDATED = 1_735_689_600  # 2025-01-01


def number(item):
    return None if item is None else item.value


@cases(r"""
    text= | years=
    "EXPERIENCE\nProgrammer, Acme 2013-12-01 - 2016-12-01" | 3
    "EXPERIENCE\nProgrammer, Acme 2013-12-01 - 2021-12-01\n- Grew revenue over three years" | 8
    "Experience\nClerk, 01/12/2013 - 01/12/2016" | 3
    "Experience\nClerk, 15.01.2020 - 15.12.2024" | 5
    "marzo 2018 - actualidad" | 6
    "mars 2018 - aujourd'hui" | 6
    "Januar 2020 - März 2024" | 4
    "seit 2020" | 5
    "Jan '18 - Mar '21" | 3
    "01/20 - 12/24" | 5
    "Jan '20 - Present" | 5
    "Volunteering\nTreasurer, 2000 - 2018\n\nExperience\nClerk, 2018 - 2022" | 4
    "E X P E R I E N C E\nClerk, 2018 - 2022\n\nE D U C A T I O N\nBSc, 2010 - 2014" | 4
    "Grew revenue over three years" | None
    "Experience\nClerk, 2018 - 2030" | 7
    "Experience\nClerk, 2027 - 2030" | None
    "Experience\nClerk, 2018 - 2022\nNurse, 2020 - 2024" | 6
    "Experience\nClerk, 2022 - 2018" | 4
    "Berufserfahrung\nKoch, 2018 - 2022\nEhrenamt\nKassier, 2000 - 2018\nAusbildung\nLehre, 1996 - 2000" | 4
    "Doświadczenie zawodowe\nkucharz, 2018 - 2022\nWykształcenie\nPolitechnika, 2010 - 2018" | 4
    "Опыт работы\nповар, март 2018 - март 2022\nОбразование\nМГУ, 2010 - 2018" | 4
    "Selected Work Experience\nCook, 2018 - 2022\nInterests & Hobbies\nChess club, 2000 - 2018" | 4
    "Experience\nVolunteer firefighter, 2000 - 2018\nCook, Hotel Adler, 2018 - 2022\nParental leave, 2022 - 2024" | 4
    "Experience\nVolunteer Coordinator, Red Cross, 2018 - 2022" | 4
    "Experience\nWorking student, Acme, 2018 - 2020" | 2
    "Student, Kingsmere University, 2014 - 2018" | None
    "M.Sc. Physics, University of Hamburg, 2009 - 2015\nLecturer, University of Hamburg, 2015 - 2019" | 4
    "Ich habe 10 Jahre Berufserfahrung als Koch." | 10
    "Experience\n5 years of travelling to Asia\nClerk, 2018 - 2020" | 2
    "Experience\nClerk, 1960 - 2024" | None
    "Experience\nClerk, Acme, 2018 - 2020\n- Led the 2012 - 2015 review\n- A budget of 2016 - 2017" | 2
    "Experience\n* Clerk at Acme (2018 - 2020)\n* Cook at Zorbax (2015 - 2018)" | 5
    "Experience\n2020 - 2024: Clerk, Acme\n2018 - 2020: Military service\n2015 - 2018: Cook, Zorbax" | 7
    "Experience\nBarista, Beanhouse (3 years)\nWaiter, Grand Hotel, 1 year 6 months\n- Led a team for 5 years" | 4
    "Experience\nBerater, Beispiel AG (2 Jahre und 6 Monate)\nKoch, Hotel Adler (18 Monate)" | 4
    "Experience\nCook, 2018 - 2022\nProfessional Development\nSafety course, 2000 - 2004" | 4
""")
def test_years_of_work(text, years):
    assert number(extract_resume(text, UPDATED).years) == years


HEAD = "Mara Lindqvist\nmara@example.org\nBerlin\n\n"


@pytest.mark.parametrize(
    "text, employers, tenure, gap",
    [
        ("Experience\nTitle Maker, Korbmarkt, Jan 2020 - present\nClerk, Windrow, Jan 2015 - Mar 2019", "korbmarkt, windrow", 56, 9),
        ("Korbmarkt | Clerk | 2018-2020\nWindrow | Analyst | 2015-2018", "korbmarkt, windrow", 30, None),
        (
            "Since Mar 2019 I work at Quillon Payments as Maker. From Jan 2015 to Mar 2019 I worked at City of Grauheim as Clerk.",
            "quillon payments, city of grauheim",
            60,
            None,
        ),
        ("2015 - 2018 Korbmarkt (Clerk)\n2012 - 2015 Windrow (Thing Maker)", "korbmarkt, windrow", 36, None),
        (
            "Experience\nAcme Corp   Jan 2018 - Mar 2021\nSenior Engineer\n- did\nBeta Ltd   Jan 2015 - Dec 2017\nEngineer",
            "acme corp, beta ltd",
            38,
            None,
        ),
        (
            "Experience\nAcme Corp, Berlin\nSenior Engineer\nJan 2018 - Mar 2021\n- did x\n\nZorbax\nEngineer\nJan 2015 - Mar 2017",
            "acme corp, zorbax",
            33,
            9,
        ),
        (
            "Experience\nKorbmarkt\n6 years 2 months\nSenior Engineer\nJanuary 2018 - Present\nEngineer\nJanuary 2015 - December 2017",
            "korbmarkt",
            120,
            None,
        ),
        ("Experience\nJan 2018 - Mar 2021\nAcme\nSenior Engineer\n- did x\nJan 2015 - Mar 2017\nZorbax\nEngineer", "acme, zorbax", 33, 9),
        (
            "Berufserfahrung\n01/2018 – heute Buchhalterin bei Muster GmbH, München\n03/2015 – 12/2017 Sachbearbeiterin, Stadt Köln",
            "muster gmbh, stadt köln",
            59,
            None,
        ),
        ("Expérience professionnelle\nComptable chez Dupont SA, mars 2018 - aujourd'hui", "dupont sa", 82, None),
        ("Experience\nAt Acme I was clerk from 2015 to 2018. Then I worked for Zorbax from 2018 to 2020.", "zorbax, acme", 30, None),
        ("職務経歴\n2018年4月～現在 株式会社山田商事 営業部", "株式会社山田商事", 81, None),
        ("Experience\nEngineer, Acme (Berlin), 2018 - 2020\nEngineer @ Zorbax, 2015 - 2017", "acme, zorbax", 24, None),
        ("Experience\nSenior Engineer - Acme, Inc. - Berlin (Jan 2018 - Dec 2020)", "acme, inc", 36, None),
        ("Experience\nFreelance, 2016 - 2018", "", 24, None),
        ("Experience\nClerk, <COMPANY>, 2018 - 2020", "", 24, None),
        ("Experience\nClerk, confidential, 2018 - 2020", "", 24, None),
        ("Experience\nCook, Mara Lindqvist Catering, 2016 - 2018\nBaker, Korbmarkt, 2014 - 2015", "korbmarkt", 18, None),
    ],
)
def test_employers_tenure_and_gap(text, employers, tenure, gap):
    found = extract_resume(HEAD + text, UPDATED)
    assert ", ".join(names(found.employers)) == employers
    assert (number(found.tenure), number(found.gap)) == (tenure, gap)
    for value in (*found.employers, found.tenure):
        assert (HEAD + text)[value.start : value.end] == value.quote


def test_moves_count_employers_not_positions():
    text = HEAD + "Experience\nLead, Acme, 2022 - 2024\nClerk, Acme, 2018 - 2022\nClerk, Zorbax, 2012 - 2018"
    found = extract_resume(text, UPDATED)
    assert (number(found.moves), number(found.tenure), names(found.employers)) == (2, 72, ["acme", "zorbax"])


@pytest.mark.parametrize(
    "school", ["University of Dunholm", "Universität Hamburg", "Ostrava Polytechnic West", "École Supérieure", "東京大学"]
)
def test_schools_are_shown(school):
    text = HEAD + f"Experience\nClerk, Acme, 2018 - 2024\n\nEducation\nBSc, {school}, 2010 - 2014"
    found = extract_resume(text, UPDATED)
    assert (names(found.schools), names(found.employers)) == ([school.lower()], ["acme"])


@pytest.mark.parametrize(
    "text, employers",
    [
        (
            """Experience
Clerk, Acme, 2010 - 2012, 2014 - 2016""",
            "acme",
        ),
        (
            """{"basics": {"name": "x"}, "work": [
 {
  "company": "Acme",
  "position": "Developer",
  "startDate": "2018-01-01",
  "endDate": "2020-03-31"
 },
 {
  "company": "Zorbax",
  "position": "Clerk",
  "startDate": "2015-01-01",
  "endDate": "2017-12-31"
 }]}""",
            "acme, zorbax",
        ),
        (
            """Work Experience
[01/03/2018 – Current] Software Engineer
Acme S.A.
City: Lisbon | Country: Portugal
[01/02/2015 – 28/02/2018] Developer
Zorbax Lda
City: Porto | Country: Portugal""",
            "acme s.a, zorbax lda",
        ),
        (
            """Experience
Acme Corp
Senior Engineer
January 2018 - Present (7 years)
Berlin, Germany
Beta Ltd
2 years 3 months
Lead Engineer
June 2016 - December 2017 (1 year 7 months)
Engineer
October 2015 - May 2016 (8 months)
Munich, Germany""",
            "acme corp, beta ltd",
        ),
        (
            """Experience

Software Engineer                                                     Jan 2018 - Present
Acme                                                                  Berlin, Germany
• Built x

Developer                                                             Jan 2015 - Dec 2017
Zorbax                                                                Munich, Germany""",
            "acme, zorbax",
        ),
        (
            """Experience
Acme (Jan 2018 - present): Software Engineer
Zorbax (Jan 2015 - Dec 2017): Developer""",
            "acme, zorbax",
        ),
        (
            """Experience
2018-present | Acme | Software Engineer | Berlin
2015-2018 | Zorbax | Developer | Paris""",
            "acme, zorbax",
        ),
        (
            """I have been working as a nurse at Grauheim Clinic since March 2018.
Before, from 2012 to 2018, I was a carer with Sonnenhof Residence. I hold a diploma from Eastvale College.""",
            "grauheim clinic, sonnenhof residence",
        ),
        (
            """Experience
Line cook – The Blue Fork, Leeds – 03/2019-now
Kitchen porter – Harbour Hotel, Hull – 01/2017-02/2019""",
            "the blue fork, harbour hotel",
        ),
        (
            """Career history
1. Acme Ltd. 2018 to date. Accounts clerk
2. Zorbax plc. 2015 to 2018. Sales ledger clerk""",
            "acme ltd, zorbax plc",
        ),
    ],
)
def test_layouts(text, employers):
    assert ", ".join(names(extract_resume(HEAD + text, UPDATED).employers)) == employers
