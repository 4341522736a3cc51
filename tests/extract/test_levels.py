"""Education that is held or asked for, and levels, by their context."""

from case_table import cases

from minirank.extract import extract_job, extract_resume

UPDATED = 1_735_689_600  # 2025-01-01


def value(item):
    return None if item is None else item.value


@cases(r"""
    text= | education=
    "Juris Doctor (J.D.)" | "doctorate"
    "J.D., Harbour Law School" | "doctorate"
    "Doctor of Medicine" | "doctorate"
    "Master of ceremonies at weddings" | None
    "Certified Scrum Master in a team" | None
    "Currently studying for a Bachelor of Arts" | None
    "Pursuing an MBA; B.Sc. in physics" | "bachelor"
    "PhD candidate, M.Sc. physics" | "master"
    "M.Sc. Physics (in progress)\nB.Sc. Physics, 2015" | "bachelor"
    "MSc, Kingsmere University, 2023 - present\nBSc, Kingsmere University, 2019 - 2022" | "bachelor"
    "MSc, Kingsmere University, 2023 - 2026\nBSc, 2019 - 2022" | "bachelor"
    "Experience\nLecturer (PhD), Kingsmere University, 2019 - present" | "doctorate"
    "Supervised three PhD students and their master's theses." | None
    "Abgebrochenes Bachelor-Studium; Berufsausbildung zum Koch" | "vocational"
    "2015 BSc Physics, 2017 Degree in law" | "bachelor"
    "Some college" | "none"
    "No degree" | "none"
    "360-degree feedback, a high degree of care, third-degree burns" | None
    "Organised bachelor parties" | None
    "Abgeschlossenes Studium" | "bachelor"
    "Diplom-Ingenieur" | "master"
    "Licenciatura en Derecho" | "bachelor"
    "Laurea magistrale in economia" | "master"
    "Dottorato di ricerca" | "doctorate"
    "Mestrado em Engenharia" | "master"
    "Diplôme d'ingénieur" | "master"
    "Wykształcenie wyższe" | "bachelor"
    "Studii superioare" | "bachelor"
    "Civilingenjör" | "master"
    "Vysokoškolské vzdělání" | "bachelor"
    "Yüksek lisans" | "master"
    "Высшее образование" | "bachelor"
    "Кандидат наук" | "doctorate"
    "大学本科" | "bachelor"
    "修士課程修了" | "master"
    "석사" | "master"
    "MBO diploma" | "vocational"
""")
def test_education_that_is_held(text, education):
    head = "Mara Lindqvist\nmara@example.org\nBerlin\n\nEducation\n"
    assert value(extract_resume(head + text, UPDATED).education) == education


@cases("""
    text | education
    A PhD is required. | doctorate
    Abgeschlossenes Studium erforderlich | bachelor
    Berufsausbildung oder Studium | vocational
    Diplôme d'ingénieur exigé | master
    Licenciatura o máster | bachelor
    Wykształcenie wyższe | bachelor
    Высшее образование | bachelor
    Degree or apprenticeship | vocational
""")
def test_education_that_a_job_asks_for(text, education):
    assert value(extract_job("", text).education) == education


def test_a_degree_is_no_title():
    found = extract_resume("Juris Doctor (J.D.)")
    assert (found.title, found.domains) == (None, ())
    assert extract_resume("Doctor at Harbour Clinic").title.value == "physician"


@cases(r"""
    text= | seniority=
    "Experience\nLead Generation Specialist, Acme, 2018 - 2020" | None
    "Reduced lead times and managed senior living homes." | None
    "Languages\nIntermediate Spanish" | None
    "- Expert Python\n- Intermediate SQL" | None
    "Education\nGraduate Student, Kingsmere University" | None
    "Associate of Science" | None
    "Interests\nLead Singer in a band" | None
    "Lead Accountant, Acme" | "lead"
    "Senior Widget Polisher, Acme" | "senior"
    "Experienced accountant" | "senior"
    "Experience\nJunior Accountant, Acme, 2018 - 2020" | "junior"
""")
def test_level_of_a_resume(text, seniority):
    assert value(extract_resume(text, UPDATED).seniority) == seniority


def test_level_of_a_job():
    for title, level in (
        ("Lead Generation Manager", None),
        ("Lead Nurse", "lead"),
        ("Senior Living Manager", None),
        ("Graduate Engineer", "junior"),
    ):
        assert value(extract_job(title, "").seniority) == level


def test_a_title_of_work_before_one_of_studies_or_hobbies():
    found = extract_resume("Volunteering\nTeacher, village school, 2010 - 2012\n\nExperience\nAccountant, Acme, 2012 - 2020", UPDATED)
    assert found.title.value == "accountant"
