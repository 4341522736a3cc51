"""What a resume denies is no skill, language or degree of the person."""

from case_table import cases
from extraction_server import names

from minirank.extract import extract_resume


@cases("""
    text | skills
    No experience with Python. Never used SQL. |
    No experience with Python, Java or SQL, but good Excel. | microsoft excel
    No formal training in Python; expert in SQL. | sql
    I have no Python skills. |
    I have never worked with Python or SQL. Java daily. | java
    Never really used Python professionally. |
    Without Python knowledge |
    Lack of SQL experience |
    Not familiar with Python; familiar with SQL | sql
    Unfamiliar with Kubernetes |
    I want to learn Python and SQL. |
    Eager to learn Rust; uses Java. | java
    I haven't used Python, I use Java. | java
    I don't know SQL. |
    Python, not Java. | python
    Not only Python but also SQL. | python, sql
    Not just Python, SQL too | python, sql
    Nothing but Python | python
    No matter the deadline, Python delivers. | python
    Never missed a deadline with Python. | python
    Never stopped using Python | python
    Reports without delay in Python | python
    Python: none; SQL: 5 years | sql
    Python - no experience |
    Java (none), SQL (expert) | sql
    Python: no. 1 in the team | python
    Keine Erfahrung mit Python. SQL sehr gut. | sql
    Ich habe noch nie mit Python gearbeitet. |
    Ohne Kenntnisse in SQL |
    Ich möchte Python lernen. |
    Aucune expérience avec Python. Je maîtrise SQL. | sql
    Je n'ai jamais utilisé Python. |
    Sin experiencia en Python. Domino SQL. | sql
    No tengo experiencia con Python. |
    Nessuna esperienza con Python. Uso SQL. | sql
    Sem experiência em Python. Uso SQL. | sql
    Trabalhei no SAP e no Excel. | sap, microsoft excel
    Geen ervaring met Python. Wel SQL. | sql
    Brak doświadczenia z Python. |
    Ingen erfarenhet av Python. Nu SQL. | sql
    Žádné zkušenosti s Python. |
    Нет опыта работы с Python. Знаю SQL. | sql
    Немає досвіду з Python |
    没有Python经验，精通Java | java
    Pythonの経験はありません。SQLは5年。 | sql
    Python 경험 없음, Java 3년 | java
    Zero trust, Python | zero trust, python
    I know Python. No experience with Python 2 tooling. | python
""")
def test_denied_skills(text, skills):
    assert ", ".join(names(extract_resume(text).skills)) == skills


def test_denied_languages_and_degrees():
    found = extract_resume("Languages: English, no German, French (none)\nNo university degree. Vocational training.")
    assert (names(found.languages), found.education.value) == (["english"], "vocational")
