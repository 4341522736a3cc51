"""What an ad asks for, tells and offers, where these stand beside each other; expected values are literals."""

from case_table import cases

from minirank.extract import extract_job, extract_resume

PYTHON = "We need Python.\n"


def names(values):
    return [value.value for value in values or ()]


@cases(r"""
    text | years
    At least 3 years of experience. | 3
    Over the past 25 years the Centre has built experience in nature conservation. | None
    In the last 10 years we have gathered experience. | None
    In den letzten 20 Jahren haben wir Erfahrung gesammelt. | None
    En los últimos 20 años hemos acumulado experiencia. | None
    At least 3 years of experience within the last 5 years. | 3
    You have less than 4 years of experience. | None
    We ask for 12+ yrs exp. | 12
""")
def test_years_that_are_past_or_a_limit_are_not_asked_for(text, years):
    found = extract_job("Clerk", text).min_years
    assert str(found and found.value) == years


@cases(r"""
    text | education
    Master required. | master
    A Master is required, Bachelor preferred. | master
    Education: Master | master
    Required: Master | master
    Bachelor or Master | bachelor
    PhD or Master | master
    Diplom oder Master | master
    Master Electrician required. | None
    Scrum Master required. | None
    Help customers to master required steps. | None
    Master of Ceremonies | None
""")
def test_a_master_is_a_degree_where_the_words_beside_it_say_so(text, education):
    found = extract_job("Clerk", text).education
    assert str(found and found.value) == education


@cases(r"""
    text | education
    Burlac de Știință, Universitatea din Iași | bachelor
    burlac in stiinte | bachelor
    Soltero en Ciencias | bachelor
    Célibataire en sciences | bachelor
    Junggeselle der Wissenschaften | bachelor
    Maestru în Științe | master
    Meister der Wissenschaften | master
    Mestre em Ciências | master
    Asociat în Arte | vocational
    Associate of Applied Science | vocational
    Doctor în filosofie | doctorate
    Soltero, sin hijos | None
    Célibataire | None
    Burlac | None
""")
def test_degrees_translated_word_by_word(text, education):
    found = extract_resume(f"Curriculum\n\nEducation\n{text}, 2010").education
    assert str(found and found.value) == education


def test_a_fact_lasts_for_its_line_and_a_list_of_benefits_for_its_section():
    found = extract_job("Clerk", "Salary: DKK 35,000 - 40,000 per month\nYou know Python. 5 years of experience.")
    assert (found.salary.value, found.currency.value, names(found.must_have), found.min_years.value) == (480_000, "DKK", ["python"], 5)
    found = extract_job("Clerk", "Salary:\n50,000 EUR a year, SQL is no part of it\n\nYou know Python.")
    assert (found.salary.value, names(found.must_have)) == (50_000, ["python"])
    assert names(extract_job("Clerk", PYTHON + "Benefits:\n- SQL courses\n\nMore about SQL").must_have) == ["python"]


@cases(r"""
    text | salary | currency
    Min. salary: NOK 600.000 | 600000 | NOK
    Salary minimum: DKK 450,000 | 450000 | DKK
    Minimum salary SEK 45,000 per month | 540000 | SEK
    Salary expectation: min. 45,000 SEK | 540000 | SEK
""")
def test_the_least_that_is_wished_for(text, salary, currency):
    found = extract_resume(f"Accountant. {text}")
    assert (found.salary.value, found.currency.value) == (int(salary), currency)


@cases(r"""
    text= | remote
    "Benefits:\n- home office\n- fruit" | hybrid
    "What we offer\nRemote work possible" | hybrid
    "Benefits:\n- fully remote" | remote
    "You work from home.\nBenefits: fruit" | remote
    "Home office" | remote
""")
def test_home_office_among_the_benefits_is_possible_and_no_place_of_work(text, remote):
    assert extract_job("Clerk", text).remote.value == remote


@cases(r"""
    text | must
    You get IT support and basic life support training. | []
    You will receive basic life support training. | []
    Basic life support training is provided. | []
    We offer you SQL courses. | []
    You get to build services in SQL. | ['sql']
    You need basic life support. | ['basic life support']
    Provide technical support to customers. | []
    Provide IT support. | ['it support']
""")
def test_what_is_given_is_not_asked_for(text, must):
    assert str(names(extract_job("Clerk", text).must_have)) == must


def test_extra_points_are_a_wish():
    found = extract_job("Clerk", PYTHON + "You get extra points for SQL.")
    assert (names(found.must_have), names(found.nice_to_have)) == (["python"], ["sql"])


@cases(r"""
    text= | tasks
    "Work Assignments\n- Build houses from wood" | ['Build houses from wood']
    "Tasks\n- Build houses from wood\n- Apply now with your CV" | ['Build houses from wood']
    "Tasks\n- Build houses from wood\n- To apply for this position upload your CV" | ['Build houses from wood']
    "Main tasks:\nBuild houses from wood\nManage the budget" | ['Build houses from wood', 'Manage the budget']
""")
def test_headings_and_how_to_apply_are_no_tasks(text, tasks):
    assert str(names(extract_job("Clerk", text).responsibilities)) == tasks


def test_sentences_about_the_employer_are_no_tasks():
    text = (
        "The Centre works to protect the birds of the coast and advises the governments of the north.\n"
        "Acme develops turbines and sells these in forty countries.\n"
        "As our new manager you will lead the team and plan the budget of the department."
    )
    found = names(extract_job("Manager", text).responsibilities)
    assert found
    assert not [task for task in found if "birds" in task or "governments" in task or "turbines" in task or "forty" in task]


def test_two_names_without_a_comma_are_two():
    text = "Requirements:\nYou have experience with Entity Framework Azure and with Kotlin Apache Cordova and you know AWS cost control."
    found = names(extract_job("Developer", text).must_have)
    assert not {"entity framework azure", "kotlin apache cordova"} & set(found)
    assert {"entity framework", "microsoft azure", "kotlin"} <= set(found)


@cases(r"""
    trade | text= | named=
    Beekeeper | "Hive inspections, honey extraction, queen rearing, swarm control, varroa treatment, repairing hives" | 6
    Roofer | "Slating and tiling, single-ply flat roofing, lead flashing, guttering, scaffolding, working at height" | 6
    Nanny | "Childcare, school runs, help with homework, bedtime routines, potty training, paediatric first aid, meal preparation" | 6
    Upholsterer | "Upholstery, cutting of fabric, webbing and springs, industrial sewing machines, furniture restoration, hand tools" | 5
    Security Guard | "SIA licence, patrols, access control, CCTV, incident reports, first aid, key holding" | 6
    Room Attendant | "Cleaning hotel rooms, making beds, vacuuming, dusting, cleaning chemicals, restocking of minibars" | 5
    Dental Assistant | "Chairside assistance, X-rays, sterilisation of instruments, infection control, Dentrix" | 4
    Nail Technician | "Manicure, acrylic nails, sterilisation of tools, nail art, hygiene, retail sales" | 3
""")
def test_trades_have_names_of_their_own(trade, text, named):
    found = extract_job(trade, f"Requirements:\n{text}.").must_have
    assert len([value for value in found if value.source == "rules"]) >= named
