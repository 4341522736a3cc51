"""How a person is reached: e-mail addresses, links, telephone numbers, and where in a place somebody lives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import repeat

from minirank.extract.personal.word_lists import is_east_asian

Span = tuple[int, int, str]  # start, end, kind

# SPEED: found by its @, then read to both sides.
_AT = re.compile(r"\s?[@＠]\s?|\s?[(\[{] ?at ?[)\]}]\s?| at (?=[\w-]{1,63} dot )")
_LOCAL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}$")
_HOST = re.compile(r"[\w-]{1,63}(?:(?:\.|\s?[(\[{] ?dot ?[)\]}]\s?| dot )[\w-]{1,63}){1,4}(?![\w@])")
_URL = re.compile(
    r"\b(?:https?://|www\.)[^\s<>()\[\]{}|\"']{2,300}"
    r"|\b(?:[\w-]{1,40}\.){0,2}(?:linkedin|github|gitlab|bitbucket|xing|twitter|x|facebook|instagram|medium|behance|dribbble|kaggle|t|wa"
    r"|vk|stackoverflow|researchgate|orcid|about|linktr|bit|youtube|tiktok|notion|calendly|codepen|hashnode|dev|scholar\.google)"
    r"\.(?:com|org|io|net|me|ee|ly|to|ru|site|in)/[^\s<>()\[\]{}|\"']{1,200}"
    r"|\b[\w-]{1,40}\.(?:github|gitlab|netlify|vercel|wordpress|blogspot|medium|substack|tumblr|carrd|webflow|wixsite)\.(?:io|com|app"
    r"|co)\b(?:/\S{0,200})?"
    r"|(?<![\w/])in/(?=\w{0,30}[-\d])[\w%-]{3,60}"
)
_LINKED = (
    "://",
    "www.",
    ".com/",
    ".org/",
    ".io",
    ".net/",
    ".me/",
    ".ee/",
    ".ly/",
    ".to/",
    ".ru/",
    ".site/",
    ".app",
    ".co",
    " in/",
    "\nin/",
    "|in/",
)
_LINK_SIGN, _REST = re.compile(r"[./](?=\S)"), re.compile(r"\S*")
_BEFORE_SIGN = 40  # characters of a link before its first dot or slash, at most
_HANDLE = re.compile(r"(?<![\w@./])@[a-z][\w.]{2,30}(?![\w@/(])")
# SPEED: one character class in front lets the engine skip from candidate to candidate.
_PHONE = re.compile(r"[+(\d](?<![\w.].)(?:(?<=\()\d)?\(?\d[\d \u00a0()./-]{4,18}\d(?!\w)")
_PHONE_LABEL = re.compile(
    r"(?:tel(?:ephone|efon\w{0,2}|\.)?|phone|mobile|mobil|movil|cell|fax|call|handy|whatsapp|тел\w{0,6}|电话|手机|電話|携帯|전화|휴대폰|الهاتف"
    r"|جوال)\W{0,4}$"
)
_YEARS = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_MONEY = re.compile(r"(?:[1-9]\d{0,2}(?:[. ]\d{3})?[. ])?\d00 ?- ?[1-9]\d{0,2}(?:[. ]\d{3})?[. ]\d00")  # `35.000 - 40.000`

_STREET_WORDS = (
    "street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|square|sq|place|terrace|way|close|crescent|gardens|grove"
    "|highway|hwy|parkway|pkwy|row|walk|mews|circle|cir|trail|quay|alley|plaza|house"
)
# Each with words of which one must stand in the text, or endings of words, and with parts of which one must, too, where words tell little.
# House number first, then last; flats; boxes; other scripts.
_SUFFIXES = tuple(
    "strasse straße str weg gasse platz allee ufer damm chaussee straat laan plein gracht dijk singel gatan vagen vej"
    " veien katu utca".split()
)
_ENDS = frozenset(suffix[-3:] for suffix in _SUFFIXES)
_STREETS = tuple(
    (
        frozenset(re.findall(r"[^\W\d_]+", signs)),
        _SUFFIXES if signs.startswith("str|weg") else (),
        "".join(parts).split(),
        re.compile(pattern),
    )
    for signs, pattern, *parts in (
        (
            _STREET_WORDS,
            rf"(?<![\w.,/-])(?:flat|apt\.?|apartment|unit|suite)?\s?\d{{1,5}}[a-z]?(?:[-/]\d{{1,5}}[a-z]?)?,? (?:[nsew]\.? )?"
            rf"(?:[^\W_][\w.'-]{{0,20}} ){{1,4}}(?:{_STREET_WORDS})\b\.?(?! of\b)(?: (?:[nsew]|[ns][ew])\b)?",
        ),
        (
            "str|weg|gasse|platz|allee|ufer|damm|laan|plein|gracht|gatan|vagen|vej|veien|katu|utca|singel|dijk",
            r"(?:(?<=[^\W\d_])|\b)(?:strasse|straße|str\.|weg|gasse|platz|allee|ufer|damm|chaussee|straat|laan|plein|gracht|dijk|singel"
            r"|gatan|vagen|vej|veien|katu|utca)(?: ?(?!(?:19|20)\d\d\b)\d{1,4} ?(?:[a-z]\b)?(?:[/-]\d{1,4})?)",
        ),
        (
            "rue|avenue|av|boulevard|bd|place|chemin|impasse|quai|allee|cours|route",
            r"\b\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|avenue|av\.?|boulevard|bd|place|chemin|impasse|quai|allee|cours|route)"
            r" (?:(?:de|du|des|la|le|les|l'|d'|et) ?){0,3}[^\W\d_][\w'-]{1,30}(?: [^\W\d_][\w'-]{1,30}){0,3}",
        ),
        (
            "calle|c/|avda|avenida|plaza|paseo|carrer|via |viale|piazza|corso|rua|travessa|largo|praca|strada|str. |bulevardul|carrera"
            "|cra|ul.|al.|os.|pl.|ulica",
            r"(?<!\w)(?:calle|c/|avda\.?|avenida|plaza|paseo|carrer|via|viale|piazza|corso|rua|travessa|largo|praca|strada|str\."
            r"|bulevardul|carrera"
            r"|cra\.?|ul\.|ulica|al\.|os\.|pl\.) ?[^\W\d_][\w'. -]{1,40}?,? ?(?:n[.ºo°]{0,2} ?|nr\.? ?|# ?)?\d{1,4}[a-z]?\b(?: ?[/-]"
            r" ?\d{1,4}| ?m\. ?\d{1,4})?"
            r"(?:, ?\d{1,2} ?[ºª°](?: ?[a-z]\b)?)?(?:, ?(?:piso|apto|apt|ap|m|lok)\.? ?\d{1,4})?",
        ),
        (
            "ул|просп|пер.|вул|д.|дом|кв",
            r"(?<!\w)(?:ул\.|улица|вул\.|пр\.|просп\.|проспект|пер\.|переулок) ?[^\W\d_][\w .-]{1,40}?,? ?(?:д\.|дом|буд\.)?"
            r" ?\d{1,4}[^\W\d_]?"
            r"(?:, ?(?:к\.|корп\.|стр\.) ?\d{1,3})?(?:, ?(?:кв\.|квартира) ?\d{1,4})?",
        ),
        (
            "apt|apartment|flat|suite|p.o|po box|postfach|apartado|top ",
            r"(?<!\w)(?:apt|apartment|flat|suite)\.? ?(?:no\.? ?)?#?\d{1,5}[a-z]?\b|(?<!\w)(?:p\.? ?o\.? ?box|postfach|apartado(?:"
            r" postal)?) ?\d{1,6}",
            "apt apartment flat suite box postfach apartado",
        ),
        (
            "mah|sok|cad",
            r"\b(?:[^\W\d_]{2,20} ){1,2}(?:mah|mahallesi|sok|sokak|cad|caddesi)\b\.?,? ?(?:[^\W\d_]{2,20} (?:sok|sokak|cad"
            r"|caddesi)\b\.?,? ?)?no ?: ?\d{1,4}"
            r"(?:[/, ]{1,2}(?:d|daire) ?: ?\d{1,3})?",
        ),
        (
            "",
            r"(?:(?<=[市区區都府県县省])|(?<![\u4e00-\u9fff]))[\u4e00-\u9fff]{1,8}(?:区|區)?[\u4e00-\u9fff]{0,8}(?:路|街|大道|巷|弄|丁目|町)"
            r" ?[\d一二三四五六七八九十]{0,5}[\u4e00-\u9fff\d-]{0,20}"
            r"|(?<=[市区區都府県])[\u4e00-\u9fff]{1,10}\d{1,3}(?:-\d{1,3}){1,2}",
        ),
    )
)
_ROMANCE = frozenset(
    "calle avda avenida plaza paseo carrer via viale piazza corso rua travessa largo praça praca strada str bulevardul"
    " carrera cra al os".split()
)
_FRENCH = frozenset("rue avenue av boulevard bd place chemin impasse quai allée cours route bis ter".split())
_PLAIN_WORDS = frozenset("drive dr place way close row walk court ct house trail circle st square alley gardens grove terrace".split())
_POSTCODE = re.compile(
    r"(?<![\w.+/-])(?:(?:[a-z]{1,2}[- ])?\d{5}(?:-\d{4})?(?= [^\W\d_]{3})|\d{2}-\d{3}(?= [^\W\d_])|\d{4}-\d{3}(?= [^\W\d_])|\d{3}"
    r" \d{2}(?= [^\W\d_]{3})"
    r"|\d{4} ?[a-z]{2}(?= [^\W\d_]{3})|〒? ?\d{3}-\d{4}(?!\d)|(?<= [a-z]{2} )\d{5}(?:-\d{4})?(?![\w-])"
    r"|[a-z]{1,2}\d[a-z\d]? \d[a-z]{2}(?!\w)|[a-z]\d[a-z] ?\d[a-z]\d(?!\w)|\d{6}(?= [^\W\d_]{3}|$|\n))"
)
_CODE_LIKE = re.compile(r"\d(?:\d{4}|\d-\d{3}|[a-z]|\d\d \d\d|\d{3} ?[a-z]{2} |\d\d-\d{4})")
_SHORT_POSTCODE = re.compile(r"(?<![\w.+/-])(?:[a-z]{1,2}-)?\d{4,6}(?![\w-])")
_BESIDE = re.compile(
    r"house|apartment|flat|building|floor|block|tower|villa|near |opp\.?|c/o|sector|colony|nagar|phase|plot|street|road|avenue|lane"
    r"|strasse|straße|rue |calle|ulica|ул"
)
HEADER_LINES = 14  # that may hold an address without a label


def find_contacts(text: str, flat: str) -> list[Span]:
    """EMAIL, URL and PHONE.

    Args:
        text: str.
        flat: its folded form, same length.
    """
    found: list[Span] = []
    if any(map(flat.__contains__, ("@", "＠", "at)", "at]", "at}", " dot ", "at )", "at ]"))):
        for a, b in _ats(flat):
            local, host = _LOCAL.search(flat[max(0, a - 66) : a]), _HOST.match(flat, b)
            if local is not None and host is not None:
                found.append((a - len(local[0]), host.end(), "EMAIL"))
        if "@" in flat:
            found += [(m.start(), m.end(), "URL") for m in _HANDLE.finditer(flat[: flat.find("\n", 400) + 1 or 400])]
    if any(map(flat.__contains__, _LINKED)):
        found += [(m.start(), len(m[0].rstrip(".,;:")) + m.start(), "URL") for m in _links(flat)]
    return found + [(m.start(), m.end(), "PHONE") for m in _PHONE.finditer(text) if _is_phone(flat, m)]


def _links(flat: str) -> Iterator[re.Match[str]]:
    """Links, each in one piece without blanks. SPEED: the pattern is tried in pieces that have one of its signs."""
    end = 0
    for sign in _LINK_SIGN.finditer(flat):
        if sign.start() >= end and (rest := _REST.match(flat, sign.start())) is not None:
            begin, end = max(end, sign.start() - _BEFORE_SIGN), rest.end()
            yield from _URL.finditer(flat, begin, end)


def _ats(flat: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each sign that may part an address, with the blanks around it."""
    if "＠" in flat or "at)" in flat or "at]" in flat or "at}" in flat or "at )" in flat or " dot " in flat:
        yield from (m.span() for m in _AT.finditer(flat))
        return
    at = flat.find("@")
    while at >= 0:
        yield at - (flat[at - 1 : at] == " "), at + 1 + (flat[at + 1 : at + 2] == " ")
        at = flat.find("@", at + 1)


