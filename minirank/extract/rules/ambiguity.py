"""Spellings that are words too: `Go`, `R`, `Excel`, `Spring`. When do they name a skill?"""

from __future__ import annotations

import re
from collections.abc import Collection

from minirank.extract.rules.lexicon import Lexicon, Match, lexicon

_TECHNICAL = (
    r"programming|developers?|development|engineers?|languages?|code|coding|backend|services?|applications?|apps?"
    r"|framework|experience|skills|knowledge|scripts?|scripting|packages?|components?|is|are|and|or|on|for|with|sql"
    r"|clusters?|jobs?|streaming|macros?|spreadsheets?|reports?|dashboards?|formulas?|models?|design|tools?|expert"
    r"|expertise|required|preferred|desirable|welcome|optional|would|a plus|a bonus|as|in production|stack|native|hooks"
    r"|frontend|front-end|data|api|apis|db|database"
)
_NEXT_WORD = re.compile(r"[ ]+([a-z][\w-]*)")
_NEXT_TECHNICAL = re.compile(rf"[ ]+(?:{_TECHNICAL})\b")
_SHORT_AFTER = re.compile(
    rf"\s*(?:[,;/()|\n•]|\.(?:\s|$)|$|(?:and|or|und|oder|et|ou|och|eller|oraz|lub|și|sau|ist|sind|est|dans|es|é|è|jest|är|{_TECHNICAL})\b)"
)
_SHORT_SURE = re.compile(r" {0,2}(?:[,/|;(]|programming|developer|language|code)")
_SHORT_BEFORE = re.compile(
    r"(?:[,/(|•:&]|\b(?:in|with|of|using|and|or|like|as|know|knows|learn|write|use|plus|mit|und|oder|avec|en|et|ou|con|com|em|met|w|cu|în|med|och))\s*$"
)
_SHORT_REFUSED = re.compile(
    r"(?i)\b(?:series|class|vitamin|hepatitis|type|category|section|appendix|plan|grade|phase|level|schedule|group"
    r"|building|block|unit|licen[cs]e)\s*$"
)
_GO_VERB = re.compile(r"Go[ -]+(?:to|the|above|beyond|with|for|live|out|from|into|on|by|through|ahead)\b")
_SURROUNDINGS = re.compile(
    r"(?i) (?:and [a-z]{4,14} )?(?:working hours|hours|work(?:ing)? (?:hours|time|environment|culture|model|atmosphere)"
    r"|environments?|cultures?|atmosphere|compan(?:y|ies)|organi[sz]ations?|solutions?|products?|services|arrangements?"
    r"|schedules?|employees|colleagues|teams?(?! player)|workplace|home office|benefits|letter|tools|suite|industry"
    r"|community|technolog(?:y|ies))\b"
)
_NO_DEGREE_BEFORE = re.compile(r"(?i)(?:\d|\b(?:first|second|third))[ -]\Z")  # `360-degree`
_STUDIED = r"(?:bachelor(?:'s)?|b\.?sc|ph\.?d|doctorate|diplom\w?|degree|magister|licence|laurea|grado|licenciatura)"
_MASTER_AFTER = re.compile(
    rf"(?i)\W{{1,3}}(?:(?:or|and|oder|und|ou|et|o|y|e|lub|sau|eller|/)\W{{1,2}})?(?:an? )?{_STUDIED}\b"
    r"|,? (?:is |or equivalent |or similar )?(?:required|preferred|needed|mandatory|a must|desired|desirable|essential"
    r"|necessary|an advantage"
    r"|a plus|erforderlich|level|studies|graduate|erwünscht|exigé|requis|souhaité)\b"
)
_MASTER_BEFORE = re.compile(
    rf"(?i)(?:{_STUDIED}\W{{1,3}}(?:(?:or|and|oder|und|ou|et|o|y|e|lub|sau|eller|/)\W{{1,2}})?(?:an? )?"
    r"|\b(?:required|education|qualifications?|degree|studies|level|studium|formation|diplôme)\s?:\s{1,2}(?:an? )?)\Z"
)
_NO_MASTER_BEFORE = re.compile(
    r"(?i)\b(?:scrum|web|quiz|toast|brew|yard|station|harbou?r|quarter|ring|choir|band|task|pay|head|dungeon)[ -]?\Z"
)
_NO_DEGREE_AFTER = re.compile(
    r"(?i)(?<=degree) of (?!science|arts|engineering|bachelor|master|doctor)|(?<=bachelor) (?:part|pad|apartment)|(?<=degree) burns?"
)
_AND = r"(?:and|or|und|oder|et|ou|y|e|o|i|en|of|och|eller|oraz|lub|și|sau)"
_JOINT = re.compile(rf"\s*(?:[,/&|;•·+]|{_AND})?\s*")
_CLAUSE_OPENERS = '.!?:•*-\n"'
_WIDEST_JOINT = 5
_TOOLS = 3  # names of tools in a text about them
_TECHNICAL_DOMAINS = frozenset(("software", "data", "infrastructure", "security", "design"))
_LIST_LABEL = re.compile(r"(?i)\b(?:skills?|tools?|stack|technolog(?:y|ies))\b *:[^\n]*$")
_REACH = 64  # characters before a spelling that are looked at

