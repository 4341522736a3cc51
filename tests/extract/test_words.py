"""Which words are skills, titles and demands, and which are not: names, pay, benefits, other languages, trades."""

import pytest
from case_table import cases
from extraction_server import names

from minirank.extract import extract_job, extract_resume
from minirank.extract.rules.lexicon import Matcher, Tokens, lexicon
from minirank.extract.rules.text_language import language_of


def value(item):
    return item and item.value


def known(values):
    """Names of the lexicon, without what the tagger adds."""
    return [v.value for v in values if v.source != "tagger"]


@cases(r"""
    text= | skills
    "Ruby Chen\n12 Java Road, Springfield\nSenior Accountant\nSQL" | sql
    "Django Reinhardt\nGuitarist" |
    "Jasmine Python\n12 Java Road" |
    "Experience\nResearcher, Institute for AI, 2019 - 2022\nSQL" | sql
    "Volunteer at the Society for Machine Learning" |
    "Education\nUniversity of Data Science, 2015 - 2018" |
    "Experience\nCook, Python Catering GmbH, 2019 - 2022" |
    "Experience\nUsher, Oracle Arena, 2019 - 2022" |
    "Waiter at Café Ruby. Worked for Rust Brothers Ltd. Cleaner at Kotlin Hotel." |
    "Experience\nEngineer, Oracle, 2018 - 2020\nPython" | python
    "Experience\nConsultant • Salesforce • Jan 2018 - Dec 2020\nJava" | java
    "Software Engineer at SAP\nJava" | java
    "Experience\n2018 - 2021 Developer, Snowflake Inc.\nGo, Python and Rust" | golang, python, rust language
    "Skills: Oracle, SAP, Salesforce, Java" | oracle database, sap, salesforce, java
    "Engineer, 2018 - 2020: Java, Oracle, SQL" | java, oracle database, sql
    "Java Developer Acme GmbH" | java
    "Juris Doctor (J.D.), Yale, 2010" |
    "LLM in tax law. LLM agents." | large language models
""")
def test_what_is_in_a_name_is_no_skill(text, skills):
    assert ", ".join(known(extract_resume(text).skills)) == skills


@cases(r"""
    title | text= | must
    Ruby Developer 9.000 PLN + VAT | "" | ruby
    Ruby Developer | "120 - 160 PLN/h net + VAT, incl. VAT, net of VAT" | ruby
    Python Developer | "90,000 CAD or CAD 100k. Requirements: 50 ml of patience" | python
    CAD Designer | "Requirements: CAD, VAT returns" | autocad, taxation
    Front end developer | "Requirements\n- performance budgets\n- React" | front-end development, react.js
    Analyst | "The recruitment process is still ongoing. You know SQL." | sql
    Welder | "Requirements\n- TIG welding\nWe value diversity and inclusion. We handle your personal data under GDPR." | welding
    Welder | "Requirements\n- TIG welding\n- childcare vouchers, on-site gym and personal training, free cooking classes" | welding
    Recruiter | "Requirements: recruiting and the full recruitment process, GDPR" | recruiting, gdpr
    Analyst | "We are a leading provider of cloud services and cyber security. SQL." | sql
    Analyst | "We use Go and Kafka. You know SQL." | golang, apache kafka, sql
    Analyst | "We are looking for SQL and Python." | sql, python
""")
def test_pay_benefits_and_the_company_ask_nothing(title, text, must):
    assert ", ".join(known(extract_job(title, text).must_have)) == must


@cases(r"""
    text= | skills
    "Vue sur la mer, vite et bien pour vous. Le Tableau est dans la salle et le Chef est sympa." |
    "Vous maîtrisez React, Vue et Chef dans le cloud avec une équipe." | react.js, vue.js, chef infra, cloud computing
    "La Scala è lunga. Stata una famiglia per i clienti dei nostri. Vite e Luigi con il team." |
    "Rust en elk moment voor de patiënt is van het team. Sap en fruit bij ons." |
    "O candidato sem experiência é bem vindo para a vaga do hotel com uma equipa." |
    "Der Chef ist nett und die Küche ist im Haus. Rust ist ein Ort." |
    "Jest to praca w zespole i nie na etat. Go nie ma się do czego przyczepić." |
    "Ai lucrat în echipă și la clienți? Ai experiență cu Python pentru un rol." | python
    "Head Chef wanted. The Chef leads the kitchen." |
    "Ansible, Terraform and servers. Experience with Chef." | ansible, terraform, chef infra
    "Skills: Chef, Puppet" | chef infra, puppet
    "Python, SQL, Docker. I like pruning models, plumbing between services, titration." | python, sql, docker, titration
    "Python and SQL beside pruning, plumbing and milking." | python, sql, pruning plants, plumbing, milking
    "ADR required, SQL and BI tools" | dangerous goods handling, sql, business intelligence
""")
def test_words_of_a_language_are_no_skills_of_it(text, skills):
    assert ", ".join(known(extract_resume(text).skills)) == skills


