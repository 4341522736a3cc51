"""Careers of whole resumes in other languages and layouts; expected values are literals."""

import pytest
from case_table import cases
from extraction_server import names

from minirank.extract import extract_resume

UPDATED = 1_735_689_600  # 2025-01-01
HEAD = "Mara Lindqvist\nmara@example.org\nBerlin\n\n"


def number(item):
    return None if item is None else item.value


RESUMES = [
    (
        """Max Mustermann
max@example.org

LEBENSLAUF

Berufserfahrung
Seit 03/2019
Muster GmbH, Berlin
Projektleiter Logistik
- Steuerung von Projekten

07/2014 – 02/2019
Beispiel AG, Hamburg
Disponent

Ehrenamt
2008 – 2014 Freiwillige Feuerwehr

Schulische Ausbildung
2003 – 2006 Berufsschule Kiel""",
        "muster gmbh, beispiel ag",
        10,
    ),
    (
        """Jean Dupont
jean@example.org

EXPÉRIENCES PROFESSIONNELLES
Depuis janvier 2020 : Chef de projet – Société Générale, Paris
De mars 2015 à décembre 2019 : Ingénieur d'études – Capgemini, Lyon
Stage de fin d'études (6 mois) – EDF, 2014

FORMATION
2010-2014 : École Centrale de Lyon, diplôme d'ingénieur

BÉNÉVOLAT
2005-2015 : Croix-Rouge""",
        "société générale, capgemini",
        9,
    ),
    (
        """María López
maria@example.org

EXPERIENCIA LABORAL
Marzo 2018 – Actualidad
Contable
Grupo Ejemplo S.L.

Enero de 2012 a febrero de 2018
Auxiliar administrativa
Ayuntamiento de Sevilla

EDUCACIÓN
Licenciatura en Economía, Universidad de Sevilla, 2006 - 2011""",
        "grupo ejemplo s.l, ayuntamiento de sevilla",
        13,
    ),
    (
        """Giulia Rossi
giulia@example.org

ESPERIENZE LAVORATIVE
Da marzo 2019 ad oggi
Impiegata contabile presso Esempio S.r.l.
Dal 2014 al 2019
Segretaria presso Comune di Torino

ISTRUZIONE E FORMAZIONE
2009 - 2014 Università di Torino, Laurea in Economia""",
        "esempio s.r.l, comune di torino",
        10,
    ),
    (
        """Jan Kowalski
jan@example.org

DOŚWIADCZENIE ZAWODOWE
03.2019 – obecnie   Specjalista ds. logistyki, Przykład Sp. z o.o., Kraków
06.2015 – 02.2019   Magazynier, Firma ABC

WYKSZTAŁCENIE
2010 – 2015 Uniwersytet Jagielloński, magister""",
        "przykład sp. z o.o, firma abc",
        9,
    ),
    (
        """John Smith
john@example.org | +1 555 123 4567

PROFESSIONAL SUMMARY
Operations manager with over 12 years of experience in retail.

WORK EXPERIENCE

Operations Manager
Northwind Traders, Seattle, WA
January 2018 to Present
• Managed 40 people over five years.

Assistant Store Manager
Contoso Ltd. — Portland, OR
June 2012 – December 2017
• Increased sales 12% in 2015

EDUCATION
B.A. Business, University of Oregon, 2008 - 2012
VOLUNTEER EXPERIENCE
Food bank, 2010 - present""",
        "northwind traders, contoso ltd",
        12,
    ),
    (
        """Ann Lee
ann@example.org
EMPLOYMENT HISTORY
Company: Globex Corporation
Position: Sales Manager
Dates: 02/2016 - 11/2020

Company: Initech
Position: Sales Rep
Dates: 01/2012 - 01/2016""",
        "globex corporation, initech",
        8,
    ),
    (
        """Ola Nordmann
ola@example.org
Arbeidserfaring
2019 – nå Butikksjef, Rema Eksempel AS
2015 – 2019 Butikkmedarbeider, Kiwi Eksempel
Utdanning
2012 – 2015 Oslo handelsgymnasium""",
        "rema eksempel as, kiwi eksempel",
        10,
    ),
    (
        """Иван Петров
ivan@example.org
ОПЫТ РАБОТЫ
Март 2019 — настоящее время
ООО «Ромашка», г. Москва
Бухгалтер

Январь 2014 — февраль 2019
АО «Пример»
Помощник бухгалтера
ОБРАЗОВАНИЕ
2009 – 2014 Московский университет""",
        "ооо ромашка, ао пример",
        11,
    ),
    (
        """王小明
工作经历
2019.03 - 至今 上海示例科技有限公司 软件工程师
2015.07 - 2019.02 北京示例公司 测试工程师
教育背景
2011.09 - 2015.06 清华大学 本科""",
        "上海示例科技有限公司, 北京示例公司",
        9,
    ),
    (
        """Tom Baker
tom@example.org
EXPERIENCE
| Company | Title | From | To |
| Globex | Analyst | Jan 2018 | Mar 2020 |
| Initech | Clerk | Feb 2015 | Dec 2017 |""",
        "globex, initech",
        5,
    ),
    (
        """Ana Silva
ana@example.org
EXPERIÊNCIA PROFISSIONAL
Empresa Exemplo Ltda (mar/2018 - atual) - Analista Financeira
Banco Modelo S.A. (fev/2013 a jan/2018) - Assistente
FORMAÇÃO ACADÊMICA
Bacharelado em Economia - Universidade de São Paulo (2009 - 2012)""",
        "empresa exemplo ltda, banco modelo s.a",
        11,
    ),
    (
        """Pat Jones
pat@example.org

Experience

ZORBAX FREIGHT                                            Leeds, UK
Dispatcher                                        Mar 2018 – Present
• Did things

ACME LOGISTICS                                            York, UK
Driver                                            Jan 2015 – Feb 2018
• Did things
""",
        "zorbax freight, acme logistics",
        10,
    ),
]


