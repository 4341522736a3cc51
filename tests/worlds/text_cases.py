"""Texts, JSON, spreadsheets and files that are not read, and their troubles."""

import json
import zipfile
from io import BytesIO

from document_cases import Case
from html_cases import FIELDS, POSTING

RESUME = {
    "basics": {
        "name": "Anna Beispiel",
        "label": "Data engineer",
        "email": "anna@example.org",
        "summary": "Ten years of pipelines.",
        "location": {"address": "12 Java Road", "postalCode": "12345", "city": "Springfield", "countryCode": "US"},
        "profiles": [{"network": "GitHub", "username": "annab"}],
    },
    "work": [{"name": "Acme", "position": "Engineer", "startDate": "2019-01-01", "summary": "Led four people.", "highlights": ["Spark"]}],
    "education": [{"institution": "Royal Institute", "area": "Physics", "studyType": "Bachelor", "startDate": "2010", "endDate": "2013"}],
    "skills": [{"name": "Databases", "level": "Master", "keywords": ["SQL", "Redis"]}, "Python"],
    "languages": [{"language": "English", "fluency": "Native speaker"}],
    "meta": {"lastModified": "2024-05-01T10:00:00"},
}
AS_TEXT = (
    "Anna Beispiel Data engineer E-mail: anna@example.org Address: 12 Java Road, 12345 Springfield, US GitHub: annab",
    "Summary Ten years of pipelines.",
    "Experience Engineer, Acme, 2019-01-01 - present Led four people. - Spark",
    "Education Bachelor, Physics, Royal Institute, 2010 - 2013",
    "Skills Databases (Master): SQL, Redis Python Languages English (Native speaker)",
)
JOB_TEXT = "We look for a nurse. - Triage Company: General Hospital Location: Springfield, US"
GERMAN = "Krankenschwester für Ärzte, Größe 3, 3.500,50 € – „gern“ im Café"
FRENCH = "Infirmière à l’hôpital et dans les écoles"
SCRIPTS = "نیم\u200cفاصله 👩\u200d💻 \u200fעברית 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f ❤\ufe0f"
CZECH = "Zdravotní sestra, Jiří Dvořák, péče o pacienty"


