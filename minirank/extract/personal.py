"""Personal data in a text: e-mail addresses, links, phone numbers and names are masked before it leaves the machine.

Names are found by heuristics: a label (`Name: ...`), a form of address (`Dr. ...`), or the first line of a resume when
it looks like a name; each one is then masked wherever it or one of its parts stands. A name that only stands in running
text, or alone in lower case, gets through.
"""

from __future__ import annotations

import re

from minirank.extract.rules.lexicon import Tokens, lexicon

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}\s?(?:@|＠|\(at\)|\[at\])\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_URL = re.compile(
    r"(?i)\b(?:https?://|www\.)[^\s<>()\[\]{}|\"']{2,300}"
    r"|\b(?:[\w-]{1,40}\.){0,2}(?:linkedin|github|gitlab|xing|twitter|facebook|instagram|medium|behance|kaggle)"
    r"\.(?:com|org|io|net)/[^\s<>()\[\]{}|\"']{1,200}"
)
_PHONE = re.compile(r"(?<![\w.])(?:\+|\(?\d)\(?\d[\d \u00a0()./-]{4,18}\d(?!\w)")
_PHONE_LABEL = re.compile(r"(?i)(?:tel(?:ephone|efon|\.)?|phone|mobile|mobil|cell|fax|call|whatsapp|电话|手机|電話|携帯)\W{0,4}$")
_YEARS = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")

_UPPER, _LOWER = r"A-Z\u00c0-\u00d6\u00d8-\u00de", r"a-z\u00df-\u00f6\u00f8-\u00ff\u0100-\u017f"
_PART = rf"[{_UPPER}][{_UPPER}{_LOWER}'’-]{{1,24}}"
_NAME = rf"{_PART}(?: (?:[{_UPPER}]\.|(?:de|da|del|van|von|der|den|di|la|le|bin|al|el|ter)|{_PART})){{0,3}} {_PART}"
_FIRST_LINE = re.compile(rf"\W{{0,4}}(?P<name>{_NAME})[ ,]{{0,2}}(?=$|[\n|•·;,(]| - |, )")
_LABELLED = re.compile(
    rf"\b(?i:name|candidate|applicant|contact(?: person)?|referee|hiring manager|recruiter|ansprechpartner(?:in)?)"
    rf"[ ]?[:：][ ]{{0,3}}(?P<name>{_NAME})"
)
_ADDRESSED = re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau)\.? (?:(?:Dr|Prof)\. )?(?P<name>{_PART}(?: {_PART})?)")
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严武戴莫孔向汤"
)
_HAN_NAME = re.compile(
    rf"(?:姓名|名前|氏名|联系人)\s{{0,2}}[:：]?\s{{0,3}}(?P<labelled>[\u4e00-\u9fff]{{2,4}})"
    rf"|\A\s{{0,4}}(?P<first>[{_SURNAMES}][\u4e00-\u9fff]{{1,2}})(?=$|[\s|，,])"
)
_NO_NAME = frozenset(
    "curriculum vitae resume résumé lebenslauf profile summary skills experience education contact personal details"
    " information professional work employment history about me objective references university college school street"
    " road avenue city gmbh inc ltd llc group company team solutions services technologies remote berlin london"
    " paris san new york".split()
)


def find_personal(text: str, names: bool = True) -> list[tuple[int, int, str]]:
    """(start, end, kind) of personal data, sorted, without overlaps; kind is EMAIL, URL, PHONE or NAME."""
    found = [(m.start(), m.end(), "EMAIL") for m in _EMAIL.finditer(text)]
    found += [(m.start(), len(m[0].rstrip(".,;:")) + m.start(), "URL") for m in _URL.finditer(text)]
    found += [(m.start(), m.end(), "PHONE") for m in _PHONE.finditer(text) if _is_phone(text, m)]
    if names:
        found += [(start, end, "NAME") for start, end in _names(text)]
    kept, reached = [], 0
    for start, end, kind in sorted(found, key=lambda f: (f[0], -f[1])):
        if start >= reached:
            kept.append((start, end, kind))
            reached = end
    return kept


def _is_phone(text: str, m: re.Match) -> bool:
    """Long enough, and neither a span of years nor a plain number without a sign of a phone."""
    digits = sum(c.isdigit() for c in m[0])
    if not 7 <= digits <= 15:
        return False
    if m[0].startswith(("+", "00")) or _PHONE_LABEL.search(text, max(0, m.start() - 16), m.start()):
        return True
    parts = len(re.findall(r"\d+", m[0]))
    return not _YEARS.search(m[0]) and digits >= 9 and (m[0].startswith(("0", "(")) or parts > 2)


def _names(text: str) -> list[tuple[int, int]]:
    """Spans of names and, once a name is known, of its parts."""
    candidates = [m["name"] for pattern in (_LABELLED, _ADDRESSED) for m in pattern.finditer(text)]
    first = _FIRST_LINE.match(text)
    if first is not None and not _known_words(first["name"]):
        candidates.append(first["name"])
    candidates += [m["labelled"] or m["first"] for m in _HAN_NAME.finditer(text)]
    parts = set()
    for name in candidates:
        words = name.split()
        if not _NO_NAME & {word.lower() for word in words}:
            for part in (name, *(word for word in words if len(word) > 2 and not word.islower())):
                parts |= {part, part.title(), part.upper()}
    if not parts:
        return []
    longest_first = "|".join(re.escape(part) for part in sorted(parts, key=lambda part: (-len(part), part)))
    latin = re.compile(rf"(?<![\w])(?:{longest_first})(?![\w])")
    spaced = [m.span() for m in latin.finditer(text)]
    unspaced = [part for part in parts if "\u4e00" <= part[0] <= "\u9fff"]
    return spaced + [m.span() for part in unspaced for m in re.finditer(re.escape(part), text)]


def _known_words(name: str) -> bool:
    """Whether the lexicon knows a title, a skill or a level in it: `Data Engineer`, `Machine Learning`."""
    words, tokens = lexicon(), Tokens(name)
    return bool(words.titles.scan(tokens) or words.levels.scan(tokens) or words.facts.scan(tokens))