@pytest.mark.parametrize("text, employers, years", RESUMES, ids=[text.split("\n")[0] for text, *_ in RESUMES])
def test_resumes_of_other_languages_and_layouts(text, employers, years):
    found = extract_resume(text, UPDATED)
    assert (", ".join(names(found.employers)), number(found.years), number(found.moves)) == (employers, years, employers.count(", ") + 1)


@cases("""
    experience | entry | education | studies | apart
    Werkervaring | maart 2018 - februari 2022 | Opleidingen | september 2010 - juni 2014 | Vrijwilligerswerk
    Experiență profesională | martie 2018 - februarie 2022 | Educație și formare | septembrie 2010 - iunie 2014 | Voluntariat
    Arbetslivserfarenhet | mars 2018 - februari 2022 | Utbildning | september 2010 - juni 2014 | Ideellt engagemang
    Erhvervserfaring | marts 2018 - februar 2022 | Uddannelse | september 2010 - juni 2014 | Frivilligt arbejde
    Arbeidserfaring | mars 2018 - februar 2022 | Utdanning | september 2010 - juni 2014 | Frivillig arbeid
    Työkokemus | maaliskuu 2018 - helmikuu 2022 | Koulutus | syyskuu 2010 - kesäkuu 2014 | Vapaaehtoistyö
    Pracovní zkušenosti | březen 2018 - únor 2022 | Vzdělání | září 2010 - červen 2014 | Dobrovolnictví
    Pracovné skúsenosti | marec 2018 - február 2022 | Vzdelanie | september 2010 - jún 2014 | Dobrovoľníctvo
    Szakmai tapasztalat | 2018. március - 2022. február | Tanulmányok | 2010. szeptember - 2014. június | Önkéntes munka
    Radno iskustvo | ožujak 2018 - veljača 2022 | Obrazovanje | rujan 2010 - lipanj 2014 | Volontiranje
    İş Deneyimi | Mart 2018 - Şubat 2022 | Eğitim | Eylül 2010 - Haziran 2014 | Gönüllü çalışmalar
    Досвід роботи | березень 2018 - лютий 2022 | Освіта | вересень 2010 - червень 2014 | Волонтерство
    Професионален опит | март 2018 - февруари 2022 | Образование | септември 2010 - юни 2014 | Доброволчество
    Επαγγελματική εμπειρία | Μάρτιος 2018 - Φεβρουάριος 2022 | Εκπαίδευση | Σεπτέμβριος 2010 - Ιούνιος 2014 | Εθελοντισμός
    職務経歴 | 2018年3月 - 2022年2月 | 学歴 | 2010年9月 - 2014年6月 | ボランティア活動
    경력사항 | 2018년 3월 - 2022년 2월 | 학력 | 2010년 9월 - 2014년 6월 | 봉사활동
    工作经历 | 2018年3月 - 2022年2月 | 教育背景 | 2010年9月 - 2014年6月 | 志愿服务
    工作經歷 | 2018年3月 - 2022年2月 | 學歷 | 2010年9月 - 2014年6月 | 志工經驗
    Beruflicher Werdegang | März 2018 - Februar 2022 | Schul- und Berufsausbildung | September 2010 - Juni 2014 | Ehrenamtliche Tätigkeiten
    Praktische Erfahrungen | 03/2018 - 02/2022 | Hochschulstudium | 09/2010 - 06/2014 | Soziales Engagement
    Parcours professionnel | mars 2018 - février 2022 | Formations et diplômes | septembre 2010 - juin 2014 | Engagements associatifs
    Trayectoria profesional | marzo 2018 - febrero 2022 | Formación académica | septiembre 2010 - junio 2014 | Voluntariado
    Esperienza professionale | marzo 2018 - febbraio 2022 | Istruzione e formazione | settembre 2010 - giugno 2014 | Volontariato
    Histórico profissional | março 2018 - fevereiro 2022 | Formação | setembro 2010 - junho 2014 | Trabalho voluntário
    Przebieg pracy zawodowej | marzec 2018 - luty 2022 | Edukacja | wrzesień 2010 - czerwiec 2014 | Działalność społeczna
    Трудовой опыт | март 2018 - февраль 2022 | Образование | сентябрь 2010 - июнь 2014 | Волонтёрская деятельность
    Pengalaman Kerja | Maret 2018 - Februari 2022 | Pendidikan | September 2010 - Juni 2014 | Kegiatan Sukarela
    Kinh nghiệm làm việc | 03/2018 - 02/2022 | Học vấn | 09/2010 - 06/2014 | Hoạt động tình nguyện
    الخبرة العملية | مارس 2018 - فبراير 2022 | التعليم | سبتمبر 2010 - يونيو 2014 | العمل التطوعي
""")
def test_headings_and_months_of_many_languages(experience, entry, education, studies, apart):
    older = studies.replace("2010", "2000").replace("2014", "2009")
    for form in (str, str.upper):
        text = f"{form(experience)}\nX-Firma, {entry}\n\n{form(education)}\nY-Club, {studies}\n\n{form(apart)}\nZ-Club, {older}"
        assert number(extract_resume(HEAD + text, UPDATED).tenure) == 48
