"""What looks like a name: capitalised words, particles and initials, and the signs for and against that lists and addresses give."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from minirank.extract.personal.contact import Span
from minirank.extract.personal.word_lists import fold, is_east_asian, word_lists

# Letters, and the signs that scripts such as Devanagari, Thai or Arabic put on them.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0dff\u0e30-\u0e4e"
WORD = re.compile(rf"(?:[^\W\d_]|[{_MARKS}])(?:[^\W\d_]|[{_MARKS}]|['.-](?=[^\W\d_]))*\.?")
CASELESS = re.compile("[\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f\u10a0-\u10ff\u1200-\u137f]")
HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严武戴莫孔向汤張劉陳楊黃趙吳孫馬羅鄭梁謝許韓馮鄧蕭葉蘇呂盧鍾譚陸"
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)
_LABELLED = re.compile(r"(?m)^[ *#_]{0,3}([a-h]|[ivx]{1,4})[.)] ")
_LABELS = ("a b c d e f g h".split(), "i ii iii iv v vi vii viii".split())
_DOTTED = re.compile(r"[^\W\d_]{2}\.[^\W\d_]")  # `node.js`, and no initials
_JOBS = re.compile(
    r"(?:ician|ologist|ographer|ineer|ngineer|eveloper|anager|analyst|grammer|ntist|iatrist|erapist|ultant|signer|chitect"
    r"|onomist)s?$"
)
SMALL_WORDS = frozenset(
    "i'm hi hello hey dear the a an of in for and or to with at on by as is are we our you your i my und der die das et le les la de en"
    " y los e os il gli in"
    " von zu mit fur bei since seit depuis desde dal od vanaf sinds sedan siden from until till bis".split()
)


class Word:
    """A word of a name: its text, its folded form without a dot, its place."""

    __slots__ = ("end", "flat", "start", "text")

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text, self.start, self.end = text, start, end
        self.flat = fold(text).removesuffix("'s").strip(".'")


def marks(length: int, spans: Iterable[tuple[int, int]]) -> bytearray:
    """A byte for each character of a text, 1 inside of spans: one look tells, however many spans there are."""
    marked = bytearray(length)
    for start, end in spans:
        marked[start:end] = b"\1" * (end - start)
    return marked


class NameReader:
    """Collects the names of a text; each is a tuple of Words.

    `taken`, `blocked`: of `marks`, where contacts and names of files, where known organisations and works stand.
    """

    def __init__(self, text: str, flat: str, words: set[str], contacts: list[Span]) -> None:
        self.text, self.flat, self.words = text, flat, words
        self.east_asian = is_east_asian(text)
        self.lists = word_lists()
        self.slugs = _slugs(flat, contacts)
        self.taken = marks(len(flat), ((start, end) for start, end, _ in contacts))
        self.names: list[tuple[Word, ...]] = []
        self.spans: list[tuple[int, int]] = []
        entities = (m.span() for entity in self._entities() for m in re.finditer(rf"(?<!\w){re.escape(entity)}", flat))
        self.blocked = marks(len(flat), entities)
        self.person = False  # whether the header told the person's name

    def _entities(self) -> Iterator[str]:
        known = self.lists.entities
        for first in known.keys() & self.words:
            yield from (entity for entity in known[first] if entity in self.flat)

    def add(self, name: Iterable[Word]) -> None:
        """A name, with its span."""
        found = tuple(name)
        if found and len(found[0].flat) < 5 and self._opens_section(found[0]):
            return
        if found and self.blocked.find(1, found[0].start, found[-1].end) < 0:
            self.names.append(found)
            lines = [n for n in range(1, len(found)) if "\n" in self.text[found[n - 1].end : found[n].start]]
            for first, past in zip([0, *lines], [*lines, len(found)], strict=True):
                self.spans.append((found[first].start, found[past - 1].end))

    def _opens_section(self, word: Word) -> bool:
        """Whether an initial is the letter of a section: `B. Availability` below a line `A. ...`, and no other line with `B.`."""
        m = _LABELLED.match(self.flat, self.flat.rfind("\n", 0, word.start) + 1)
        if m is None or m.start(1) != word.start:
            return False
        opened = [other[1] for other in _LABELLED.finditer(self.flat)]
        for labels in _LABELS:
            if m[1] in labels and opened.count(m[1]) == 1:
                at = labels.index(m[1])
                beside = labels[at - 1] if at else labels[1]
                if beside in opened and (opened.index(beside) < opened.index(m[1])) == (at > 0):
                    return True
        return False

    def _take(self, start: int, end: int, most: int, comma: bool = False, lower: bool = False, strict: bool = True) -> tuple[Word, ...]:
        """The capitalised words from an offset on: at most so many, one blank between two, particles inside.

        Args:
            comma: `Doe, Jane` goes on after its comma.
            lower: a piece without any capital counts too.
            strict: ends before a word of headings, work or organisations.
        """
        text, lists = self.text, self.lists
        found: list[Word] = []
        at, whole_lower = start, lower and text[start:end].islower()
        while at < end and text[at] in " *_#\"'>~[{=-" and at - start < 8:
            at += 1
        while sum(w.flat not in lists.particles for w in found) < most and len(found) < 9 and (m := WORD.match(text, at, end)) is not None:
            word = Word(m[0], m.start(), m.end())
            if (
                word.text.endswith(".")
                and len(word.flat.replace(".", "")) > 2
                and word.flat not in lists.titles
                and word.flat not in ("jr", "sr")
            ):
                word = Word(m[0][:-1], m.start(), m.end() - 1)
            plain = word.flat
            if word.end - word.start > 28:
                break
            if not found and (plain in lists.titles and plain not in ("mag", "don", "pan", "hr", "fr", "m", "ing")) and word.end < end:
                at = word.end + (1 if text[word.end : word.end + 1] == " " else 0)
                continue
            named = word.text[0].isupper() or whole_lower or not (word.text[0].islower())
            inside = plain in lists.particles and (found or len(plain) < 5) and self._goes_on(word.end, end)
            if not named and not inside and not (plain.startswith(("al-", "el-", "d'", "o'", "de'")) and len(plain) > 3):
                break
            if found and (plain in lists.credentials and word.text.isupper() and len(plain) > 1 and plain not in ("ma", "do", "ba", "sa")):
                break
            if strict and found and self._ends_name(plain):
                break
            if (
                found
                and len(plain) > 1
                and (plain in lists.person_verbs or plain in SMALL_WORDS)
                and plain not in lists.given_names
                and plain not in lists.particles
            ):
                break
            found.append(word)
            at = word.end
            gap = text[at : at + 2]
            if gap[:1] == " " and gap != "  ":
                at += 1
                nick = re.match(r"[\"(]([^\W\d_][\w'-]{1,20})[\")] (?=[^\W\d_])", text[at : min(end, at + 26)])
                if nick is not None and nick[1] not in ("she", "he", "they"):
                    found.append(Word(nick[1], at + nick.start(1), at + nick.end(1)))
                    at += nick.end()
            elif text[at : at + 2] == "}{":  # \\name{Jane}{Doe}
                at += 2
            elif comma and gap == ", " and self._turned(found, at + 2, end):
                at, comma = at + 2, False
            elif word.text.endswith(".") and text[at : at + 1].isupper():
                pass
            else:
                break
        while found and (found[-1].flat in lists.particles and found[-1].text.islower() and not whole_lower):
            found.pop()
        return tuple(found)

    def _turned(self, found: list[Word], at: int, end: int) -> bool:
        """Whether what follows the comma is a given name."""
        m = WORD.match(self.text, at, end)
        if m is None or fold(m[0]) in self.lists.places or fold(m[0]) in self.lists.credentials:
            return False
        return len([w for w in found if w.flat not in self.lists.particles]) == 1 or fold(m[0]) in self.lists.given_names

    def _goes_on(self, at: int, end: int) -> bool:
        m = re.match(
            rf" (?:(?:{'|'.join(map(re.escape, ('de', 'la', 'der', 'den', 'las', 'los', 'el', 'al', 'del')))}) )?([^\W\d_])",
            self.text[at : min(end, at + 12)],
        )
        return m is not None and not m[1].islower()

    def _ends_name(self, plain: str) -> bool:
        lists = self.lists
        return (
            plain in lists.heading_words or (plain in lists.work_words and plain not in lists.trades)
        ) and plain not in lists.given_names

    def _unknown(self, plain: str) -> bool:
        """Whether no list knows a word."""
        lists = self.lists
        return len(plain) > 1 and not (
            plain in lists.skills
            or _JOBS.search(plain) is not None
            or ("-" in plain and any(p in lists.work_words or p in lists.skills for p in plain.split("-")))
            or plain in lists.work_words
            or plain in lists.heading_words
            or plain in lists.organisation_words
            or plain in lists.places
            or plain in lists.ordinary
            or plain in lists.demonyms
            or plain in SMALL_WORDS
            or plain in lists.credentials
        )

    def _all_unknown(self, name: tuple[Word, ...]) -> bool:
        return all(
            self._unknown(w.flat) or len(w.flat.strip(".")) == 1 or w.flat in self.lists.particles or w.flat in self.lists.given_names
            for w in name
        )

    def _given_first(self, name: tuple[Word, ...]) -> bool:
        plain = name[0].flat.split("-")[0]
        return plain in self.lists.given_names and plain not in self.lists.skills and (len(name) > 1 or plain not in self.lists.ordinary)

    def _given_and_unknown(self, name: tuple[Word, ...]) -> bool:
        """`Ruby Chen`: a given name, whatever else it is, before words that no list knows."""
        return len(name) > 1 and name[0].flat in self.lists.given_names and all(self._unknown(w.flat) or len(w.flat) == 1 for w in name[1:])

    def _named(self, name: tuple[Word, ...]) -> bool:
        """Two words or more that lists know as a name, that none of them knows, or that the e-mail address is made of."""
        return len(name) > 1 and (
            self._given_first(name)
            or self._given_and_unknown(name)
            or self._sluggish(name)
            or self._all_unknown(name)
            or (len(name) == 2 and name[0].flat in self.lists.given_names)
        )

    def _like(self, name: tuple[Word, ...], first: bool) -> bool:
        """Whether capitalised words read like a name.

        Args:
            first: they stand where a name is expected.
        """
        lists = self.lists
        flats = [w.flat for w in name]
        given = any(f.split("-")[0] in lists.given_names for f in flats)
        if any(_DOTTED.search(w.text) for w in name):
            return False
        if len({CASELESS.match(w.text) is None for w in name}) > 1:
            return False
        if flats[0] in lists.person_verbs and flats[0] not in lists.given_names:
            return False
        for n, f in enumerate(flats):
            if f in lists.heading_words and f not in lists.given_names:
                return False
            turned = first and len(flats) == 2 and n == 0 and flats[1] in lists.given_names  # `Baker Emma`
            last = n and n == len(flats) - 1 and (flats[0] in lists.given_names or self._unknown(flats[0]) or len(flats[0]) == 1)
            if f in lists.work_words and f not in lists.given_names and not (f in lists.trades and (turned or last)):
                return False
            if f in lists.organisation_words and not (first and given and len(flats) == 2 and n == 1):
                return False
            if (
                f in SMALL_WORDS
                and f not in lists.particles
                and f not in lists.given_names
                and not (len(f) == 1 or (name[n].text[0].isupper() and n))
            ):
                return False
        if (
            flats[-1] in lists.trades
            and len(flats) > 1
            and not (flats[0] in lists.given_names or self._unknown(flats[0]) or len(flats[0]) == 1)
        ):
            return False
        if any(f in lists.demonyms for f in flats) and not given:
            return False
        if given:
            return first or (len(flats) > 1 and flats[0] not in lists.skills)
        unknown = [f for f in flats if self._unknown(f)]
        if unknown:
            return first or len(unknown) == len([f for f in flats if len(f) > 1])
        skills = [f for f in flats if f in lists.skills]
        return first and 2 <= len(flats) <= 3 and not skills and not all(f in lists.places for f in flats)

    def _sluggish(self, name: tuple[Word, ...]) -> bool:
        """Whether the e-mail address or a link is made of these words."""
        parts = [letters(w.flat) for w in name]
        parts = [p for p in parts if p]
        if not parts or all(len(p) < 3 for p in parts) or any(p in self.lists.work_words for p in parts):
            return False
        for slug in self.slugs:
            inside = [p for p in parts if len(p) > 2 and p in slug]
            last = inside[-1] if inside else ""
            if len(inside) > 1 or (len(parts) == 1 and len(last) > 3):
                return True
            if len(last) > 3 and (slug.startswith((parts[0][0] + last, last)) or (slug.endswith(last) and slug[0] == parts[0][0])):
                return True
        return False

    def add_han(self, start: int, end: int) -> None:
        """A name without capitals or blanks; its given name alone counts from two characters on."""
        text = self.text[start:end]
        parts = text.split()
        words = [Word(text, start, end)]
        if len(parts) > 1:
            words += [Word(part, start, end) for part in parts]
            words.append(Word("".join(parts), start, end))
        elif len(text) == 3 and text[0] in SURNAMES:
            words.append(Word(text[1:], start, end))
        for word in words:
            self.names.append((word,))
        self.spans.append((start, end))


def pieces_of(flat: str, start: int, end: int, separators: str) -> list[tuple[int, int]]:
    """(start, end) of what stands between separators, ` - ` and runs of blanks."""
    found = []
    for m in re.finditer(rf"(?:[^{re.escape(separators)}\s-]|-(?! )| (?!-| )|(?<! )-)+", flat[start:end]):
        piece = m[0]
        a = start + m.start() + len(piece) - len(piece.lstrip(" *#_=>\"'~"))
        b = start + m.start() + len(piece.rstrip(" *_#:=\"'~)]"))
        if b > a:
            found.append((a, b))
    return found


def _slugs(flat: str, contacts: list[Span]) -> list[str]:
    """The letters of e-mail addresses before the @, and of the last parts of links."""
    found = []
    for start, end, kind in contacts:
        if kind == "EMAIL":
            found.append(letters(re.split(r"\s?(?:@|＠|[(\[{ ]at[)\]} ])", flat[start:end])[0]))
        elif kind == "URL":
            found.append(letters(flat[start:end].rstrip("/").split("/")[-1]))
    return [
        slug for slug in found if len(slug) > 3 and slug not in ("info", "contact", "jobs", "career", "careers", "hello", "mail", "office")
    ]


def letters(flat: str) -> str:
    """What of a folded text can stand in an address."""
    return re.sub(r"[^a-z0-9]", "", flat.replace("ß", "ss"))


def occurrences(flat: str, part: str, bounded: bool = True) -> Iterator[int]:
    """Offsets of a part, where it begins a word."""
    at = flat.find(part)
    while at >= 0:
        if not bounded or at == 0 or not (flat[at - 1].isalnum() or flat[at - 1] in "_@"):
            yield at
        at = flat.find(part, at + 1)