def _is_phone(flat: str, m: re.Match) -> bool:
    """Long enough, and neither a span of years or of pay nor a plain number without a sign of a phone."""
    digits = sum(c.isdigit() for c in m[0])
    if not 7 <= digits <= 15:
        return False
    if _PHONE_LABEL.search(flat, max(0, m.start() - 16), m.start()):
        return True
    if _MONEY.fullmatch(m[0]):
        return False
    if m[0].startswith(("+", "00")):
        return True
    parts = len(re.findall(r"\d+", m[0]))
    return not _YEARS.search(m[0]) and digits >= 9 and (m[0].startswith(("0", "(")) or parts > 2)


def find_streets(text: str, flat: str, words: set[str]) -> list[Span]:
    """ADDRESS: streets with their numbers, flats, boxes anywhere; postcodes beside them and among the first lines.

    The place itself stays: where somebody works is a feature.
    """
    found: list[tuple[int, int]] = []
    ends = not _ENDS.isdisjoint([word[-3:] for word in words])  # SPEED: before each ending is tried on each word
    endings = {_SUFFIXES} if ends and any(map(str.endswith, words, repeat(_SUFFIXES))) else set()
    for signs, ending, parts, pattern in _STREETS:
        if ending in endings if ending else not signs.isdisjoint(words) or (not signs and is_east_asian(text)):
            if parts and not any(map(flat.__contains__, parts)):
                continue
            for m in pattern.finditer(flat):
                start = _street_start(text, m.start())
                if _is_street(text, start, m):
                    found.append((start, m.end()))
    found += _beside_postcodes(text, flat)
    for _, end in tuple(found):  # the rest of the line may hold a postcode
        line_end = flat.find("\n", end)
        line_end = len(flat) if line_end < 0 else line_end
        stop = min(line_end, end + 60)
        found += [m.span() for pattern in (_POSTCODE, _SHORT_POSTCODE) for m in pattern.finditer(flat, end, stop)]
        if line_end - end <= 3 and (code := _SHORT_POSTCODE.match(flat, line_end + 1)):  # the line below
            found.append(code.span())
    return [(start, end, "ADDRESS") for start, end in found]


