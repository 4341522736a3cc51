"""Short texts about one person, layout by layout, and people whose names no list need know."""

from types import SimpleNamespace

_BODY = "\nData engineer. Python, SQL and Airflow. 2015 - 2020 Northgrid.\n"
_PEOPLE = (
    ("Jane", "Doe", "Irish", "f", "female", 29, "single", "12 Java Road"),
    ("Ruby", "Chen", "Chinese", "f", "female", 31, "married", "Flat 3, 221B Baker Street"),
    ("Mary Ellen", "O'Driscoll", "Senegalese", "f", "female", 44, "divorced", "Apt. 5, 10 Elm Street"),
    ("Thorbjørn", "Quandt-Ibsen", "Norwegian", "m", "male", 52, "widowed", "48 Oracle Avenue, Flat 2"),
    ("Ixtlanka", "Brontoddessiwami", "Kyrgyz", "f", "female", 26, "single", "Unit 7, 99 Kafka Road"),
    ("Django", "Baker", "Mauritian", "m", "male", 38, "married", "7 Swift Street"),
    ("Wulfrune", "Aethelstane", "South African", "x", "non-binary", 61, "single", "3 Hive Court"),
)


def people():
    """The words that LAYOUTS name, of each person."""
    for first, last, nation, letter, sex, age, status, street in _PEOPLE:
        name, plain = f"{first} {last}", f"{first} {last}".lower().replace("'", "").replace("ø", "o")
        yield SimpleNamespace(
            name=name, NAME=name.upper(), lower=name.lower(), first=first, last=last, initials=f"{first[0]}. {last}",
            nation=nation, a="an" if nation[0] == "I" else "a", letter=letter, LETTER=letter.upper(), sex=sex, age=age, status=status,
            street=street, email=plain.replace(" ", ".") + "@example.org", slug=plain.replace(" ", "-"), body=_BODY,
            underscored=name.replace(" ", "_"), dotted=name.replace(" ", "."), camel=name.replace(" ", "").replace("'", ""),
            spaced="   ".join(" ".join(word) for word in name.upper().split()),
        )  # fmt: skip


