"""The employer of a job, and the industries that an ad or a resume names for its employers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from minirank.extract.normalised_text import NormalisedText
from minirank.extract.rules.lexicon import Match, Tokens
from minirank.extract.rules.signal_words import signal_words

_MOST_OF_A_JOB = 2
_OPENING = 1200  # characters of an ad in which it introduces its employer
_AROUND = 160  # characters of a sentence on both sides of an industry
_CAPITAL = "[A-Z\u00c0-\u00de\u0410-\u042f]"
_WORD = rf"(?:{_CAPITAL}[\w.'&+-]{{0,24}}|\d{{1,4}}{_CAPITAL}\w{{0,20}})"
_NAME = rf"{_WORD}(?: (?:(?:&|and|of|the|de|du|des|del|di|do|da|und|et|y|e|für|for|of the) )?{_WORD}){{0,4}}"
_OPENS = r"(?:(?<=^)|(?<=\n)|(?<=[.!?] ))[\s*•]{0,4}"
_LABELLED = re.compile(
    r"(?i:(?<=^)|(?<=\n))[\s*•-]{0,4}(?i:company(?: name)?|employer|organi[sz]ation|hiring company|firma|unternehmen|arbeitgeber"
    r"|entreprise|société|employeur|empresa|azienda"
    rf"|bedrijf|werkgever|pracodawca|angajator|compania|företag|arbetsgivare)\s?[:：]\s?(?P<name>{_NAME})"
)
_INTRODUCED = re.compile(
    rf"{_OPENS}(?:(?:At|Bei|Bei der|Chez|En|Presso|Bij|W|La|På) (?P<at>{_NAME}),? (?i:we|you|our|it|arbeite|wir|sie|du|nous|vous"
    rf"|trabaj|creemos|noi|lavor|werk|wij|je|pracuj|vei|arbetar|erwartet)"
    rf"|(?i:we are|we're|wir sind|nous sommes|somos|siamo|wij zijn|jesteśmy|suntem|vi är)(?i: the| die| der| das| le| la| el"
    rf"| il)? (?P<are>{_NAME})(?=[,.;:!(-]|\s(?:and|-|a|an|der|die|das|un|une|una)\b)"
    rf"|(?i:about|über|à propos de|sobre|o|despre|om) (?P<about>{_NAME})\s?(?=[:\n])"
    rf"|(?i:join|join us at|join the team at|work at|work for|working at|careers at|working for) (?P<join>{_NAME})"
    rf"|(?P<subject>{_NAME}),? (?:is (?:a|an|the|one|among|part|looking|hiring|currently|seeking|proud)|has been|has (?:over|more)"
    rf"|serves|was founded|operates|provides|offers"
    rf"|develops|designs|delivers|helps|builds|makes|manufactures|sucht|ist (?:ein|der|die|das|eines|einer)|bietet|gehört|recherche"
    rf"|est (?:un|une|le|la|l')|recrute|busca|es (?:un|una|el|la)"
    rf"|cerca|è (?:un|una|il|la|l')|é (?:um|uma|o|a)|zoekt|is (?:een|het|de)|szuka|poszukuje|to (?:firma|spółka|międzynarodowa"
    rf"|polska)|jest|este (?:o|un|una)|caută|angajează|söker|är (?:en|ett))(?:\b|(?<=')))"
)
# Words that open a sentence and name no firm.
_NO_NAMES = frozenset(
    (
        "a ability about all an and any applicant apply as at bachelor benefits candidate candidates click company compensation "
        "das de degree der die driving du each education een ein eine el english every excellent experience familiarity firma "
        "fluency for french friday further german gli good he here het how hybrid if ihr il in it italian je job join knowledge "
        "la las le les lo location los master monday more my naszym new no noi nosotros not nous now nós o of on onsite or os "
        "our over pan pani pay phd please position previous prior proficiency read remote requirements responsibilities role "
        "salary saturday see she sie skills some spanish start strong sunday team thank thanks that the there these they this "
        "those thursday to today tuesday um uma un una understanding une unser unsere us vous we we'll wednesday what what's "
        "when where who why wij willingness wir with work working you you'll your"
    ).split()
)
_LABEL = re.compile(
    r"(?i)(?:industry|industries|sector|branche|branchen|secteur|settore|setor|rubro|branża|domeniu|domeniul|bransch|行业|業界"
    r"|отрасль)\s?[:：]\s?$"
)
_OF_US = re.compile(
    r"(?i)\b(?:we are|we're|we have been|our (?:client|company|group|firm|customer)|company|client|is an?|one of|as an?|leading"
    r"|wir sind|unser (?:kunde|mandant)|unternehmen"
    r"|nous sommes|notre client|somos|nuestro cliente|siamo|nostro cliente|nosso cliente|onze klant|jesteśmy|naszego klienta|suntem"
    r"|clientul nostru|vi är|vår kund)\b"
)
_ASKED = re.compile(
    r"(?i)\b(?:experience|knowledge|background|degree|familiar|you|your|must|required|erfahrung|kenntnisse|expérience|experiencia"
    r"|esperienza|experiência|ervaring)\b"
)
_WORKED = re.compile(
    r"(?i)(?:\b(?:work(?:ed|ing|s)?|experienced?|years?|career|background|jobs?|roles?|positions?|employed|clients|projects"
    r"|specialist|manager|consultant|gearbeitet|tätig"
    r"|erfahrung|jahre|travaill\w{1,4}|expérience|ans|trabaj\w{1,4}|experiencia|años|lavor\w{1,4}|esperienza|anni|trabalh\w{1,4}"
    r"|experiência|anos|gewerkt|ervaring|jaar"
    r"|pracował\w{0,2}|doświadczenie|lucrat|experiență|arbetat|erfarenhet)\s(?:\w{1,12}\s){0,2}?(?:in|for|at|within|across|with|im"
    r"|für|bei|dans|en|pour|chez|nel|nella|per|no|na|em"
    r"|voor|bij|w|dla|în|pentru|inom|för)\s(?:(?:the|an?|der|die|einer?|einem|le|la|un|une|una|el|il|o|os|de|het"
    r"|een)\s)?(?:\w{1,14}\s)?)$"
)
# `software engineer`, `construction sites`: no words of an industry.
_ROLE = re.compile(
    r"(?i)[\s-](?:engineer|develop|manager|architect|tester|consultant|analyst|assistant|planner|cycle|sites?\b|designer|worker"
    r"|driver|nurse|clerk|technician"
    r"|teams?\b|departments?\b|products?\b|entwickl|ingenieur|leiter)"
)
# An industry's word that names a house itself: `a leading bank`.
_HOUSES = re.compile(
    r"(?i)(?:bank|banks|insurers?|reinsurance|retailers?|supermarkets?|department store|wholesaler|hospitals?|clinics?|nursing home"
    r"|manufacturers?|car maker"
    r"|automaker|publisher|broadcaster|newspapers?|.*\b(?:agency|firms?|company|house)|consultanc(?:y|ies)|ministry|municipality"
    r"|airlines?|tour operator|hotels?"
    r"|restaurants?|brewery|bakery|charity|foundation|fintech|insurtech|proptech|edtech|healthtech|medtech|biotech|telco|bank"
    r"|klinik|krankenhaus|verlag|kanzlei"
    r"|banque|hôpital|banco|hospital|banca|clinica|ospedale|szpital|spital|sjukhus|stiftung|versicherer|spedition|stadtwerke)"
)
_BETWEEN = re.compile(r"[\s-]{1,2}")


def find_employer(document: NormalisedText, taken: Iterable[Match], border: int) -> tuple[int, int] | None:
    """Where an ad names its employer: (start, end), or None.

    Args:
        document: NormalisedText of a job.
        taken: skills, titles and the like, which are no names of firms (`Python is a must`).
        border: where the title of the job ends.
    """
    plain = document.plain
    spans = [(m.start, m.end) for m in taken if m.start < border + _OPENING]
    for pattern, limit in ((_LABELLED, len(plain)), (_INTRODUCED, border + 1 + _OPENING)):
        for m in pattern.finditer(plain, min(len(plain), border + 1), min(len(plain), limit)):
            group = next(name for name, text in m.groupdict().items() if text is not None)
            start, end = m.span(group)
            end = start + len(plain[start:end].rstrip(".,&- "))
            first = re.split(r"[\s']", plain[start:end].lower(), maxsplit=1)[0]
            if first not in _NO_NAMES and not any(a < end and b > start for a, b in spans):
                return start, end
    return None


def industries_of_job(
    document: NormalisedText, cues: dict[str, list[Match]], employer: tuple[int, int] | None, skills: Iterable[Match]
) -> list[tuple[str, int, int]]:
    """Industries of the employer of a job, at most two: (name, start, end).

    Those behind a label, in the sentence that names the employer, in its name, and where the ad speaks of its firm.

    Args:
        document: NormalisedText of a job.
        cues: of the text, by kind.
        employer: as `find_employer` finds it.
        skills: mentions of skills, which are no industries (`quality assurance`).
    """
    plain, taken = document.plain, [(m.start, m.end) for m in skills]
    spoken = [m for m in cues["industries"] if not _ROLE.match(plain, m.end) and not _overlaps(m, taken)]
    found = [m for m in spoken if _LABEL.search(plain, max(0, m.start - 24), m.start)]
    if employer is not None:
        begin, finish = document.sentence(employer[0])
        found += [m for m in spoken if begin <= m.start < finish and not _overlaps(m, [employer])]
    named = [(m.name, m.start, m.end) for m in found]
    if employer is not None:
        named += [(name, employer[0] + a, employer[0] + b) for name, a, b in in_name(plain[slice(*employer)])]
    houses = {m.start for m in cues["house"]}
    for m in spoken:
        begin, finish = document.sentence(m.start)
        begin, finish = max(begin, m.start - _AROUND), min(finish, m.end + _AROUND)
        gap = _BETWEEN.match(plain, m.end)
        house = (gap and gap.end() in houses) or _HOUSES.fullmatch(plain, m.start, m.end)
        if m.start < _OPENING and house and _OF_US.search(plain, begin, finish) and not _ASKED.search(plain, begin, finish):
            named.append((m.name, m.start, m.end))
    return _first_of_each(named)[:_MOST_OF_A_JOB]


def _overlaps(m: Match, spans: list[tuple[int, int]]) -> bool:
    return any(a < m.end and m.start < b for a, b in spans)


def industries_of_resume(
    document: NormalisedText, cues: dict[str, list[Match]], employers: Iterable[tuple[int, int]], skills: Iterable[Match]
) -> list[tuple[str, int, int]]:
    """Industries that a person worked in, as far as the text says so: (name, start, end).

    `worked in banking`, `an insurance company`, `the energy sector`; and words in the names of employers (`Ostermark Bank`).

    Args:
        document: NormalisedText of a resume.
        cues: of the text, by kind.
        employers: where the names of employers stand.
        skills: mentions of skills, which are no industries (`lean manufacturing`).
    """
    plain, spans = document.plain, list(employers)
    found = [(name, start + a, start + b) for start, end in spans for name, a, b in in_name(plain[start:end])]
    taken = [*spans, *((m.start, m.end) for m in skills)]
    houses = {m.start for m in cues["house"]}
    for m in cues["industries"]:
        gap = _BETWEEN.match(plain, m.end)
        if document.section(m.start) in ("education", "apart") or _overlaps(m, taken):
            continue
        if (gap and gap.end() in houses) or _WORKED.search(plain, max(0, m.start - 60), m.start):
            found.append((m.name, m.start, m.end))
    return _first_of_each(found)


@lru_cache(maxsize=20_000)  # SPEED: many worked for the same employers
def in_name(employer: str) -> list[tuple[str, int, int]]:
    """Industries that the name of an employer tells: (name, start, end)."""
    return [(m.name, m.start, m.end) for m in signal_words().houses.scan(Tokens(employer))]


def _first_of_each(found: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    first: dict[str, tuple[str, int, int]] = {}
    for item in found:
        first.setdefault(item[0], item)
    return list(first.values())