def _street_start(text: str, start: int) -> int:
    """Where the word begins in which a match begins, and a capitalised word before a street that is a word of its own."""
    begin = start
    while begin > 0 and start - begin < 30 and (text[begin - 1].isalpha() or text[begin - 1] in "-'"):
        begin -= 1
    if (
        (
            begin == start
            and text[start : start + 1].isalpha()
            and (m := re.search(r"[^\W\d_][\w.-]{1,24} $", text[max(0, start - 26) : start]))
        )
        and m[0][0].isupper()
        and not text[start].islower()
    ):
        begin = start - len(m[0])
    return begin


def _is_street(text: str, start: int, m: re.Match) -> bool:
    """Not a number and words in small letters: `2 ways`, `in 2019 drive`."""
    words = re.findall(r"[^\W\d_]{2,}", text[start : m.end()])
    if (
        words
        and words[0].lower() in _ROMANCE
        and not (text[start].isupper() and len(words) > 1 and (words[1][0].isupper() or len(words[1]) < 4))
    ):
        return False
    if not words or re.match(r"(?:19|20)\d\d [^,]*(?:drive|way|place|court|house|row|walk|close|st|dr)$", m[0]):
        return False
    if m[0][0].isdigit() and words[0][0].islower() and words[0] not in _FRENCH and not text[start : m.end()].islower():
        return False  # `50 start-ups in St. Gallen`
    return any(not word[0].islower() for word in words) and (words[-1][0].isupper() or words[-1].lower() not in _PLAIN_WORDS)