def packed(**members):
    """The bytes of a ZIP; `__` in a name is a slash."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


def text(trouble, content, shown, *hidden, name="a.txt"):
    return Case(name[2:].upper(), trouble, name, lambda: content, (shown,), hidden)


def as_json(trouble, value, *shown, name="a.json", **more):
    return Case("JSON", trouble, name, lambda: (value if isinstance(value, str) else json.dumps(value)).encode(), shown, **more)


def sheet(trouble, content, *shown, **more):
    return Case("CSV", trouble, "a.csv", lambda: content if isinstance(content, bytes) else content.encode(), shown, **more)


def refused(format, trouble, name, content, problem):
    return Case(format, trouble, name, lambda: content, problem=problem)


TAGS = "".join(chr(0xE0000 + ord(char)) for char in "python")
CASES = [
    text("UTF-8 with a mark", b"\xef\xbb\xbfcaf\xc3\xa9", "café"),
    text("UTF-16 with a mark", "Pflege café".encode("utf-16"), "Pflege café"),
    text("UTF-16 without a mark", "Pflege café".encode("utf-16-be"), "Pflege café"),
    text("Windows-1252 in German", GERMAN.encode("cp1252"), GERMAN),
    text("Windows-1252 in French", FRENCH.encode("cp1252"), FRENCH),
    text("Markdown", b"# Anna\n\n- Nurse", "# Anna - Nurse", name="a.md"),
    text("a word cut by characters without width", "Nurse py\u200bthon".encode(), "Nurse python", ("py\\u200bthon", "zero-width")),
    text("a message in tag characters", f"Nurse{TAGS}".encode(), "Nurse", ("python", "zero-width")),
    text("letters in the order of another script", "Nurse \u202epython\u202c.".encode(), "Nurse nohtyp.", ("python", "zero-width")),
    text("joiners and marks that scripts need", SCRIPTS.encode(), SCRIPTS),
    refused("TXT", "Czech in Windows-1250", "a.txt", CZECH.encode("cp1250"), "encoding is not certain"),
    refused("TXT", "Russian in Windows-1251", "a.txt", "Медсестра и врач".encode("cp1251"), "encoding is not certain"),
    refused("TXT", "German in the code page of DOS", "a.txt", GERMAN.replace("€ – „gern“", "").encode("cp850"), "encoding is not certain"),
    refused("TXT", "bytes of a program", "a.txt", b"\x7fELF\0\0\0\xff\xfe\x80", "bytes of a program"),
    refused("TXT", "cut within a character of UTF-16", "a.txt", "\ufeffab".encode("utf-16-le")[:-1], "damaged"),
    as_json(
        "a resume of jsonresume.org",
        RESUME,
        *AS_TEXT,
        fields={"kind": "resumes", "date": "2024-05-01T10:00:00", "location": "Springfield, US"},
    ),
    as_json(
        "resumes with the older names, one a line",
        '{"basics":{"name":"A"},"work":[{"company":"Acme"}]}\n{"basics":{"name":"B"}}',
        "A Experience Acme B",
        name="a.jsonl",
    ),
    as_json("a job of schema.org", POSTING, JOB_TEXT, fields=FIELDS),
    as_json("a job in a graph in a list", [{"@graph": [{"@type": "WebPage"}, POSTING | {"@type": ["schema:JobPosting"]}]}], JOB_TEXT),
    as_json(
        "a job with a hidden text in its HTML",
        {"@type": "JobPosting", "description": "<p>Nurse<p style='display:none'>python"},
        "Nurse",
        hidden=(("python", "hidden"),),
    ),
    as_json(
        "a salary, months, a place without a name",
        {
            "@type": "JobPosting",
            "description": "Nurse",
            "experienceRequirements": {"monthsOfExperience": 36},
            "baseSalary": {"currency": "EUR", "value": {"minValue": 40000, "maxValue": 50000, "unitText": "YEAR"}},
            "jobLocationType": "TELECOMMUTE",
        },
        "Nurse Experience 3 years of experience Location: remote Salary: 40000 to 50000 EUR a year",
    ),
    refused("JSON", "of nobody's schema", "a.json", b'{"name": "Anna", "skills": ["python"]}', "neither a resume of jsonresume.org"),
    refused("JSON", "cut off", "a.json", b'{"basics": {"name": "An', "no JSON"),
    refused("JSON", "lists within lists", "a.json", b"[" * 5_000, "lists within lists"),
    sheet(
        "commas",
        'job_id,title,description,posted_at\n7,Nurse,"Wards, nights",2024-05-01\n',
        "Wards, nights",
        fields={"id": "7", "title": "Nurse", "date": "2024-05-01"},
    ),
    sheet(
        "semicolons, decimal commas, days first, Windows-1252",
        "Kennung;Titel;Beschreibung;Datum;Gehalt\n7;Köchin;Küche;31.01.2024;3.500,50\n".encode("cp1252"),
        "Küche",
        fields={"id": "7", "title": "Köchin", "date": "2024-01-31"},
        notes=("not read: its column Gehalt",),
    ),
    sheet(
        "dates that another row makes certain",
        "id,text,date\n1,Nurse,01/02/2024\n2,Cook,31/12/2024 9:30\n",
        "Nurse Cook",
        fields={"date": "2024-02-01"},
    ),
    sheet("months first", "id,text,date\n1,Nurse,12/31/2024\n2,Cook,01/02/2024\n", "Nurse Cook", fields={"date": "2024-12-31"}),
    sheet("as Excel names the separator, lines in a cell", 'sep=;\nid;text\n1;"Nurse\nnights"\n;\n', "Nurse nights", fields={"id": "1"}),
    sheet(
        "names of columns as systems export them",
        "Job ID,Job Title,Job Description,Last Updated\n7,Nurse,Wards,2024-05-01\n",
        "Wards",
        fields={"id": "7", "title": "Nurse", "date": "2024-05-01"},
    ),
    refused("CSV", "dates that may be two", "a.csv", b"id,text,date\n1,Nurse,01/02/2024\n", "01/02/2024 may be day or month first"),
    refused(
        "CSV",
        "a day that does not exist",
        "a.csv",
        b"id,text,date\n1,Nurse,31.02.2024\n",
        "line 2: its column date holds no date: 2024-02-31",
    ),
    refused("CSV", "dates as numbers of Excel", "a.csv", b"id,text,date\n1,Nurse,45292\n", "holds no date: 45292"),
    refused("CSV", "decimal commas between commas", "a.csv", b"id,text,pay\n1,Nurse,3,5\n", "line 2 has 4 cells"),
    refused(
        "CSV",
        "two columns for one thing",
        "a.csv",
        b"id,city,place,text\n1,a,b,c\n",
        "its columns city and place could both be the location",
    ),
    refused("CSV", "columns that nobody knows", "a.csv", b"foo,bar\n1,2\n", "no column of its first line is known"),
    refused("XLSX", "a spreadsheet", "a.xlsx", packed(xl__workbook="x"), "a spreadsheet that is not read (.xlsx); save the sheet as CSV"),
    refused("ODT", "LibreOffice", "a.odt", packed(content="x"), "a format that is not read (.odt); save it as DOCX or PDF"),
    refused("RTF", "named .doc", "a.doc", b"{\\rtf1 Nurse}", "a format that is not read (.rtf)"),
    refused("DOC", "old Word, named .docx", "a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 9, "a format that is not read (.doc)"),
    refused(
        "DOCX",
        "behind a password",
        "a.docx",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
        "protected by a password",
    ),
    refused("ZIP", "documents in an archive", "a.zip", packed(a="x"), "an archive (.zip); unpack it first"),
    refused("EML", "an e-mail", "a.eml", b"From: a@example.org", "an e-mail (.eml); save the document"),
]
