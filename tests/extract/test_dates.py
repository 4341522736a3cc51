"""Dates and periods of all forms and languages, and the years that a text states; expected values are literals."""

from case_table import cases

from minirank.extract import extract_job
from minirank.extract.normal_form import normalise
from minirank.extract.rules.lexicon import Tokens
from minirank.extract.rules.periods import find_periods
from minirank.extract.rules.years import find_amounts

NOW = 2025 * 12  # January 2025


@cases(r"""
    text= | months=
    '2013-12-01 - 2016-12-01' | 36
    '01/12/2013 - 01/12/2016' | 36
    '15.01.2020 - 15.12.2024' | 60
    '2020-01-15 - 2024-12-15' | 60
    'marzo 2018 - actualidad' | 82
    "mars 2018 - aujourd'hui" | 82
    'Januar 2020 - März 2024' | 51
    'seit 2020' | 60
    "Jan '18 - Mar '21" | 39
    '01/20 - 12/24' | 60
    "Jan '20 - Present" | 60
    'Jan 2018 to Mar 2018' | 3
    'from January 15, 2018 until February 1st, 2019' | 13
    '15 de enero de 2018 al 31 de diciembre de 2018' | 12
    '1er janvier 2018 au 31 décembre 2019' | 24
    '2018年3月 - 2020年6月' | 28
    '2018年3月から2020年6月' | 28
    '2018年4月～現在' | 81
    '2020年至今' | 60
    '2018년 3월 ~ 현재' | 82
    '2018. 3. ~ 2020. 6.' | 28
    '平成30年4月 - 令和2年3月' | 24
    '2018/03 - 2020/06' | 28
    '2018.03 - 2020.06' | 28
    '2010-12' | 24
    '2010-12 - 2011-11' | 12
    '2015-18' | 36
    '2018/19' | 12
    '1998/99' | 12
    'Jan - Mar 2018' | 3
    '03 - 05/2018' | 3
    'June-August 2019' | 3
    'Q1 2018 - Q4 2018' | 12
    'H1 2018 - H2 2019' | 24
    'Summer 2018 - Winter 2019' | 9
    'mid-2018 - end of 2019' | 20
    'Anfang 2018 - Ende 2019' | 24
    'od marca 2018 do teraz' | 82
    'od 2018 do 2020' | 24
    'styczeń 2018 – obecnie' | 84
    'с марта 2018 по настоящее время' | 82
    'март 2018 - н.в.' | 82
    'з березня 2018 по теперішній час' | 82
    'Mart 2018 - Halen' | 82
    'Ocak 2018 – Aralık 2019' | 24
    'OCAK 2018 - KASIM 2019' | 23
    'maart 2018 tot heden' | 82
    'mars 2018 - nu' | 82
    'marts 2018 - nu' | 82
    'martie 2018 - prezent' | 82
    'din martie 2018 până în prezent' | 82
    'desde março de 2018 até o momento' | 82
    'março de 2018 a dezembro de 2019' | 22
    'da marzo 2018 ad oggi' | 82
    'dal 2018 al 2020' | 24
    'březnen 2018' | 0
    'březen 2018 - dosud' | 82
    '2018. március - 2020. június' | 28
    'maaliskuu 2018 - nykyinen' | 82
    'Μάρτιος 2018 - σήμερα' | 82
    'jan 2018 t/m dec 2019' | 24
    '01.2018 bis 12.2019' | 24
    '01.01.2018 bis zum 31.12.2019' | 24
    'de 2018 à 2020' | 24
    'between 2015 and 2018' | 36
    'between 2015 and, later, 2018' | 0
    'between Jan 2015 and 18 days in 2018' | 0
    '2015 ? 2018' | 36
    'Jan 2015 � Mar 2018' | 39
    '2015 _ 2018' | 36
    'Jan 2015 = now' | 120
    '01/2015 05/2018' | 41
    'Jan 2015  Mar 2018' | 39
    '2015 2018' | 0
    '2018; now, and then' | 0
    'Jun 2018 - Aug' | 3
    'Nov 2018 - Feb' | 4
    'Nov 2018 - Acme' | 0
    'zwischen 2015 und 2018' | 36
    '2018 - 2015' | 36
    '2018 - 2018' | 6
    'Dec 2016 - Dec 2013' | 37
    '2024 - 2030' | 12
    'Mar 2026 - Dec 2027' | 0
    '2018 - ' | 84
    '2018 onwards' | 84
    'Jan-18 - Mar-21' | 39
    'Jan 18 - Mar 21' | 39
    'Jan-18 to Present' | 84
    'JAN2018-MAR2021' | 39
    '3/2018-6/2020' | 28
    '03/15/2018 - 06/20/2020' | 28
    'Jan. 2018 — Feb. 2019' | 14
    'Sept. 2018 - Oct. 2018' | 2
    "'15 - '18" | 36
    '2015 bis heute' | 120
    '2015 – jetzt' | 120
    'Since Mar 2019' | 70
    '(2015-2018)' | 36
    'May 2018 through May 2019' | 13
    '24/7 support 9/11' | 0
    'SQL Server 2016 and 2019' | 0
    '$2018 - 2020' | 0
    '2018 - date' | 84
    'Feb 2018 - till date' | 83
    'Start: 01/2018, End: 12/2019' | 24
    'From: Jan 2018\nTo: Dec 2019' | 24
    '1985 - 1990' | 60
    'Jan 18 - Mar 21, 2020' | 0
    'Jan 18 - Mar 20' | 27
    '3/18-6/20' | 28
    '03.18-06.20' | 28
    '01/20-12/24' | 60
    'open 3/18-20' | 0
    'prize 2018\n- 2020 another' | 0
    '2018 -\n2020' | 24
    '2018 - Present' | 84
    '1890 - 1920' | 0
    'depuis le 1er mars 2018' | 82
    'tháng 3/2018 - nay' | 82
    '2018年9月至2020年6月' | 22
    '民國107年3月 - 民國109年6月' | 28
    'מרץ 2018 - היום' | 82
    'يناير 2018 - الآن' | 84
    'Juin 2018 à ce jour' | 79
    'novembre 2018 - en cours' | 74
    '2018-20XX' | 0
    '' | 0
""")
def test_periods(text, months):
    found = find_periods(normalise(text).text, NOW)
    assert sum(period.last - period.first for period in found) == months
    assert len(found) == (months > 0)


