"""Where names recur: whole, in parts, with initials, endings, possessives and titles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from minirank.extract.personal.contact import Span
from minirank.extract.personal.name_words import HAN, WORD, NameReader, Word, occurrences
from minirank.extract.personal.word_lists import fold

_SCHOOLS = frozenset(
    "university universitat universite universidad universita universidade uniwersytet college school institute institut hospital clinic"
    " bank foundation museum library prize award theorem church hochschule academy cathedral stadium airport street road avenue medical"
    " business law".split()
)

_MAY = frozenset("would will could can may might should must had did".split())
_DOES = frozenset(  # what people do, and languages and places do not
    "led leads worked works joined studied lives lived knows knew managed manages speaks spoke mentored graduated taught teaches deserves"
    " interviewed hopes loves likes enjoys completed holds earned coached supervised oversaw prefers wrote stayed".split()
)
_PERSONS = re.compile(
    r" (?:own |former |previous |current |last |line )?(?:portfolio|managers?|team|boss|colleagues?|cv|resume|career|work|thesis|profile"
    r"|background|role|skills|strengths?|contributions?|leadership|attitude|references?|e-?mail|phone|head of|supervisor|employer|education"
    r"|experience|achievements?|projects|story|calendar|notice period|salary)(?!\w)"
)
_TECHNICAL = re.compile(
    r" (?:\w+ )?(?:syntax|gems?|ecosystem|garbage|gil|performance|runtime|standard|type|types|community|orm|admin|template|templates|api"
    r"|library|libraries|module|modules|class|classes|interpreter|object|blocks|metaprogramming|memory|concurrency|async|threading)(?!\w)"
)
_IS_SKILL = re.compile(
    r" (?:on rails|over|(?:is|was|will be|would be|can be|has been|may be|as|for)(?: \w+){0,3} (?:language|framework|tool|stack|skill|plus"
    r"|must|must-have|required|used|preferred|needed|library|technology|mandatory|essential|optional|desired|desirable|beneficial|helpful"
    r"|useful|main|primary|favou?rite|scripting|backend|web|automation|development|slow|fast|dynamic|interpreted|installed|deployed)(?!\w))"
)
_BEFORE, _BEHIND = (
    re.compile(r"(?:^|\n|  |[|•·\t])[ *_#•|>-]{0,4}\Z"),
    re.compile(r"[ *_#|]{0,4}(?:\Z|\n|  |[|•·\t]|[,–-]? ?(?:page|seite) \d)"),
)
_TOP = 2  # first lines, which say who it is
_CONTACT = re.compile(
    r"(?<!\w)(?:contact(?: details| information)?|kontakt|contacto|personal (?:details|information|data)|name)[ :*_#]*(?:\n|  |$)"
)
_TO_PERSON = re.compile(
    r"(?:(?:^|\n)[^\w\n]{0,4}(?:more |all )?(?:about|contact|meet|why|call|from|by|for)|(?<!\w)(?:recommend|recommending"
    r"|recommended|hire|hired"
    r"|hiring|supervised|supervise|mentored|promoted|met|thank|trust|ask|asked|describes?|described|invited?|interviewed|interview with"
    r"|praised?|dear|hi|hello|hey|call me|i'm|i am|according to|told|congratulate|coached|nominated|(?:say|said|think|write"
    r"|wrote|heard|letter|note) (?:about|of)|contact))"
    r",? $"
)


class Recurrences(NameReader):
    """Finds the names again that were added."""

    def recurring(self) -> list[Span]:
        """Every span of a name, a part of it, its initials, its possessive and the title in front."""
        text, flat = self.text, self.flat
        flats = {word.flat for name in self.names for word in name}
        self._initials, self._particles = {plain[:1] for plain in flats}, flats & self.lists.particles
        sure = set(self.spans)
        doubtful: list[tuple[int, int]] = []
        plain: dict[str, bool] = {}
        particles = self.lists.particles | self.lists.credentials | self.lists.titles  # a name where they stand alone
        for name in self.names:
            for word in name:
                for part in _parts(word):
                    if len(part) > 1 and (part not in particles or word.text[0].isupper()):
                        plain[part] = plain.get(part, False) or word.text.islower()
        for part in plain:
            han = HAN.match(part) is not None
            ambiguous = not han and self._ambiguous(part)
            for start in occurrences(flat, part, bounded=not han):
                end = start + len(part)
                if part in particles and not self._alone(start, end, part):
                    continue
                if self.blocked[start] or self.blocked[end - 1] or self.taken[start]:
                    continue
                if han:
                    end += 2 if flat[end : end + 2] == "'s" else 0
                else:
                    end = self._inflected(end, part)
                    if end < 0:
                        continue
                    small = text[start].islower()
                    if small and not plain[part] and (ambiguous or len(part) < 4 or part not in self.lists.given_names):
                        continue
                    follows = WORD.match(text, end + 1) if text[end : end + 1] == " " else None
                    if follows is not None and follows[0][0].isupper() and fold(follows[0]) in _SCHOOLS and (start, end) not in sure:
                        continue
                    if ambiguous and not (self._initialled(start) or self._of_a_person(start, end, part) or self._alone(start, end, part)):
                        doubtful.append((start, end))
                        continue
                sure.add((start, end))
        merged = _joined(sorted(sure), sorted(doubtful), text)
        return [(*self._around(start, end), "NAME") for start, end in merged]

    def _ambiguous(self, part: str) -> bool:
        lists = self.lists
        return len(part) < 3 or not self._unknown(part) or part in lists.person_verbs or part in lists.trades or part in lists.label_words

    def _alone(self, start: int, end: int, part: str) -> bool:
        """Whether a part is all that stands on its line or in its cell, and is neither a skill, a place nor a heading."""
        behind = _BEHIND.match(self.flat, end)
        if behind is None or self.text[start].islower() or _BEFORE.search(self.text, max(0, start - 8), start) is None:
            return False
        other = part in self.lists.skills or part in self.lists.places or part in self.lists.heading_words
        return not other or behind[0][-1:].isdigit() or self.flat.count("\n", 0, start) < _TOP or self._beside_contact(start)

    def _beside_contact(self, start: int) -> bool:
        """Whether a label of a person's data stands before, or an address in the line or in the next one."""
        line = self.flat.rfind("\n", 0, start) + 1
        above = self.flat.rfind("\n", 0, max(line - 1, 0)) + 1
        end = self.flat.find("\n", self.flat.find("\n", start) + 1)
        return _CONTACT.search(self.flat, above, start) is not None or self.taken.find(1, line, end if end >= 0 else len(self.flat)) >= 0

    def _initialled(self, start: int) -> bool:
        """Whether an initial of a known name stands before: `E. Baker`."""
        m = re.search(r"(?<![^\W_])([^\W\d_])\. ?$", self.flat[max(0, start - 5) : start])
        return m is not None and m[1] in self._initials

    def _of_a_person(self, start: int, end: int, part: str) -> bool:
        """Whether a part that is another word too is used as a name: `Ruby led`, `Grace's`, `when Grace joined`."""
        text, flat = self.text, self.flat
        if not text[start].isupper():
            return False
        if (part in self.lists.skills or part in self.lists.places or part in self.lists.trades) and self._spoken_of(start, end, part):
            return True
        after = re.match(r" ([^\W\d_]+)", flat[end : end + 24])
        opens = start == 0 or re.search(r"(?:[.!?:]\s|\n[ *•-]{0,4})$", text[max(0, start - 6) : start]) is not None
        if text[end - 2 : end] in ("'s", "s'"):
            return part not in self.lists.places and part not in self.lists.skills
        verb = after is not None and after[1] in self.lists.person_verbs and not text[end + 1].isupper()
        if verb and part in self.lists.given_names and part not in self.lists.skills:
            return True
        if part in self.lists.skills or part in self.lists.places or opens or text[start:end].isupper():
            return False
        before = text[start - 1] == " " and text[start - 2 : start - 1].islower()
        beyond = text[end + 1 : end + 2] if text[end : end + 1] == " " else ""
        return before and not beyond.isupper() and part in self.lists.given_names and part not in self.lists.work_words

    def _spoken_of(self, start: int, end: int, part: str) -> bool:
        """Whether a sentence speaks of a person by a name that is a skill or a place too: `about Ruby`, `Ruby has led`, `hire Ruby`."""
        flat = self.flat
        given, trade = part in self.lists.given_names, part in self.lists.trades
        rest = flat[end : end + 60].split("\n", 1)[0]
        if flat[end - 2 : end] in ("'s", "s'"):
            return _PERSONS.match(rest) is not None or (given and part in self.lists.skills and _TECHNICAL.match(rest) is None)
        if (m := re.match(r"(?:,? who)? ([^\W\d_]+)(?! ?-)", rest)) is not None and not self.text[end + 1].isupper():
            does = m[1] in _DOES or ((given or trade) and (m[1] in self.lists.person_verbs - {"and", "used"} or m[1] in _MAY))
            if does and _IS_SKILL.match(rest) is None and (m[1] in _DOES or trade or part in self.lists.skills):
                return True
        if re.match(r",? who | and (?:i|she|he|they|we|her|his|their|the (?:rest|team))(?!\w)", rest):
            return True
        before = flat[max(0, start - 24) : start]
        ends = re.match(
            r" ?(?:[.,;:!?)\"]|$)| (?:warmly|highly|strongly|without|to|as|for|in|at|about|because|by|again|directly|if|when)(?!\w)", rest
        )
        return ends is not None and _TO_PERSON.search(before) is not None and _IS_SKILL.match(rest) is None

    def _inflected(self, end: int, part: str) -> int:
        """Where a part with its ending ends: `Jane's`, `James'`, `Ayşe'nin`, `Иванова`; -1 where another word goes on."""
        flat = self.flat
        if (m := re.match(r"'(?:[^\W\d_]{1,4}(?!\w))?", flat[end : end + 6])) is not None and (
            len(m[0]) > 1 or part.endswith(("s", "x", "z"))
        ):
            return end + m.end()
        if end == len(flat) or not (flat[end].isalnum() or flat[end] == "_"):
            return end
        if (
            (
                m := re.match(
                    r"(?:s|a|u|y|e|i|em|om|owi|ovi|iego|iemu|im|ej|owa|owej|ova|ove|а|у|ы|е|и|ой|ою|ым|ом|ем|ого|ому|ей|ю|я|ς|α|ου)(?!\w)",
                    flat[end : end + 6],
                )
            )
            is not None
            and len(part) >= 4
            and (
                ord(part[0]) > 0x250
                or (m[0] == "s" and len(part) > 4)
                or part.endswith(("sk", "ck", "dzk", "ow", "ek", "ov", "in", "er", "an", "cz", "ik", "as", "ar", "ka", "el"))
            )
        ):
            return end + m.end()
        return -1

    def _around(self, start: int, end: int) -> tuple[int, int]:
        """With initials, a suffix and a title beside it."""
        text = self.text
        while (m := re.search(r"(?<!\w)([^\W\d_]{1,4}) $", self.flat[max(0, start - 6) : start])) is not None and m[1] in self._particles:
            start -= len(m[0])
        before = text[max(0, start - 24) : start]
        if (
            (
                m := re.search(
                    r"(?:(?<=[^\w.])|^)(?:[^\W\d_]\.["
                    r" -]?){1,3}$",
                    before,
                )
            )
            is not None
            and m[0].strip()
            and not m[0][0].islower()
        ) or ((m := re.search(r"(?:(?<=[^\w.'])|^)[A-Z] $", before)) is not None and m[0][0] not in "IA"):
            start -= len(m[0])
        after = re.match(r",? (?:jr|sr|ii|iii|iv)\b\.?|,? (?:[^\W\d_]\.[ -]?){1,2}(?![^\W\d_])", fold(text[end : end + 10]))
        if after is not None and not text[end : end + after.end()].strip(" ,.")[0:1].islower():
            end += len(after[0].rstrip())
        before = fold(text[max(0, start - 30) : start])
        m = re.search(
            r"(?<![\w.])(?:(?:mr|mrs|ms|mx|dr|prof|med|rer|nat|phil|jur|habil|hr|fr|mme|mlle|sra?|srta|sig|dott|dhr|mevr|smt|shri)\.? ?"
            r"|(?:miss|herr|herrn|frau"
            r"|monsieur|madame|senora?|signora?|pani?|professor|doctor|sir|господин|госпожа|г-н|г-жа|κ\.?|κος|κα|bayan|sayin|mister)"
            r" )+$",
            before,
        )
        if m is not None:
            start -= len(m[0])
        return start, end


