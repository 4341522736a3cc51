"""Short texts as resumes and jobs of one day."""

from minirank.extract import extract_job, extract_resume

UPDATED = 1_740_787_200  # 2025-03-01


def resume(text):
    """Features of a resume with a header, so that the text is no name."""
    return extract_resume(f"Cook\nBerlin\n\n{text}", UPDATED)


def job(text, title="Cook"):
    """Features of a job."""
    return extract_job(title, text, posted_at=UPDATED)


def shown(value):
    """What a value says, or None."""
    return None if value is None else value.value


ADS = {
    "de": (
        "Wir bieten ein Jahresgehalt von 55.000 bis 65.000 Euro brutto. Sie arbeiten im Dreischichtbetrieb und übernehmen"
        " Rufbereitschaft. Führerschein der Klasse B erforderlich. Sie leiten ein Team von acht Mitarbeitern. Start zum "
        "01.06.2025."
    ),
    "fr": (
        "Salaire : 35 à 40 K€ brut annuel selon profil. Vous encadrez une équipe de 6 personnes. Permis B exigé. "
        "Déplacements fréquents. Travail de nuit et le week-end. Poste à pourvoir dès que possible."
    ),
    "es": (
        "Salario: 24.000 - 28.000 € brutos anuales. Gestión de un equipo de 5 personas. Carnet de conducir B. "
        "Disponibilidad para viajar. Turnos rotativos, fines de semana. Incorporación inmediata."
    ),
    "it": (
        "RAL 30.000 - 35.000 €. Gestione di un team di 4 persone. Patente B. Disponibilità a trasferte. Lavoro su turni, "
        "anche notturni. Inserimento immediato."
    ),
    "pt": (
        "Salário: R$ 5.000 a R$ 7.000 por mês. Liderança de equipe. CNH B. Disponibilidade para viagens. Trabalho por "
        "turnos e finais de semana. Início imediato."
    ),
    "nl": (
        "Salaris: € 3.200 - € 4.100 bruto per maand. Je geeft leiding aan een team van 6. Rijbewijs B. Ploegendienst en "
        "nachtdiensten. Bereid om te reizen. Start per direct."
    ),
    "pl": (
        "Wynagrodzenie: 9 000 - 12 000 PLN brutto miesięcznie. Zarządzanie zespołem. Prawo jazdy kat. B. Gotowość do "
        "podróży służbowych. Praca zmianowa, praca w nocy. Start od zaraz."
    ),
    "ro": (
        "Salariu: 5.000 - 7.000 lei net pe lună. Coordonarea echipei. Permis de conducere categoria B. Disponibilitate "
        "pentru deplasări. Program în ture, ture de noapte. Începere imediată."
    ),
    "sv": (
        "Lön: 35 000 - 42 000 kr per månad. Personalansvar för 8 medarbetare. B-körkort krävs. Resor i tjänsten. "
        "Skiftarbete och helgarbete. Tillträde omgående."
    ),
    "zh": "月薪20k-30k。带领5人团队。需要驾照。能适应出差和夜班。立即上岗。",
    "ja": "年収600万円〜800万円。マネジメント経験必須。普通自動車免許。出張あり。夜勤あり。即日勤務。",
}
WISHES = {
    "de": (
        "Gehaltsvorstellung: 58.000 € p.a. Kündigungsfrist: 6 Wochen zum Monatsende. Personalverantwortung für 5 "
        "Mitarbeiter. Führerschein Klasse B. Umzugsbereit. Reisebereitschaft vorhanden. Nachtschicht möglich."
    ),
    "fr": (
        "Prétentions : 42 K€. Préavis : 3 mois. Management d'une équipe de 7 personnes. Permis B. Mobilité géographique. "
        "Déplacements acceptés."
    ),
    "es": (
        "Expectativas salariales: 30.000 € brutos. Preaviso: 15 días. 8 personas a cargo. Carnet B. Disponibilidad para "
        "viajar y cambio de residencia."
    ),
    "it": (
        "Retribuzione desiderata: 32.000 € lordi annui. Preavviso di 45 giorni. Coordinamento di un team di 5 persone. "
        "Patente B. Disponibile a trasferte e al trasferimento."
    ),
    "pt": (
        "Pretensão salarial: R$ 9.000. Aviso prévio de 30 dias. Gestão de equipas. Carta de condução B. Disponibilidade "
        "para viajar e para mudança."
    ),
    "nl": ("Salariswens: € 4.500 bruto per maand. Opzegtermijn: 2 maanden. Leidinggevende ervaring. Rijbewijs B. Bereid om te verhuizen."),
    "ro": ("Salariu dorit: 6.500 lei net. Preaviz: 20 de zile lucrătoare. Coordonare echipă. Permis categoria B. Dispus la relocare."),
    "sv": "Löneanspråk: 48 000 kr. Uppsägningstid: tre månader. Personalansvar. B-körkort. Beredd att flytta.",
    "ru": (
        "Желаемая зарплата: 200 000 руб. Готов приступить через 2 недели. Руководство командой из 5 человек. Водительские"
        " права категории B. Готов к переезду и командировкам."
    ),
    "ja": "希望年収：700万円。退職予告：1か月。チームリーダー。普通自動車免許。転勤可。",
}
