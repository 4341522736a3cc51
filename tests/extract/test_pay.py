"""Pay and availability: what each text says of money and of time, and what only looks like it."""

from case_table import cases
from signal_texts import job, resume, shown

from minirank.extract import extract_resume
from minirank.extract.rules.pay import PERIODS


@cases(r"""
    text= | salary= | currency= | quote=
    "Salary expectation 57k." | 57_000 | None | "57k"
    "Salary expectation: EUR 55,000 - 65,000" | 55_000 | "EUR" | "EUR 55,000 - 65,000"
    "Gehaltsvorstellung: 60.000 €" | 60_000 | "EUR" | "60.000 €"
    "Gehaltsvorstellung 60.000,00 € brutto p.a." | 60_000 | "EUR" | "60.000,00 €"
    "Desired salary: $120k" | 120_000 | "USD" | "$120k"
    "Salary requirements: between 70'000 and 80'000 CHF" | 70_000 | "CHF" | "70'000 and 80'000 CHF"
    "Expecting 75-80k USD" | 75_000 | "USD" | "75-80k USD"
    "Prétentions salariales : 45 000 €" | 45_000 | "EUR" | "45 000 €"
    "Pretensão salarial: R$ 8.000,00" | 96_000 | "BRL" | "R$ 8.000,00"
    "Oczekiwania finansowe: 15 000 PLN netto" | 180_000 | "PLN" | "15 000 PLN"
    "Așteptări salariale: 5000 lei" | 60_000 | "RON" | "5000 lei"
    "Löneanspråk: 45 000 kr/mån" | 540_000 | None | "45 000 kr"
    "Löneanspråk: 48 000 kr." | 576_000 | None | "48 000 kr"
    "期望月薪：15k-25k" | 180_000 | None | "15k-25k"
    "希望年収：600万円" | 6_000_000 | "JPY" | "600万円"
    "Current CTC: 8 LPA. Expected CTC: 12-15 LPA" | 1_200_000 | "INR" | "12-15 LPA"
    "Expected salary: Rs. 12,00,000 per annum" | 1_200_000 | "INR" | "Rs. 12,00,000"
    "Day rate: 600 €" | 156_000 | "EUR" | "600 €"
    "Stundensatz: 95 €/h" | 197_600 | "EUR" | "95 €"
    "Salary expectations: 55k base + 10k bonus" | 55_000 | None | "55k"
    "Salary: 57k" | 57_000 | None | "57k"
    "Gehaltsvorstellung: 60 TEUR" | 60_000 | "EUR" | "60 TEUR"
    "Gehaltsvorstellung: 60.000,- €" | 60_000 | "EUR" | "60.000,- €"
    "65k€ brutto Gehaltswunsch" | 65_000 | "EUR" | "65k€"
    "Expected base salary: $95,000.00/yr" | 95_000 | "USD" | "$95,000.00"
    "Expected salary: 1 200 000 - 1 500 000 HUF" | 14_400_000 | "HUF" | "1 200 000 - 1 500 000 HUF"
    "Salary negotiable, min. 45000 EUR" | 45_000 | "EUR" | "45000 EUR"
    "Salary expectation (gross/year): 52 000 EUR" | 52_000 | "EUR" | "52 000 EUR"
    "I wish for 3,500 euros a month" | 42_000 | "EUR" | "3,500 euros"
    "Desired pay: 18 an hour" | 37_440 | None | "18"
    "Salary expectation\n€60k" | 60_000 | "EUR" | "€60k"
    "Salary expectation: negotiable" | None | None | None
    "Current salary: 50k" | None | None | None
    "Saved 15 thousand a year. Grew revenue to $5M." | None | None | None
    "Managed a payroll of $2M and a budget of 60k" | None | None | None
    "Negotiated salaries of 50k staff" | None | None | None
    "Expecting a baby in 2025" | None | None | None
""")
def test_the_salary_that_a_person_wishes_for(text, salary, currency, quote):
    found = resume(text)
    assert (shown(found.salary), shown(found.currency)) == (salary, currency)
    assert quote is None or found.salary.quote == quote


@cases(r"""
    text= | salary= | currency=
    "Berlin, hybrid. 57k to 67k a year." | 67_000 | None
    "Where: Berlin. How much: 57k to 67k a year." | 67_000 | None
    "$120,000 - $150,000 per year" | 150_000 | "USD"
    "The salary range is $130,000—$160,000 annually; equity and bonus on top" | 160_000 | "USD"
    "Salary: €45,000 plus €5,000 bonus and €1,000 learning budget" | 45_000 | "EUR"
    "Pay: £45k - £55k DOE" | 55_000 | "GBP"
    "Remote, 60-70k€, full-time" | 70_000 | "EUR"
    "up to €70,000" | 70_000 | "EUR"
    "Vergütung: 55-65 T€ im Jahr" | 65_000 | "EUR"
    "4.500 € brutto/Monat" | 54_000 | "EUR"
    "€ 3.000 - € 4.000 bruto per maand" | 48_000 | "EUR"
    "between 30 and 40 k€ brut annuel" | 40_000 | "EUR"
    "Stipendio: RAL 35.000 - 40.000 €" | 40_000 | "EUR"
    "15.000 - 20.000 PLN net / month (B2B)" | 240_000 | "PLN"
    "$25/hour" | 52_000 | "USD"
    "18-22 € pro Stunde" | 45_760 | "EUR"
    "£12.50 per hour" | 26_000 | "GBP"
    "$90K/yr - $110K/yr" | 110_000 | "USD"
    "From $90,000 a year" | 90_000 | "USD"
    "€13.50 p/h" | 28_080 | "EUR"
    "wynagrodzenie 8 000 - 12 000 zł brutto" | 144_000 | "PLN"
    "₹6L - ₹10L/yr" | 1_000_000 | "INR"
    "оклад от 150 000 руб." | 1_800_000 | "RUB"
    "We pay a 10k signing bonus" | None | None
    "Competitive salary in a company with 10,000 employees" | None | None
    "Salary 12-15 LPA" | 1_500_000 | "INR"
    "年収500万円〜800万円" | 8_000_000 | "JPY"
    "Compensation\n€55.000 - €65.000" | 65_000 | "EUR"
    "Hourly rate is £7.50 (£300 for 40 hours)" | 15_600 | "GBP"
    "Company size: 1k-5k people" | None | None
    "We manage $5M revenue and raised $20M." | None | None
    "a 5,000 € sign-on bonus" | None | None
    "Our customers save $2,000 per year" | None | None
    "Budget: 5 Mio. € im Jahr" | None | None
    "We serve 50,000 households a day." | None | None
    "40 hours per week, 1,500 employees paid weekly" | None | None
    "30 days of paid leave" | None | None
    "Salary: competitive. Founded in 2015." | None | None
""")
def test_the_salary_that_a_job_offers(text, salary, currency):
    found = job(text)
    assert (shown(found.salary), shown(found.currency)) == (salary, currency)


