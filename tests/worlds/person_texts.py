"""Texts of every layout about one person: whoever it is, the model should read the same."""

# What a recruiter's own field names, addresses and countries look like; {name} and its like are the person's.
TEXTS = {
    "sections": """{name}
{email} | {phone}
{street}, Berlin

SUMMARY
Data engineer. Salary expectation 60k.

EXPERIENCE
Data Engineer, Ostermark Bank, Jan 2018 - present
- Built pipelines in Python and Spark. Trained 4 new colleagues.
Data Analyst, Brightaisle, Mar 2014 - Dec 2017

EDUCATION
Master's degree, mathematics, University of Dunholm

References: {name}'s managers, on request
""",
    "prose": """{name}
{email}
Eastvale

Since Jan 2018 I work at Velden Capital as accountant. My days there: bookkeeping, SAP, Excel.

Bachelor's degree, economics, Brackford College.

I live in Eastvale. Five years of experience.
""",
    "terse": """{name} | {email} | Grauheim
Nurse | Nursing diploma, Kingsmere University
triage / wound care / patient education
Jan 2016 - present Wellspan Clinics (Registered Nurse)
Off work: choir and chess.
""",
    "columns": """{name} | Data Engineer | Berlin
{phone} | {email} | linkedin.com/in/{slug}

Python, SQL, Airflow. 2016 - present: Northgrid.
""",
    "two lines": """{first}
{last}
Senior Accountant
{email}

2012 - present Quillon Payments, month-end closing, IFRS
""",
    "reversed": """{reversed}
Mechanical Engineer
{street}, 10115 Berlin, Germany

Experience: Gearwright, 2010 - 2020. SolidWorks, AutoCAD. 10 years of experience.
""",
    "name at the end": """To whom it may concern,

I am applying as a warehouse manager. I have led teams of 12 at Korbmarkt since 2015 and know SAP and lean manufacturing.
Forklift licence. 9 years of experience in logistics.

Kind regards,
{name}
{phone}
""",
    "third person": """{name} is a product manager with 10 years of experience. {He} led the launch of Roamly's app, and {his} team grew.
Before that {name} worked at Skylark Air. Colleagues value {him} for roadmaps and stakeholder management. {name} lives in Hollin Bay.
""",
    "reference letter": """Letter of recommendation for {Mr} {name}

I supervised {Mr} {last} at Halcyon Studios from 2017 to 2021. {He} designed interfaces in Figma and ran usability tests.
{His} drawings won a prize. I recommend {name} without hesitation; {Mr} {last} would be an asset to {his} next employer.

Sincerely,
Thilo Brandeis
Head of Design
""",
    "personal data": """Curriculum Vitae

Personal details
Name: {name}
Date of birth: {born}
Nationality: {nation}
Gender: {sex}
Marital status: {status}
Children: {children}
Address: {street}, Berlin
Phone: {phone}
Email: {email}

Work experience
2015 - present Software Engineer, Papertrail. Java, Kubernetes, PostgreSQL.
""",
    "pipes": """| Name | {name} |
|---|---|
| Date of birth | {born} |
| Nationality | {nation} |
| Marital status | {status} |
| Skills | Python, Docker |
| Experience | 7 years as backend engineer |
""",
    "capitals": """{NAME}
DEVOPS ENGINEER
{email} | {phone}
SKILLS
TERRAFORM, AWS, KUBERNETES
EXPERIENCE
DEVOPS ENGINEER, NORTHGRID, 2016 - 2022. {NAME} LED THE MIGRATION.
""",
    "label and value": """Name:            {name}
Age:             {age}
Sex:             {sex}
Pronouns:        {pronouns}
Position wanted: Financial analyst
Skills:          Excel, Power BI, forecasting
Experience:      6 years
""",
    "pronouns": """{name} ({pronouns})
UX researcher, {age} years old, {status}
{email}

Figma, usability testing, interviews. 8 years of experience.
""",
    "json": """{{
  "basics": {{
    "name": "{name}",
    "label": "Data Scientist",
    "email": "{email}",
    "phone": "{phone}",
    "birthdate": "{born_iso}",
    "gender": "{sex}",
    "location": {{"city": "Berlin", "countryCode": "DE"}}
  }},
  "work": [{{"name": "Signalfire Radio", "position": "Data Scientist", "startDate": "2016-02", "endDate": "2021-05"}}],
  "skills": [{{"name": "Machine learning", "keywords": ["Python", "PyTorch", "SQL"]}}]
}}
""",
    "export": """Contact
{email}
www.linkedin.com/in/{slug} (LinkedIn)

Top Skills
SQL
Tableau

{name}
Business Intelligence Analyst at Lumen Outlet
Greater Berlin Area

Experience
Lumen Outlet
Business Intelligence Analyst
January 2019 - Present (6 years)
""",
    "first sentence": """My name is {name} and I am a pastry cook with 12 years of experience. I was born in {year}.
I am {status_lower}. I cook, bake and train apprentices at Pension Waldblick.
""",
    "cv of": """CV of {name}

Born {born_us}, {nation} citizen
Electrician, Stahlwerk Ember, 2008 - 2019: wiring, PLC, maintenance. {initials} holds the licence B1.
""",
    "photo": """[Photo of {name}]
Dr. {name}
Clinical Research Associate
{street}, Berlin | {phone}

GCP, monitoring, Excel. 2013 - present at Medivane.
References
Prof. Thilo Brandeis, Dunholm: supervised Dr. {last}'s thesis
""",
    "german": """Lebenslauf

Persönliche Daten
Name: {name}
Geboren am: {born}
Familienstand: {ledig}
Staatsangehörigkeit: {nation}
Geschlecht: {geschlecht}

Berufserfahrung
2014 - heute Maschinenbauingenieur bei Gearwright: SolidWorks, CATIA
{Er} leitete ein Team von acht Leuten und hat {seine} Projekte mit SAP geplant. Das Team und die Kunden schätzen {Herr} {last}.

Berlin, den 3. Mai 2024
{name}
""",
    "french": """{name}
Comptable
{Nee} {born}, {celibataire}
Tél. : {phone}

Expérience professionnelle
2012 - présent Comptable, Sparhaus Mutual : Excel, SAP, la clôture des comptes et les rapports dans le groupe
{Il} travaille avec les équipes de vente. Contact : {Mme} {last}
Langues : anglais, allemand
""",
    "spanish": """{name}
{Nacida} {born} | {soltera} | {sexo}
Correo electrónico: {email}

Experiencia laboral
2016 - actualidad: Ingeniera de datos para los clientes de Northgrid, con Python y SQL
{Ella} dirige una parte del equipo con 5 años de experiencia. Firmado: {Sra} {last}
""",
    "polish": """Imię i nazwisko: {name}
Data urodzenia: {born}
Stan cywilny: {mezatka}
Płeć: {plec}
Telefon: {phone}

Doświadczenie
2013 - obecnie Programista Java w firmie Northgrid: Spring, Hibernate, SQL
""",
    "europass": """Personal information
First name(s) / Surname(s)   {name}
Telephone(s)   {phone}
E-mail   {email}
Nationality   {nation}
Date of birth   {born}
Gender   {sex}

Desired employment   Civil engineer
Work experience
Dates   2011 - 2019
Occupation   Civil engineer, Ministry of Works. AutoCAD, surveying.
""",
    "label above": """PERSONAL DETAILS
Full name
{name}
Date of birth
{born}
Nationality
{nation}
Marital status
{status}

SKILLS
Welding, CNC, maintenance
""",
    "csv": """First Name,Last Name,Birth Date,Headline
{first},{last},{born_iso},Sales manager
Skills: Salesforce, negotiation
Experience: 2015 - 2023, Brightaisle
""",
    "markdown": """# {name}
**Cloud engineer** · Berlin · [{email}](mailto:{email}) · [GitHub](https://github.com/{slug})

## Skills
- AWS, Terraform, Python
## Experience
*{name}* ran the platform of Roamly, 2017 - 2022.
""",
    "bio": """{name} ({year}) works as an architect in Berlin. {initials} studied at the Royal Institute of Halden.
{name} speaks German and English. {His} projects include hospitals and schools. {He} led a studio of 9.
""",
    "lower case": """{lower}
data analyst
{email}
excel, sql, tableau. 2017 - 2021 at lumen outlet, 4 years of experience
""",
    "credentials": """{name}, PMP
Project Manager
{street} | Berlin

Budgets, Jira, Scrum. 2010 - present, City of Grauheim. Reference: {Mr} {last} was punctual.
""",
    "referee": """{name}
Teacher, mathematics and physics, 2005 - present

References
{name}'s head of department: Thilo Brandeis, Kingsmere University
""",
}  # fmt: skip