def test_the_last_column_of_a_table_says_that_it_lasts():
    (period,) = find_periods("Clerk | Acme | Jan 2018 | now |", NOW)
    assert (period.last - period.first, period.open) == (84, True)


@cases(r"""
    text= | years=
    'mindestens 5 Jahre Erfahrung' | 5
    'mindestens fünf Jahre Berufserfahrung' | 5
    "5 ans d'expérience" | 5
    "au moins trois ans d'expérience" | 3
    "minimum de 5 à 7 ans d'expérience" | 5
    'al menos 3 años de experiencia' | 3
    'tres años de experiencia' | 3
    'almeno 5 anni di esperienza' | 5
    'mínimo de 5 anos de experiência' | 5
    'minimaal 3 jaar werkervaring' | 3
    'co najmniej 3 lata doświadczenia' | 3
    'min. 5 lat doświadczenia' | 5
    'cel puțin 3 ani de experiență' | 3
    'minst 3 års erfarenhet' | 3
    'mindst fem års erfaring' | 5
    'vähintään 3 vuoden kokemus' | 3
    'minimálně 3 roky praxe' | 3
    'legalább 3 év tapasztalat' | 3
    'en az 5 yıl deneyim' | 5
    'не менее 3 лет опыта' | 3
    'опыт работы от 3 лет' | 3
    'опыт от трёх лет' | 3
    'досвід роботи від 3 років' | 3
    '3年以上の経験' | 3
    '5年以上工作经验' | 5
    '三年以上经验' | 3
    '3년 이상의 경력' | 3
    '5-jährige Berufserfahrung' | 5
    '3-5 years of experience' | 3
    '2.5 years of experience' | 2
    '18 months of experience' | 1
    '36 months of relevant experience' | 3
    '6 months of experience' | 0
    '5 años o más de experiencia' | 5
    "5 ou plus ans d'expérience" | 5
    '3 bis 5 Jahre Erfahrung' | 3
    'up to an experience' | 0
    'less than 4 years of experience' | 0
    'no less than 4 years of experience' | 4
    'at most 5 years of experience' | 0
    'not more than 5 years of experience' | 0
    'weniger als 4 Jahre Erfahrung' | 0
    "moins de 3 ans d'expérience" | 0
    "pas moins de 3 ans d'expérience" | 3
    'menos de 4 años de experiencia' | 0
    '12+ yrs exp.' | 12
    '15 an hour and experience' | 0
    '20 Jahre alt mit Erfahrung' | 0
    'wir sind seit 20 Jahren am Markt' | 0
    'five (5) years of experience' | 5
    '10 or more years of experience' | 10
    "over 10 years' experience" | 10
    '3 yrs exp' | 3
    '3+ yrs. of work experience' | 3
    'ten years as a nurse' | 10
    'I worked ten years as a nurse' | 10
""")
def test_amounts(text, years):
    plain = normalise(text).text
    assert [amount for _, _, amount in find_amounts(plain, Tokens(plain))][:1] == ([years] if years else [])