@cases("""
    text | language=
    You work with us and we pay for the training of your team. | "en"
    Wir suchen dich für unser Team und bieten dir ein gutes Gehalt. | "de"
    Vous êtes dans une équipe avec des clients et vous aimez le service. | "fr"
    Buscamos a una persona para el equipo de ventas con experiencia en la tienda. | "es"
    Szukamy osoby do pracy w zespole, która nie boi się wyzwań i jest na czas. | "pl"
    Căutăm un coleg pentru echipa de vânzări, cu experiență în domeniu și la clienți. | "ro"
    Python, SQL, Docker, Kubernetes | None
""")
def test_language_of(text, language):
    assert language_of(Tokens(text).words) == language


@cases(r"""
    text= | must | nice
    "Anforderungen\n- Python und SQL\nVon Vorteil\n- Kotlin\nWir bieten\n- Excel-Kurse" | python, sql | kotlin
    "Profil recherché :\n- Python, SQL\nAtouts :\n- Kotlin\nAvantages\n- Excel" | python, sql | kotlin
    "PROFIL RECHERCHE\n- Python\nATOUTS\n- Kotlin" | python | kotlin
    "Requisitos\n- Python, SQL\nSe valorará\n- Kotlin\nOfrecemos\n- Excel" | python, sql | kotlin
    "Requisiti\n- Python\nCostituisce titolo preferenziale\n- Kotlin\nOffriamo\n- Excel" | python | kotlin
    "Requisitos obrigatórios\n- Python\nDiferenciais\n- Kotlin\nBenefícios\n- Excel" | python | kotlin
    "Wat vragen wij?\n- Python\nPluspunten\n- Kotlin\nWij bieden\n- Excel" | python | kotlin
    "Wymagania\n- Python\nMile widziane\n- Kotlin\nOferujemy\n- Excel" | python | kotlin
    "Cerințe\n- Python\nConstituie avantaj\n- Kotlin\nOferim\n- Excel" | python | kotlin
    "Kvalifikationer\n- Python\nMeriterande\n- Kotlin\nVi erbjuder\n- Excel" | python | kotlin
    "We bake. You have: Python. Nice to have: Kotlin. We offer: Excel." | python | kotlin
    "Python wird vorausgesetzt, Kotlin ist von Vorteil." | python | kotlin
    "Java ist nicht erforderlich, aber von Vorteil. Python ist ein Muss." | python | java
    "Kenntnisse in Docker oder Ansible sind von Vorteil." | | docker, ansible
    "Python est indispensable, Kotlin souhaité. Docker et Helm seraient un plus." | python | kotlin, docker, helm charts
    "Java n'est pas nécessaire. Vous maîtrisez Python." | python |
    "Imprescindible Python y SQL. Se valorará experiencia con Kafka. No es necesario Java." | python, sql | apache kafka
    "È richiesta la conoscenza di Python; gradita la conoscenza di Docker." | python | docker
    "Obrigatório: Python. Docker é um diferencial." | python | docker
    "Python is vereist. Kennis van Docker is een pre." | python | docker
    "Wymagana znajomość Python. Docker będzie dodatkowym atutem." | python | docker
    "Python este obligatoriu. Docker constituie un avantaj." | python | docker
    "Python är ett krav. Kunskaper i Docker är meriterande." | python | docker
    "Python is required. Annual bonus, welcome to the team: Docker." | python, docker |
""")
def test_must_and_nice_in_other_languages(text, must, nice):
    job = extract_job("", text)
    assert (", ".join(known(job.must_have)), ", ".join(known(job.nice_to_have))) == (must, nice)