def _beside_postcodes(text: str, flat: str) -> list[tuple[int, int]]:
    """Postcodes of the first lines, and what has a number in front of them: `Am Markt 3, 10115 Berlin`."""
    found: list[tuple[int, int]] = []
    begin = 0
    above = (0, 0)
    if _CODE_LIKE.search(flat, 0, 900) is None:
        return found
    for line in flat.split("\n", HEADER_LINES)[:HEADER_LINES]:
        m = _POSTCODE.search(line) if _CODE_LIKE.search(line) else None
        if m is not None and _is_postcode(text, begin, m):
            found.append((begin + m.start(), begin + m.end()))
            before = re.search(r"(?:^|[|•·;:\t])([^|•·;:\t]{0,60}\d[^|•·;:\t]{0,20}?)[ ,]{1,2}$", line[: m.start()])
            if before is not None:
                found.append((begin + before.start(1) + len(before[1]) - len(before[1].lstrip()), begin + before.end(1)))
            elif m.start() < 3 and re.fullmatch(r"[^\W\d_][\w .'-]{2,40} \d{1,4} ?[a-z]?", flat[slice(*above)]):
                found.append(above)
        above = (begin, begin + len(line))
        begin += len(line) + 1
    return found


def _is_postcode(text: str, begin: int, m: re.Match) -> bool:
    """Behind nothing, a comma or the place, in capitals, and before a capitalised place."""
    before, after = text[begin : begin + m.start()].rstrip(), text[begin + m.end() : begin + m.end() + 2].strip()
    spelled = text[begin + m.start() : begin + m.end()]
    return (
        (not before or before[-1] in ",|•·;" or before[-1].isalnum()) and not after[:1].islower() and not any(c.islower() for c in spelled)
    )