# `Institute for AI`, `Python Catering GmbH`, `Oracle Arena`: what is in the name of an organisation.
_LINK_WORDS = frozenset("of for the für der des de di d' du voor van pour para la l' dla för pentru".split())
_LINK = "|".join(sorted(_LINK_WORDS))
_BODY_BEFORE = re.compile(
    r"(?i:\b(?:institut[eos]?|institutet|universit[\w]{1,5}|uniwersytet|college|school|academy|akademie|faculty|fakultät|department"
    r"|cent(?:re|er|ro)|zentrum|association|society|foundation|stiftung|museum|ministry|ministerium|chair|lehrstuhl|laborator\w{1,4}"
    rf"|hochschule|escuela|école|scuola|conference|congress|federation|chamber|agency))(?: (?i:{_LINK})(?!\w))+(?: [A-Z][\w'&-]*){{0,3}} ?$"
)
_WORKS = r"(?!(?:Developer|Engineer|Manager|Consultant|Specialist|Analyst|Architect|Administrator|Expert|Trainer|Programmer|Entwickler)\b)"
_NAME_AFTER = rf"(?: &)?(?: {_WORKS}[A-Z][\w'&-]*){{0,2}},? "
_LEGAL_FORM = re.compile(
    _NAME_AFTER + r"(?:g?GmbH|mbH|AG|SE|Ltd|Limited|LLC|Inc|Corp|Corporation|Plc|PLC|SARL|SASU?|SRL|SpA|BV|NV|AB|ApS|Oy|Oyj|Kft|Pty|Pvt|Lda"
    r"|Ltda|KG|OHG|S\.A|S\.r\.l|S\.L|S\.p\.A|B\.V|[Ss]p\. ?z|s\.r\.o|d\.o\.o|e\.V)\b"
)
_PLACE = re.compile(
    _NAME_AFTER
    + r"(?:Arena|Stadium|Park|Street|Road|Avenue|Lane|Institut[eo]?|Universit\w{1,5}|College|School|Academy|Hospital|Hotel|Restaurant"
    r"|Caf[eé]|Bistro|Bakery|Museum|Foundation|Stiftung|Association|Catering|Holdings?|Ventures|Partners|Bros|Brothers|Cent(?:er|re)|Clinic)\b"
)
_PLACE_BEFORE = re.compile(r"\b(?:Arena|Hotel|Restaurant|Caf[eé]|Bistro|Bar|Bakery|Pizzeria|Gasthaus|Salon|Villa|Club|Captain|Mount) $")
_AT = re.compile(r"(?:\b(?:at|bei|chez|presso|joined)|@) ?$")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_NEAR = 24  # characters between an employer and the year
_ELEMENT = ",|•·()\n\t–—"
# `+ VAT`, `90,000 CAD`, `500 ml`: what is paid, and measures.
_AMOUNTS = frozenset(("vat", "cad", "ml"))
_DEGREE = re.compile(r",? (?:degree|in (?:[a-z]+ ){0,3}law)\b")  # `LLM in tax law`
_AMOUNT_BEFORE = re.compile(r"(?i)(?:[\d%+€$£]k?|\b(?:plus|incl|including|excl|excluding|net|gross|net of|ex|without)\b\.?) {0,2}$")
_AMOUNT_AFTER = re.compile(r" {0,2}[\d$€£]| (?:incl|excl|included|excluded|invoice)\b")