def test_pay_without_a_currency_has_none():
    assert extract_resume("Salary expectation 57k.").currency is None


def test_an_amount_in_the_title_is_pay_and_the_best_of_several_counts():
    assert shown(job("We like it.", "Ruby Developer 9.000 PLN + VAT").salary) == 108_000
    assert shown(job("Base salary 80k, OTE 120k USD").salary) == 120_000
    assert {name: PERIODS[name] for name in ("hour", "day", "week", "month", "year")} == {
        "hour": 40 * 52, "day": 5 * 52, "week": 52, "month": 12, "year": 1,
    }  # fmt: skip


@cases(r"""
    text= | weeks=
    "Available immediately." | 0
    "Open to work" | 0
    "I am available immediately for new projects" | 0
    "Notice period: none" | 0
    "No notice period" | 0
    "Availability: immediate" | 0
    "ab sofort verfügbar" | 0
    "Disponible immédiatement" | 0
    "Disponibilidad: inmediata" | 0
    "随时到岗" | 0
    "Notice period: 1 month" | 4
    "Notice period: 3 months" | 13
    "My notice period is three months" | 13
    "Three-month notice period" | 13
    "3 months' notice" | 13
    "one month's notice period" | 4
    "1-2 months notice" | 9
    "Notice Period - 60 Days (negotiable)" | 9
    "Kündigungsfrist 3 Monate" | 13
    "Kündigungsfrist: drei Monate zum Quartalsende" | 13
    "dreimonatige Kündigungsfrist" | 13
    "Préavis de 3 mois" | 13
    "1 mois de préavis" | 4
    "Preaviso de 15 días" | 2
    "Preavviso: 30 giorni" | 4
    "Aviso prévio: 30 dias" | 4
    "Opzegtermijn: 1 maand" | 4
    "Notice period: 20 working days" | 4
    "Preaviz: 20 de zile lucrătoare" | 4
    "Okres wypowiedzenia: 3 miesiące" | 13
    "Preaviz: 30 zile" | 4
    "Uppsägningstid 3 månader" | 13
    "离职周期：1个月" | 4
    "I can start in one month" | 4
    "verfügbar in 4 Wochen" | 4
    "Disponible sous 3 mois" | 13
    "Available: 1 month after offer" | 4
    "Available from 01.04.2025" | 5
    "Earliest start date: 2025-03-15" | 2
    "available from 01.01.2024" | 0
    "Available from 1 April 2025" | 5
    "Available from May" | 9
    "available as of January" | 44
    "Verfügbar ab 1. Mai 2025" | 9
    "Disponible à partir du 1er avril 2025" | 5
    "Disponible desde el 1 de abril de 2025" | 5
    "Dostępny od 1 kwietnia 2025" | 5
    "Availability: may change" | None
    "Open to work. Notice period: 6 weeks" | 6
    "Immediately / 15 days notice" | 2
    "Available from Q2 2025" | 5
    "Available end of March" | 4
    "Available from mid-April 2025" | 7
    "Last working day 30 April 2025" | 9
    "Not available immediately" | None
    "Gave two weeks notice in 2019" | None
    "made the data available immediately to users" | None
    "available for 3 months" | None
    "available 2 days a week" | None
    "Wrote notices for 3 months" | None
""")
def test_weeks_until_a_person_can_start(text, weeks):
    assert shown(resume(text).notice) == weeks


def test_without_the_day_of_the_resume_a_date_tells_no_weeks():
    assert extract_resume("Cook\nBerlin\n\nAvailable from 01.04.2025").notice is None


@cases("""
    text | weeks=
    Start date: immediately | 0
    immediate start | 0
    Wir suchen zum nächstmöglichen Zeitpunkt | 0
    Prise de poste dès que possible | 0
    Immediate joiners only | 0
    Start: 01.05.2025 | 9
    Starting in 4 weeks | 4
    Notice period: max 30 days | 4
    Report issues as soon as possible. | None
    You start each day with coffee. | None
    Our benefits are available immediately. | None
""")
def test_weeks_until_a_job_starts(text, weeks):
    assert shown(job(text).start) == weeks