def address_parts(flat: str, start: int, end: int) -> list[Span]:
    """ADDRESS in the value of an `Address:` field: all but the place at its end."""
    found, position = [], start
    pieces = [(m.start(), m.end()) for m in re.finditer(r"[^,]+", flat[start:end])]
    last = max(
        (
            n
            for n, (a, b) in enumerate(pieces)
            if re.search(r"\d", flat[start + a : start + b]) or _BESIDE.search(flat, start + a, start + b)
        ),
        default=-1,
    )
    for n, (a, b) in enumerate(pieces):
        if n > last:
            break
        piece, begin = flat[start + a : start + b], start + a
        begin += len(piece) - len(piece.lstrip())
        stop = start + a + len(piece.rstrip())
        code = re.match(r"(?:[a-z]{1,2}-)?[\d-]{4,9}(?: ?[a-z]{2}\b)?(?= [^\W\d_]{3})", flat[begin:stop])
        tail = (
            re.search(r"(?<=[^\W\d_] )(?:[a-z]{1,2}\d[a-z\d]? \d[a-z]{2}|[\d-]{4,10})$", flat[begin:stop])
            if n == len(pieces) - 1 or n == last
            else None
        )
        if code is not None and n:
            found.append((begin, begin + code.end(), "ADDRESS"))
        elif tail is not None and n:
            found.append((begin + tail.start(), stop, "ADDRESS"))
        elif stop > begin:
            found.append((begin, stop, "ADDRESS"))
        position = stop
    return found if position else []