def believable(plain: str, matches: list[Match], words: Lexicon | None = None, language: str | None = None) -> list[Match]:
    """Matches without those whose spelling is an ordinary word here.

    Args:
        plain: normalised text.
        matches: list of Match, in text order.
        words: Lexicon, the package's own by default.
        language: of the text (`language_of`).
    Returns: list of Match. A spelling in another case than its own (`go, spark, kafka`), or that is an ordinary word of the
        language (`Chef`), counts beside a skill that is certain.
    """
    words = words or lexicon()
    ordinary: Collection[str] = words.ordinary.get(language or "en", ())
    verdicts = [_verdict(plain, m, words, ordinary) for m in matches]
    for order in (range(1, len(matches)), range(len(matches) - 2, -1, -1)) if None in verdicts else ():
        step = -1 if order.step == 1 else 1
        for at in order:
            if verdicts[at] is None and verdicts[at + step] and matches[at + step].kind == "skill":
                left, right = sorted((matches[at], matches[at + step]))
                gap = plain[left.end : right.start]
                if len(gap) <= _WIDEST_JOINT and "\n" not in gap and _JOINT.fullmatch(gap):
                    verdicts[at] = True
    if None in verdicts and language in ("en", None):
        _of_tools(plain, matches, verdicts, words, ordinary)
    _figures_of_speech(plain, matches, verdicts, words)
    return [m for m, sure in zip(matches, verdicts, strict=True) if sure]


def _of_tools(plain, matches, verdicts, words, ordinary):
    """`Chef` as it is spelled, in a list of skills or in a text about software: no cook."""
    technical = any(
        sure and m.kind == "skill" and words.domain(m.name) in _TECHNICAL_DOMAINS for m, sure in zip(matches, verdicts, strict=True)
    )
    for at, m in enumerate(matches):
        quote = plain[m.start : m.end]
        if verdicts[at] is None and quote.lower() in ordinary and quote in words.exact.get(quote.lower(), ()):
            verdicts[at] = technical or _LIST_LABEL.search(plain, max(0, m.start - 4 * _REACH), m.start) is not None


def _figures_of_speech(plain, matches, verdicts, words):
    """`Pruning a tree` of a text about software: one word of an everyday domain, where fewer phrases of these stand than tools."""
    domains = [words.domain(m.name) if sure and m.kind == "skill" else None for m, sure in zip(matches, verdicts, strict=True)]
    everyday = [at for at, domain in enumerate(domains) if domain in words.everyday]
    single = [at for at in everyday if plain[matches[at].start : matches[at].end].isalpha() and plain[matches[at].start].islower()]
    if single:
        tools = {m.name for m, domain in zip(matches, domains, strict=True) if domain in _TECHNICAL_DOMAINS}
        phrases = {matches[at].name for at in set(everyday).difference(single)}
        if len(tools) >= max(_TOOLS, len(phrases) + 1):
            for at in single:
                verdicts[at] = verdicts[at] and domains[at] == "science"  # whose words are of that trade alone