def _parts(word: Word) -> Iterator[str]:
    """What of a word may stand alone: `Müller-Lüdenscheidt` whole and by its halves, umlauts also as two letters."""
    whole = word.flat
    yield whole
    if "-" in whole or "'" in whole:
        yield from (part for part in re.split("['-]", whole) if len(part) > 2)
    spelled = word.text.lower()
    if not spelled.isascii():
        for a, b in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("ø", "oe"), ("å", "aa")):
            spelled = spelled.replace(a, b)
        if fold(spelled) != whole:
            yield fold(spelled)
    if ord(whole[0]) > 0x36F and len(whole) > 4 and whole[-1] in "аяйоиςηα":  # Cyrillic and Greek endings
        yield whole[:-1]


def _joined(sure: list[tuple[int, int]], doubtful: list[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """Spans of one name as one; doubtful ones where they stand beside a sure one or beside each other."""
    spans = sorted({*((a, b, True) for a, b in sure), *((a, b, False) for a, b in {*doubtful}.difference(sure))})
    found: list[list] = []
    for start, end, known in spans:
        if found and start <= found[-1][1]:
            last = found[-1]
            last[1], last[2], last[3] = max(last[1], end), last[2] or known, last[3]
            continue
        gap = text[found[-1][1] : start] if found else "\n"
        beside = gap in (" ", "-", ";")
        joins = found and len(gap) <= 24 and _GAP.fullmatch(gap) and (known or found[-1][2] or beside)
        if joins and ("," not in gap or (known and found[-1][2])):
            found[-1][1], found[-1][2], found[-1][3] = end, found[-1][2] or known or beside, True
            continue
        found.append([start, end, known, False])
    return [(a, b) for a, b, known, _ in found if known]


_GAP = re.compile(
    r" ?[-.'\"]? ?|[,;] ?| ?\"[^\W\d_]{1,20}\" ?| ?\([^\W\d_]{1,20}\) ?|(?: ?[^\W\d_]\.){1,3} ?| (?:de|da|do|dos|das|del|della|di|du|van"
    r"|von|der|den|ter|la|le|y|e|bin|ibn|al|el|zu|af|av|the|of)(?: (?:la|los|las|der|den|el))? | [^\W\d_][\w'-]{1,14} "
)