@cases("""
    text | remote=
    We have an in-office gym. Work remotely. | "remote"
    On-site parking and an onsite canteen. | None
    Hybrid and electric vehicles, hybrid cloud, remote monitoring of pumps. | None
    Two days in the office, hybrid, on-site gym. | "hybrid"
    Télétravail possible. | "remote"
    Praca zdalna. | "remote"
    Kein Homeoffice. | "onsite"
""")
def test_remote_is_of_the_work(text, remote):
    assert value(extract_job("", text).remote) == remote


@cases(r"""
    text= | skills
    "Anna Bell\nPython, SQL\n\nOff work: baking sourdough and gardening" | python, sql
    "Skills: welding\nInterests: cooking, machine learning" | welding, machine learning
    "Hobbies\nGardening\nYoga teaching\n\nSkills\nSQL" | sql
    "In my free time I enjoy baking. I know carpentry." | carpentry
    "Experience\nBaker: baking, cake decorating" | pastry and baking, cake decorating
""")
def test_hobbies_are_no_skills_of_a_trade(text, skills):
    assert ", ".join(known(extract_resume(text).skills)) == skills


# Title -> name of the title; text; = must-haves.
TRADES = """
HVAC Service Technician -> hvac technician
We keep Ohio warm.
Requirements
- EPA 608 certification
- 3+ years with residential HVAC
- Brazing
- Ductwork
- Thermostats
- Boilers
- Valid driver's license

Benefits
- Health insurance, company van, gym membership
= hvac, refrigerant handling, brazing and soldering, ventilation systems, thermostats and controls, boiler servicing, driving
licence
---
Finish Carpenter -> carpenter
You need:
- finish carpentry
- table saws and nail guns
- hand tools
- drywall and hardwood floors
- OSHA 10 card
- baseboards
We offer paid vacation and a gym.
= carpentry, woodworking machines, hand and power tools, drywall installation, flooring installation, site safety, trim
installation
---
Care Assistant - Nursing Home -> healthcare assistant
Your profile
* NVQ Level 2 in Health and Social Care
* Dementia care and end-of-life care
* Personal care, medication administration
* Moving and handling
* First aid training
* Enhanced DBS check
We offer
* Free parking, pension scheme
= nursing assistant certification, geriatric care, palliative care, personal care, medication administration, moving and
handling, basic life support, safeguarding
---
Chef de Partie -> chef
Must have: à la carte cooking, HACCP, knife skills, menu planning, stock rotation, allergen awareness. Fresh fruit on duty.
= à la carte cooking, food hygiene, knife skills, menu planning, stocktaking, allergen management
---
CDL-A Truck Driver -> truck driver
Requirements:
- Class A CDL
- hazmat endorsement
- tractor-trailer experience
- hours of service
- pre-trip inspections
- secure loads with load securing gear
- pallet jack
Sign-on bonus of 3,000 USD.
= hgv driving, dangerous goods handling, articulated vehicles, digital tachograph, vehicle checks, load securing, pallet
truck operation
---
Warehouse Operative -> warehouse associate
What you need
- Forklift licence
- Order picking with an RF scanner
- Goods receiving
- Cycle counting
- Manual handling
- WMS
We are an equal opportunity employer and value diversity and inclusion.
= forklift operation, order picking, barcode scanners, goods receiving, stocktaking, manual handling, warehouse management
---
Journeyman Plumber -> plumber
Requirements: copper piping, drain cleaning, water heaters, gas lines, soldering, leak detection. A hydronic heating course is a plus.
= pipe installation, drain cleaning, water heaters, gas installation, brazing and soldering, leak detection
---
Hotel Receptionist -> hotel receptionist
Requirements: front desk, check-in and check-out, Opera PMS, handling complaints, night audit, room reservations. A gym and free meals.
= front desk operations, hotel check-in, hotel software, complaint handling, night audit, reservations
---
Security Officer -> security guard
We require an SIA licence, CCTV monitoring, patrols, access control, incident reports, first aid and fire safety.
= guard licence, cctv, patrolling, access control, security incident reports, basic life support, fire safety
---
Dairy Farm Worker -> farm worker
You need tractor driving, milking, calf rearing, hoof trimming, animal welfare and irrigation. Accommodation provided.
= tractor driving, milking, calf rearing, hoof trimming, animal welfare, irrigation
---
Hair Stylist -> hairdresser
Essential: haircutting, balayage, blow drying, hair extensions, salon hygiene, NVQ Level 2 Hairdressing. Staff discount.
= haircutting, hair colouring, blow drying, hair extensions, salon hygiene, hairdressing qualification
---
Primary School Teacher -> teacher
We require QTS, lesson planning, classroom management, phonics, safeguarding and assessment of pupils. Wellbeing: yoga classes.
= teaching qualification, lesson planning, classroom management, phonics, safeguarding, pupil assessment
---
Laboratory Technician -> laboratory technician
Your profile
- HPLC
- Titration
- pH measurement
- Sample preparation
- Calibration
- LIMS
- GLP
Our benefits: fruit basket
= hplc, titration, ph measurement, sample preparation, instrument calibration, lims, good laboratory practice
---
Excavator Operator -> heavy equipment operator
Requirements
- CPCS card
- Trenching
- Pipe laying
- Daily machine checks
- Dumpers
- Laser level
- PPE provided
= excavator operation, plant operator card, trenching, pipe installation, machine checks, loading trucks with machines,
surveying, site safety
"""


