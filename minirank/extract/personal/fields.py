"""Personal data that a label names: `Name: Jane Doe`, `| Nationality | Irish |`, a label above its value, columns of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator

from minirank.extract.personal.contact import Span, address_parts
from minirank.extract.personal.traits import DATE
from minirank.extract.personal.word_lists import word_lists

_MARKUP = " *#_\"'`>[]{}•~-.\\"
_SEPARATOR = re.compile(r"\s{3,}|[|•·;\t]")
_SIGNS = re.compile(r"[:：={|•·;\t]")
# Words of work too: labels only with a colon.
_OF_OTHERS = frozenset(
    "student|intern|employee|recruiter|hiring manager|line manager|supervisor|author|candidate|applicant|reference|references|referee"
    "|referees|signed|names"
    "|website|web|url|mail|street|family|health|race|medium|signal|portfolio|blog".split("|")
)
_INLINE_WORDS = frozenset(
    "nationality nationalitat staatsangehorigkeit staatsburgerschaft citizenship nationalite nacionalidad nazionalita cittadinanza"
    " nacionalidade obywatelstwo"
    " narodowosc гражданство date birth geburtsdatum geburtstag fecha data дата geboortedatum fodelsedatum fodselsdato dob d.o.b. d.o.b"
    " 生年月日 出生日期 出生年月 marital familienstand"
    " etat situation estado stato stan семейное zivilstand civil gender geschlecht sexe sexo sesso plec пол sex age alter edad eta idade"
    " wiek возраст religion"
    " konfession religione wyznanie".split()
)
_COLON, _COMMA = re.compile(r"[:：={]"), re.compile(",")
_LONGEST_LABEL, _LONGEST_VALUE = 34, 70
_AGE = re.compile(
    r"\D{0,6}\d{1,3}(?!\d| ?[-–+] ?\d|\+| (?:to|bis) \d)(?: ?(?:years?(?: old)?|yrs?|y/?o|jahre?(?: alt)?|ans|anos|anni|lat|лет|года?|ar"
    r"|jaar|岁|歲|歳|才|세))?"
)
_BODY = frozenset(  # labels of other things too: their values decide
    "health|health status|state of health|height|weight|gesundheit|gesundheitszustand|große|gewicht|korpergroße|etat de sante|taille"
    "|poids|salud"
    "|estatura|peso|рост|вес|здоровье|physical condition|medical condition|medical conditions|smoker|family|children|kinder|dependents"
    "|dependants"
    "|enfants|hijos|figli|filhos|dzieci|дети|kinderen".split("|")
)
_BODY_VALUE = re.compile(
    r"(?:\W|about|ca\.?)*(?:\d[\d.,'\" ]{0,6} ?(?:cm|m|kg|ft|lbs?|in|kinder|children|kids|\(|$|,|\")|excellent|very good|good|fit|sound"
    r"|none|no|nein|keine|kein|nil|n/a|yes|ja|sehr gut|gut|bonne?|buena|buona"
    r"|one|two|three|four|ein|zwei|drei|un|deux|trois|uno|dos|due|married|single|verheiratet|ledig|\d{1,2}\b)"
)
_ELEMENT = re.compile(r"<(?P<label>[\w:.-]{2,24})(?: [^<>\n]{0,80})?>\s{0,4}(?P<value>[^<>\n]{1,60}?)\s{0,4}</(?P=label)>")
_ATTRIBUTE = re.compile(r"(?<![\w.-])(?P<label>[\w:.-]{2,24})=(?P<sign>[\"'])(?P<value>[^<>\n\"]{1,60}?)(?P=sign)(?=[\s/>,)]|$)")
_NESTED = re.compile(r"\"(?:first|last|given|family|middle)\" ?: ?\"(?P<value>[^\"\n]{1,40})\"")
_OBJECT = re.compile(  # of JSON, also where all of it is one line
    r"\"(?:basics|person|personal(?:_?(?:info(?:rmation)?|details|data))?|candidate|applicant|contact(?:_?(?:info|details))?|profile|owner"
    r"|individual)\"\s?:\s?\{[^{}]{0,300}?\"name\"\s?:\s?\"(?P<value>[^\"\n]{1,60})\""
    r"|\"(?:full|first|last|given|family|candidate|applicant|middle)[_ -]?name\"\s?:\s?\"(?P<part>[^\"\n]{1,60})\""
)
_COLUMNS = frozenset(  # labels of a table's columns that say nothing of who it is
    "id no nr # title headline job role position skills experience company employer location city education level years summary"
    " department email e-mail mail phone telephone mobile score start end".split()
)
_RANGE = re.compile(r"(?:19|20)\d\d ?(?:-|to|bis) ?(?:(?:19|20)\d\d|present|heute|now)")
_ALONE = frozenset("NAME BIRTH AGE STATUS GENDER NATIONALITY BELIEF ID ADDRESS".split())  # kinds whose label may stand above its value
_NEVER_ALONE = frozenset(
    "student intern employee family health race candidate applicant reference referee referees references recruiter author supervisor"
    " street bild foto photo"
    " picture url web website blog portfolio medium signal threads"
    " born age sex pol nem gen din ad min cap zip stat status children names signed signature spouse kinder adres tên nom nume ime meno"
    " signal origine passport military service faith politics".split()
)
_INLINE = re.compile(  # a label in front of its value without a colon
    r"(?:nationality|nationalitat|staatsangehorigkeit|staatsburgerschaft|citizenship|nationalite|nacionalidad|nazionalita|cittadinanza"
    r"|nacionalidade|obywatelstwo|narodowosc|гражданство) {1,2}(?P<a>[^\W\d_][\w-]{2,20}(?:[ /,]{1,2}[^\W\d_][\w-]{2,20})?)$"
    rf"|(?:date of birth|birth date|geburtsdatum|geburtstag|date de naissance|fecha de nacimiento|data di nascita|data de nascimento"
    rf"|data urodzenia|дата рождения|geboortedatum|fodelsedatum|fodselsdato|d\.?o\.?b\.?|生年月日|出生日期|出生年月)"
    rf" {{1,2}}(?P<b>{DATE}.{{0,30}})$"
    r"|(?:marital status|familienstand|etat civil|situation familiale|estado civil|stato civile|stan cywilny|семейное положение"
    r"|zivilstand|civil status) {1,2}(?P<c>[^\W\d_][\w(),/ -]{2,30})$"
    r"|(?:gender|geschlecht|sexe|sexo|sesso|plec|пол|sex) {1,2}(?P<d>male|female|m|f|w|d|x|mannlich|weiblich|divers|homme|femme|masculin"
    r"|feminin|hombre|mujer|masculino|femenino|maschio|femmina|feminino|mezczyzna|kobieta|мужской|женский|non-binary)$"
    r"|(?:age|alter|edad|eta|idade|wiek|возраст) {1,2}(?P<e>[1-8]\d(?: ?(?:years|jahre|ans|anos|anni|lat|лет)(?: old| alt)?)?)$"
    r"|(?:religion|konfession|religione|wyznanie) {1,2}(?P<f>[^\W\d_][\w.-]{2,20})$"
)


class Field:
    """A label and its value: `kind` of the label, `start` where the label begins, `value` (start, end)."""

    __slots__ = ("kind", "label", "start", "value")

    def __init__(self, kind: str, label: str, start: int, value: tuple[int, int]) -> None:
        self.kind, self.label, self.start, self.value = kind, label, start, value


def find_fields(flat: str) -> list[Field]:
    """Every field with a label of words.json in a folded text; labels with a colon, in cells, or above their values."""
    found: list[Field] = []
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", flat)]
    labels_known = word_lists().traits
    if "</" in flat or '="' in flat or "='" in flat:
        found += _marked_up(flat)
    if '"name"' in flat and _NESTED.search(flat):
        found += [Field("NAME", "first name", *m.span("value")[:1], m.span("value")) for m in _NESTED.finditer(flat)]
    if 'name"' in flat:
        spans = [m.span(m.lastgroup or "value") for m in _OBJECT.finditer(flat)]
        found += [Field("NAME", "name", span[0], span) for span in spans]
    columns: list[tuple[str | None, str]] = []
    separator = _SEPARATOR  # of the columns
    below: tuple[str, str, int] | None = None  # the kind, the label and the place of a label whose value comes on the next line
    for start, end in lines:
        line = flat[start:end]
        if not (columns or below) and "   " not in line and _SIGNS.search(line) is None:
            plain = line.strip(_MARKUP)
            if plain not in labels_known and plain.split(" ", 1)[0] not in _INLINE_WORDS and plain.split(",", 1)[0] not in labels_known:
                continue
        cells = _cells(line, start)
        if columns:
            row = _cells(line, start, separator)
            if not line.strip(" |-:\t="):
                continue
            if len(row) == len(columns):
                found += [Field(kind, label, a, (a, b)) for (kind, label), (a, b) in zip(columns, row, strict=True) if kind is not None]
                continue
            columns = []
        if not cells:
            continue
        if below is not None:
            kind, label, place = below
            below = None
            if len(cells[0]) and cells[0][1] - cells[0][0] <= _LONGEST_VALUE and ":" not in line and _label(flat[slice(*cells[0])]) is None:
                found.append(Field(kind, label, place, cells[0]))
        labels = [_label(flat[a:b]) for a, b in cells]
        if heads := _columns(flat, cells, labels):
            columns, separator = heads, _SEPARATOR
            continue
        if "," in line and ":" not in line and "|" not in line:
            row = _cells(line, start, _COMMA)
            if heads := _columns(flat, row, [_label(flat[a:b]) for a, b in row]):
                columns, separator = heads, _COMMA
                continue
        for n, ((a, b), named) in enumerate(zip(cells, labels, strict=True)):
            if named is not None and n + 1 < len(cells):
                if flat[a:b] in _OF_OTHERS:
                    continue
                if (
                    labels[n + 1] is None
                    and ":" not in flat[slice(*cells[n + 1])][:_LONGEST_LABEL]
                    and not flat[a:b].rstrip().endswith(":")
                ) or flat[a:b].rstrip().endswith(":"):
                    found.append(Field(named, flat[a:b].strip(_MARKUP + ":"), a, cells[n + 1]))
            elif named in _ALONE and len(cells) == 1:
                label = flat[a:b].strip(_MARKUP + ":")
                if label not in _NEVER_ALONE or flat[a:b].rstrip().endswith(":"):
                    below = named, label, a
            elif named is None:
                found += _with_colons(flat, a, b)
                if flat[a:b].split(" ", 1)[0] in _INLINE_WORDS and (m := _INLINE.match(flat[a:b])) is not None:
                    named = {"a": "NATIONALITY", "b": "BIRTH", "c": "STATUS", "d": "GENDER", "e": "AGE", "f": "BELIEF"}[m.lastgroup or "a"]
                    found.append(Field(named, "", a, (a, b)))
    return found


def _columns(flat: str, cells: list[tuple[int, int]], labels: list[str | None]) -> list[tuple[str | None, str]]:
    """The kind and the label of each column, where a line is the head of a table; else nothing."""
    if len(cells) < 3 or not any(labels):
        return []
    known = [kind is not None or flat[a:b] in _COLUMNS for kind, (a, b) in zip(labels, cells, strict=True)]
    if sum(known) < 2 or not (all(known) or (labels[0] and labels[1])):
        return []
    return [(kind, flat[a:b].strip(_MARKUP)) for kind, (a, b) in zip(labels, cells, strict=True)]


def _marked_up(flat: str) -> Iterator[Field]:
    """`<lastName>Doe</lastName>` and `name="Jane Doe"`."""
    for pattern in (_ELEMENT, _ATTRIBUTE):
        for m in pattern.finditer(flat):
            label = re.sub(r"^.*[.:]", "", m["label"]).replace("-", " ").replace("_", " ")
            kind = word_lists().traits.get(label) or word_lists().traits.get(label.replace(" ", ""))
            if kind is not None:
                yield Field(kind, label, m.start("value"), m.span("value"))


def _cells(line: str, start: int, separator: re.Pattern[str] = _SEPARATOR) -> list[tuple[int, int]]:
    """(start, end) of the cells of a line that hold something, without the blanks around them."""
    found, a = [], 0
    for b, past in (*[m.span() for m in separator.finditer(line)], (len(line), len(line))):
        cell = line[a:b]
        if cell and not cell.isspace():
            found.append((start + a + len(cell) - len(cell.lstrip()), start + a + len(cell.rstrip())))
        a = past
    return found


def _label(cell: str) -> str | None:
    """The kind of a cell that is a label."""
    if len(cell) > _LONGEST_LABEL + 6:
        return None
    return word_lists().traits.get(cell.strip(_MARKUP + ":").strip())


def _with_colons(flat: str, start: int, end: int) -> Iterator[Field]:
    """Fields of a cell: `Name: Jane Doe, born: 1985`, `"name": "Jane Doe",`, `\\name{Jane}{Doe}`."""
    if _COLON.search(flat, start, end) is None:
        return
    found: list[tuple[int, int, str, str]] = []  # where the label and the value begin, the kind, the label
    for m in _COLON.finditer(flat, start, end):
        colon = m.start()
        low = max(found[-1][1] if found else start, colon - _LONGEST_LABEL - 8)
        before = flat[low:colon]
        for opened in (*(b.end() for b in re.finditer(r"[,(/]\s?|\d[.)] |\s[-–] |\s{2,}|\. ", before)), None):
            # The longest label first: `name, vorname:` before `vorname:`.
            at = 0 if opened is None else opened
            if opened is None and low != start and low != (found[-1][1] if found else start):
                continue
            if (kind := word_lists().traits.get(before[at:].strip(_MARKUP).strip())) is not None:
                begin = low + at + len(before[at:]) - len(before[at:].lstrip(_MARKUP))
                found.append((begin, colon + 1, kind, before[at:].strip(_MARKUP).strip()))
                break
    for n, (begin, value, kind, label) in enumerate(found):
        stop = found[n + 1][0] if n + 1 < len(found) else end
        while value < stop and flat[value] in _MARKUP + ":,（(":
            value += 1
        if stop > value:
            yield Field(kind, label, begin, (value, stop))


def spans_of(field: Field, flat: str) -> list[Span]:
    """What of a field is masked; names are left to `names`."""
    start, (a, b) = field.start, field.value
    value = flat[a:b].rstrip(" ,.;)}]\"'*_|")
    if (other := re.search(r"[,;.] ?[^\W\d_][\w /-]{2,24}[:：]", value)) is not None:  # the next field, whose label is nobody's
        value = value[: other.start()]
    b = a + len(value)
    if not value.strip() or field.kind == "NAME":
        return []
    if field.kind == "ADDRESS":
        return address_parts(flat, a, b)
    if field.kind == "HANDLE":
        m = re.match(r"@?[\w./:?=&%+@~-]{3,120}$", value)
        known = m is not None and (re.search(r"[\d@/_.]|\w-\w", value) or value.isalpha())
        return [(a, b, "URL")] if known else []
    if field.kind == "AGE":
        m = _AGE.match(value)
        return [(start, a + m.end(), "AGE")] if m is not None else []
    if field.kind == "ID":
        return [(a, b, "ID")] if any(c.isdigit() for c in value) and len(value) <= 40 else []
    if field.kind == "BIRTH" and not any(c.isdigit() for c in value) and len(value) > 40:
        return []
    if field.label in _BODY and _BODY_VALUE.match(value) is None:
        return []
    if _RANGE.search(value) or len(value) > _LONGEST_VALUE:
        m = re.match(r"[^,.(]{1,40}", value)
        if m is None or _RANGE.search(m[0]) or field.kind not in ("GENDER", "NATIONALITY", "STATUS", "BIRTH"):
            return []
        b = a + len(m[0].rstrip())
    if field.kind in ("GENDER", "NATIONALITY", "BELIEF", "STATUS") and ", " in value and b - a > 40:
        b = a + value.index(", ")
    return [(start, b, field.kind)]