@cases(r"""
    text= | years=
    'mindestens 5 Jahre Erfahrung im Vertrieb' | 5
    "5 ans d'expérience minimum" | 5
    "Vous justifiez d'une expérience de 3 ans minimum" | 3
    'Experiencia mínima de 2 años' | 2
    'Al menos dos años de experiencia en ventas' | 2
    'Esperienza di almeno 3 anni' | 3
    'Experiência mínima de 3 anos' | 3
    'Minimaal 2 jaar ervaring' | 2
    'Minimum 3-letnie doświadczenie' | 3
    'minimum 2 lata doświadczenia' | 2
    'Experiență de minim 2 ani' | 2
    'Minst 5 års erfarenhet' | 5
    'Minimum 3 års erfaring' | 3
    'Vähintään 2 vuoden työkokemus' | 2
    'Praxe min. 2 roky' | 2
    'Min. 3 év tapasztalat' | 3
    'En az 3 yıl deneyimli' | 3
    'Опыт работы от 1 года' | 1
    'Досвід роботи від 2 років' | 2
    '実務経験3年以上' | 3
    '经验3-5年' | 3
    '경력 3년 이상' | 3
    'mehr als 10 Jahre Berufserfahrung' | 10
    'Wir suchen jemanden mit 2 bis 4 Jahren Erfahrung' | 2
    '3+ Jahre Erfahrung mit Java' | 3
    'Unser Unternehmen besteht seit 50 Jahren' | None
    'Depuis 30 ans, notre entreprise' | None
    'Contrat de 2 ans, expérience souhaitée' | None
    'Befristet auf 2 Jahre' | None
    'You are at least 18 years old and have experience' | None
    '0-2 years of experience' | None
    '2-year contract, experience needed' | None
    "five-plus years' experience" | 5
    "a minimum of two (2) years' experience" | 2
    'experience: 4 years' | 4
    'Experience required: 3 to 5 yrs' | 3
    '10 yrs exp' | 10
    '3 years experience' | 3
    'with 5 years in a management role' | 5
    '18 Monate Erfahrung' | 1
    'We have 30 years of experience in shipping' | None
    'ein Jahr Berufserfahrung' | 1
    'several years of experience' | None
    "at least one year's experience" | 1
    'half a year of experience' | None
    '3-year degree programme' | None
    'in the first 2 years you will work' | None
    'warranty of 2 years on all work' | None
    '12+ months experience' | 1
    'between 3 and 5 years of experience' | 3
    "5 or more years' experience" | 5
    'experience (5+ years) with Python' | 5
    '5 Jahre+ Erfahrung' | 5
    '2,5 Jahre Erfahrung' | 2
    'mínimo 1 año de experiencia' | 1
    "un an d'expérience" | 1
    'exp. 3-5 years' | 3
    'A 3-year PhD scholarship in research' | None
    'The position is for two years available in an international team' | None
    'our 40 years of experience' | None
    'a company with more than 20 years of experience' | None
    'since more than 20 years we make technology think and work' | None
    'with our team you need 5+ years of experience' | 5
    'Minimum 2 years of project management experience' | 2
    '3 years of experience in a similar position' | 3
    'Experience - 3 Years' | 3
    'Work experience 2-4 Years' | 2
""")
def test_years_that_a_job_asks_for(text, years):
    found = extract_job("Vacancy", f"Text here.\n{text}.").min_years
    assert (found and found.value) == years