@pytest.mark.parametrize("posting", TRADES.split("---\n"), ids=lambda posting: posting.strip().partition(" ->")[0])
def test_occupations_outside_offices_have_skills(posting):
    head, _, rest = posting.strip().partition("\n")
    title, name = head.split(" -> ")
    text, must = rest.split("\n= ")
    job = extract_job(title, text)
    assert (value(job.title), ", ".join(known(job.must_have))) == (name, " ".join(must.split()))
    assert len(known(job.must_have)) >= 6 and set(names(job.domains)) & (lexicon().everyday | {"healthcare", "logistics"})


def test_a_phrase_of_no_kind_hides_what_is_within_it():
    matcher = Matcher([("chef", "skill", "chef infra"), ("sous chef", None, ""), ("chef de partie", None, "")])
    assert [m.start for m in matcher.scan(Tokens("sous chef, chef, chef de partie, chef de"))] == [11, 33]


@cases("""
    text | title=
    The Chef runs the kitchen of the hotel and we pay for the training of all. | "chef"
    Chef, 2019 - 2022 | "chef"
    Der Chef der Abteilung ist mit der Arbeit für die Kunden und dem Team zufrieden. | None
    Chef de projet dans une équipe avec des clients pour le service et la vente. | None
    Chef de partie dans une équipe avec des clients pour le service et la vente. | "chef"
    See a doctor. He holds a Juris Doctor and tailor made suits. | None
    To cook and to tailor is what I like. | None
""")
def test_titles_that_are_ordinary_words(text, title):
    assert value(extract_resume(text).title) == title


@cases("""
    text | soft
    You are hard-working, punctual, physically fit and good with people. | motivation, reliability, physical fitness, empathy
    Du bist zuverlässig, teamfähig und belastbar. | reliability, teamwork, stress tolerance
    Rigoureux, vous avez l'esprit d'équipe et le sens du service. | attention to detail, teamwork, customer orientation
    Trabajo en equipo, puntualidad y proactividad. | teamwork, reliability, initiative
    Lavoro di squadra, precisione e flessibilità. | teamwork, adaptability
    Trabalho em equipe e pontualidade. | teamwork, reliability
    Je bent zelfstandig en stressbestendig. | independence, stress tolerance
    Samodzielność, komunikatywność i odpowiedzialność. | independence, communication, reliability
    Punctualitate, spirit de echipă și răbdare. | reliability, teamwork, empathy
    Du är noggrann och självständig. | attention to detail, independence
    Data persistence, customer loyalty, a regional report and a self-driving car. |
""")
def test_soft_skills_in_other_languages(text, soft):
    assert ", ".join(known(extract_job("", text).soft_skills)) == soft


def test_tasks_of_another_language_are_the_items_of_their_section():
    text = """Wir sind ein Team und suchen dich für die Küche.
Ihre Aufgaben:
- Zubereitung der Speisen für die Gäste
- Pflege der Küche und der Geräte
- Hygiene
Ihr Profil:
- Ausbildung als Koch mit Erfahrung in der Küche
"""
    assert names(extract_job("Koch", text).responsibilities) == ["Zubereitung der Speisen für die Gäste", "Pflege der Küche und der Geräte"]


def test_a_machine_of_the_trade_is_no_benefit():
    found = extract_job("Barista", "You must know latte art and the espresso machine, and keep to food hygiene.")
    assert "barista skills" in [value.value for value in found.must_have]