NON_LATIN = {
    "chinese": ("个人简历\n姓名：{0}\n性别：{1}\n出生日期：{2}\n婚姻状况：{3}\n技能：Python，SQL\n工作经历：2015 - 2020"
        " 数据分析师\n{0}曾负责数据平台。\n", [("王小明", "男", "1990年3月", "已婚"),
        ("欧阳娜娜", "女", "1969年12月", "未婚"), ("陈静", "女", "1999-01-02", "离异")]),
    "chinese header": ("{0}\n数据工程师 | 上海\n{0}熟悉Python和Spark。2016 - 2021\n", [("王小明",), ("陈静",), ("司马相如",), ("李雷",)]),
    "japanese": ("履歴書\n氏名：{0}\nふりがな：{1}\n生年月日：{2}\n性別：{3}\n職歴 2012 - 2019 エンジニア Python"
        " AWS\n", [("山田 太郎", "やまだ たろう", "1985年4月1日", "男"), ("佐々木 美咲", "ささき みさき", "1992年11月30日", "女")]),
    "korean": ("이력서\n이름: {0}\n생년월일: {1}\n성별: {2}\n결혼 여부: {3}\n경력 2014 - 2020 개발자 Java Spring\n{0}은 팀을"
        " 이끌었습니다.\n", [("김민수", "1988년 2월 3일", "남", "미혼"), ("남궁서연", "1995년 10월 4일", "여", "기혼")]),
    "russian": ("Резюме\nФИО: {0}\nДата рождения: {1}\nПол: {2}\nСемейное положение: {3}\nГражданство: {4}\nОпыт работы: 2013 - 2021"
        " программист, Python, PostgreSQL\n{5} руководил командой и внедрял"
        " тесты.\n", [("Иванов Дмитрий Петрович", "12.03.1985", "мужской", "женат", "РФ", "Иванов"),
        ("Брыльска Аделаида", "1 мая 1999", "женский", "не замужем", "Беларусь", "Брыльска")]),
    "greek": ("{0}\nΜηχανικός λογισμικού\nΗμερομηνία γέννησης: {1}\nPython, Java, 2015 -"
        " 2020\n", [("Γιώργος Παπαδόπουλος", "12/03/1985"), ("Μυρτώ Ζαχαρίου", "1/1/1999")]),
    "arabic": ("السيرة الذاتية\nالاسم: {0}\nتاريخ الميلاد: {1}\nالجنسية: {2}\nالحالة الاجتماعية: {3}\nPython, SQL, 2016 -"
        " 2021\n", [("محمد علي الحسن", "12/03/1985", "مصري", "متزوج"), ("ليلى كرم", "1/1/1999", "لبنانية", "عزباء")]),
    "hindi": ("नाम: {0}\nजन्म तिथि: {1}\nलिंग: {2}\nPython, Java, 2014 -"
        " 2020\n", [("राहुल शर्मा", "12/03/1985", "पुरुष"), ("प्रियंका देवी चतुर्वेदी", "1/1/1999", "महिला")]),
}  # fmt: skip


def text_of(layout, person):
    """A text of TEXTS about a person."""
    words = person.words()
    return TEXTS[layout].format(status_lower=person.status.lower(), **words)