LAYOUTS = (
    (
        "{name}\n{body}\nAbout {first}\n"
        "{first} is a data engineer who loves trains. {first} has led teams. {first} worked at Halcyon. {first} joined "
        "Roamly in 2019.\n{first}'s portfolio is online."
    ),
    (
        "Letter about {name}\n\n"
        "I know that {first} would be an asset. I recommend {first} warmly. We were glad when {first} joined us, and {f"
        "irst} and I built Spark jobs. I thank {first}. Ask {first} about it.\n{last} was punctual. I trust {last}.\n"
    ),
    (
        "{name}\n"
        "{body}I'm {nation}. I am {nation}, and I live in Berlin. As {a} {nation} citizen I need no visa. I am {a} {nat"
        "ion} national.\n"
    ),
    "{name}\n{age} y/o, {letter}, {nation} citizen\n{body}",
    "{name} ({letter}, {age})\n{body}",
    "{name}\n({letter}, {age})\n{body}",
    "{name}\n{age}/{LETTER}, {nation}\n{body}",
    "{name}\n{body}\nPersonal: {sex}, {age}, {status}, {nation}.\n",
    "{name}\n{age} y/o, {sex}, {nation}\n{body}",
    "{name}\n{body}Facts: {nation}, {age}, {status}, {LETTER}\n",
    "{name}\nSTATUS: {status}\n{body}",
    "{name}\nStatus - {status}\n{body}",
    '{{"name": "{name}", "skills": ["Python", "SQL"], "years": 7}}',
    '{{"fullName":"{name}","nationality":"{nation}","skills":["Python"]}}',
    '{{\n "firstName": "{first}",\n "lastName": "{last}",\n "title": "Data engineer"\n}}',
    '{{"candidate": {{"name": {{"first": "{first}", "last": "{last}"}}, "email": "{email}"}}, "skills": ["Java"]}}',
    '{{"id": 3, "basics": {{"label": "Programmer", "name": "{name}"}}}}',
    "name={name}\nskills=Python;SQL\n",
    "id=7;name={name};skills=Python\n",
    "<resume><name>{name}</name><skills>Python, SQL</skills></resume>",
    "<person>\n <firstName>{first}</firstName>\n <lastName>{last}</lastName>\n <job>Data engineer</job>\n</person>",
    '<candidate name="{name}" title="Data engineer"/>\nPython',
    "name: {name}\ntitle: Data engineer\nskills:\n  - Python\n",
    "basics:\n  name: '{name}'\n  label: Data engineer\n",
    "person:\n  first_name: {first}\n  last_name: {last}\n  skills: [Python]\n",
    '[basics]\nname = "{name}"\nskills = ["Python"]\n',
    "Candidate(name='{name}', skills=['Python'])\n",
    "CV_{underscored}\n{body}",
    "resume-{slug}.pdf\n{body}",
    "{camel}_CV\n{body}",
    "CV_{underscored}_2024.docx\n{body}",
    "{underscored}_Resume_Final.pdf\n{body}",
    "{dotted}.CV.pdf\n{body}",
    "Attachment: {camel}Resume.pdf\n{body}",
    "{slug}-cv\n{body}",
    "File: CV_{underscored}.pdf\nPage 1 of 2\n{name}\n{body}",
    "{first}\n{last}\nData engineer\n{body}",
    "{first}\n{last}\n{email}\n{body}",
    "{spaced}\nDATA ENGINEER\n{body}",
    "{spaced}\n{email}\n{body}\n{name} likes chess.",
    "C U R R I C U L U M   V I T A E\n\n{spaced}\n{body}",
    "{name}\nAddress: {street}, Berlin\n{body}",
    "{name}\n{street}, Berlin\n{body}",
    "{name}\n{street} | Berlin\n{body}",
    "{name}\n{body}I live at {street}, Berlin.\n",
    "{name}\nAddress: {street}\n{body}",
    "Q: What is your name?\nA: {name}\nQ: Where are you from?\nA: I'm {nation}.\nQ: What do you do?\nA: Data engineer, Python\n",
    (
        "From: {name} <{email}>\nTo: jobs@northgrid.example.com\nSubject: Application of {name} as data engineer\n\nHi,\n"
        "please find my CV. Python, SQL.\n\nBest,\n{first}\n"
    ),
    (
        "\\documentclass{{moderncv}}\n\\firstname{{{first}}}\n\\familyname{{{last}}}\n\\title{{Data engineer}}\n\\begin{{document}}\n"
        "\\section{{Skills}} Python\n"
    ),
    "{name}  9:41 AM\nhey team, I know Python and SQL\n{name}  9:45 AM\nalso Airflow since 2018\n",
    "+------+----------------+\n| Name | {name} |\n| Role | Data engineer |\n+------+----------------+\nPython\n",
    "Data engineer\nPython, SQL, 2015 - 2020 Northgrid\n\n{name} - Page 1 of 2\nAirflow\n{name} - Page 2 of 2\n",
    "========================\n      {NAME}\n      Data Engineer\n========================\nPython\n",
    "[{name}] Data engineer, Python, SQL. [2015-2020] Northgrid\n",
    "Profile: {name}, data engineer from Berlin. Colleagues describe {first} as calm. {first} speaks German. Hire {first}!\n",
    "This is to certify that {name}, {nation} national, aged {age}, worked here as data engineer from 2015 to 2020.\n",
    "Name -> {name}\nRole -> Data engineer\nSkills -> Python\n",
    (
        "Candidate #12: {name} ({age}, {nation}, {status})\nRole: Data engineer. Python.\n"
        "Notes: {first} interviewed well; {last} can start in May.\n"
    ),
    "Data engineer, Python, SQL since 2015.\n\n--\n{name}\nData engineer | Berlin\n",
    "{initials}\nData engineer\n{email}\n{body}",
    "BEGIN:VCARD\nN:{last};{first}\nFN:{name}\nTITLE:Data engineer\nEND:VCARD\nPython\n",
    "<PersonName><GivenName>{first}</GivenName><FamilyName>{last}</FamilyName></PersonName>\nPython, SQL\n",
    "~ {name} ~\n~ data engineer ~\nPython\n",
    "Dear Ms. Brandeis,\nmy name is {name} and I'm {a} {nation} data engineer. Python, SQL.\nYours, {first} {last}\n",
    "Data engineer portfolio\nPython, SQL\n(c) 2024 {name}. All rights reserved.\n",
    '"{first} is the best data engineer I know" - my boss\n\n{name}\nPython, SQL\n',
    "{last} {first}\nData engineer\nPython, SQL 2015 - 2020\n",
    "<h1>{name}</h1><h2>Data engineer</h2><ul><li>Python</li></ul>\n",
    "Resume by {name}\nData engineer\nPython\n",
    "me: who are you?\nyou: I am {name}, {age}, from Berlin, data engineer with Python\n",
    "id;name;title;skills\n7;{name};Data engineer;Python, SQL\n",
    "name,email,title\n{name},{email},Data engineer\n",
    "👋 Hi! I'm {first}\n💻 Data engineer\nPython, SQL\n",
    "{name}\n{name} is open to work\nData engineer at Northgrid | Python\nContact {first}\n",
    "{name}'s resume\nData engineer\nPython\n",
    "RESUME - {NAME} - DATA ENGINEER\nPython\n",
    "• {name}\n• Data engineer\n• Python\n",
    "1. {name}\n2. Data engineer\n",
    "{name} / Data engineer / Berlin\nPython\n",
    "Data engineer: {name}\nPython, SQL\n",
    "Applicant: {last}, {first}\nJob: Data engineer\n",
    "{name} — Data engineer — Python\n",
    "**Name**\n\n{name}\n\n**Skills**\n\nPython\n",
    "__{name}__\n_Data engineer_\nPython\n",
    "| {name} | | |\n|---|---|---|\n| Data engineer | Python | SQL |\n",
    "{name} | {nation} | {age} | {status}\nData engineer\n",
    "Hello, I am {name}. I am {age} years old, {nation}, {status}. I code Python.\n",
    "Speaker: {name} talks about Airflow. {last} lives in Berlin and holds a degree in maths.\n",
    "Interview notes\n- {first} knows Python\n- {first} is calm\n- {last}'s notice period: 3 months\nCandidate: {name}\n",
    "Thank you for considering {name} for the role of data engineer. {first} would be a great fit.\n",
    "{name} (b. 1985, {nation})\nData engineer\n",
    "Subject: CV {name}\n\nData engineer, Python\n",
    "name: {lower}\ntitle: data engineer\n",
    "{name}, {age}, {nation}. Data engineer. Python, SQL.\n",
    "author: {name}\nData engineer with Python. By {name}, Berlin\n",
    "{name} CV 2024\nData engineer\n",
    "Employee record\nSurname | {last}\nForename | {first}\nSex | {LETTER}\nPython\n",
    "1) Name: {name} 2) Sex: {LETTER} 3) Nationality: {nation} 4) Job: Data engineer\n",
    "{first}\xa0{last}\nData engineer\nPython\n",
    "{name}\n{nation} citizen, {status}, {sex}\nData engineer\n",
    "{name}\nBorn in Berlin to {nation} parents. Data engineer. Python. I hold {a} {nation} passport.\n",
    'What others say about {first}:\n"{first} delivers." - Thilo Brandeis\n{name}, data engineer, Python\n',
    "Resume of {NAME} (page 1)\nData engineer\n",
)