def _verdict(plain, m, words, ordinary):
    """True: a skill; False: no skill; None: only beside another one."""
    start, end = m.start, m.end
    before = plain[start - 1] if start else "\n"
    after = plain[end] if end < len(plain) else "\n"
    if m.kind == "soft":  # `data-driven` is no drive, `flexible hours` are no flexibility of the candidate
        joined = before == "-" and start > 1 and plain[start - 2].isalnum()
        return not joined and not _SURROUNDINGS.match(plain, end)
    if m.kind == "education":
        if plain[start:end].lower() == "master" and not _is_degree(plain, start, end):
            return False
        before = _NO_DEGREE_BEFORE if plain.startswith("degree", start) else _NO_MASTER_BEFORE
        return not (before.search(plain, max(0, start - 12), start) or _NO_DEGREE_AFTER.match(plain, end))
    if m.kind != "skill":
        return True
    quote = plain[start:end]
    lower = quote.lower()
    if not quote[0].isalnum():  # `.NET`, but neither `asp.net` nor `end. Net`
        return not before.isalnum() and plain[start + 1].isalnum()
    if _in_a_name(plain, m, words, before, after):
        return False
    if lower in _AMOUNTS and (_AMOUNT_BEFORE.search(plain, max(0, start - 12), start) or _AMOUNT_AFTER.match(plain, end)):
        return False
    if quote == "LLM" and _DEGREE.match(plain, end):
        return False
    if lower in words.employers and _employs(plain, start, end):
        return None
    spellings = words.exact.get(lower)
    if lower in ordinary:
        return None
    if spellings is None:
        return True
    if len(quote) <= 2 and quote not in ("AI", "RN"):
        return _short(plain, start, end, quote, before, after) if quote in spellings else None
    if quote not in spellings:
        return True if quote.isupper() else None
    opener = plain[max(0, start - 4) : start].rstrip(" ")[-1:]
    if not quote.isupper() and (not opener or opener in _CLAUSE_OPENERS) and _NEXT_WORD.match(plain, end):
        return _NEXT_TECHNICAL.match(plain, end) is not None
    return True


def _is_degree(plain, start, end):
    """`Master required`, `Bachelor or Master`; `Master Electrician`, `to master` and `Master of Ceremonies` are none."""
    if not plain[start].isupper():
        return False
    return bool(_MASTER_AFTER.match(plain, end) or _MASTER_BEFORE.search(plain, max(0, start - 40), start))


def _in_a_name(plain, m, words, before, after):
    """Whether a spelling is part of the name of an organisation or a place."""
    # SPEED: a capital or `&` must follow, a blank must stand before.
    if after == " " and (plain[m.end + 1 : m.end + 2].isupper() or plain.startswith("& ", m.end + 1)) and plain[m.start].isupper():
        if _LEGAL_FORM.match(plain, m.end):
            return True
        if words.domain(m.name) in _TECHNICAL_DOMAINS and _PLACE.match(plain, m.end):
            return True
    if before == " " and words.domain(m.name) in _TECHNICAL_DOMAINS and _PLACE_BEFORE.search(plain, max(0, m.start - 12), m.start):
        return True
    if before != " ":
        return before == "'" and _BODY_BEFORE.search(plain, max(0, m.start - _REACH), m.start) is not None
    word = plain[max(0, m.start - 16) : m.start - 1].rpartition(" ")[2]
    if not (word[:1].isupper() or word.lower() in _LINK_WORDS):  # SPEED: the pattern needs one of them
        return False
    return _BODY_BEFORE.search(plain, max(0, m.start - _REACH), m.start) is not None


def _employs(plain, start, end):
    """`at Oracle`; `Engineer, Oracle, 2018 - 2020`."""
    if _AT.search(plain, max(0, start - 8), start):
        return True
    opens, closes = plain[max(0, start - 2) : start].rstrip(" ")[-1:], plain[end : end + 2].lstrip(" ")[:1]
    if (opens and opens not in _ELEMENT) or (closes and closes not in _ELEMENT):
        return False
    line, stop = plain.rfind("\n", max(0, start - _NEAR), start) + 1, plain.find("\n", end, end + _NEAR)
    near = max(line, start - _NEAR), stop if stop >= 0 else min(len(plain), end + _NEAR)
    return _YEAR.search(plain, *near) is not None


def _short(plain, start, end, quote, before, after):
    """`R`, `C`, `Go` among other skills or after `in`; never `R&D`, `C-level`, `Series C`, `Go to market`."""
    if before in "&-'." or after in "&-'+#" or (quote == "Go" and _GO_VERB.match(plain, start)):
        return False
    near = plain[max(0, start - 16) : start]
    if _SHORT_REFUSED.search(near):
        return False
    opens = near.rstrip(" •*-\n") == "" or near[-1] == "\n"
    return bool(((opens or _SHORT_BEFORE.search(near)) and _SHORT_AFTER.match(plain, end)) or _SHORT_SURE.match(plain, end))
