"""Names: found where a text introduces them, then masked wherever they or their parts recur.

A name is introduced by its place (the first line of a resume), by words (`My name is`, `Dr.`, `Sincerely,`), by a label, by the
letters of the e-mail address, or by a given name of words.json in front of another capitalised word. No list need know it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from minirank.extract.personal.contact import Span
from minirank.extract.personal.fields import Field
from minirank.extract.personal.word_lists import fold, word_lists

# Letters, and the signs that scripts such as Devanagari, Thai or Arabic put on them.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0dff\u0e30-\u0e4e"
_WORD = re.compile(rf"(?:[^\W\d_]|[{_MARKS}])(?:[^\W\d_]|[{_MARKS}]|['.-](?=[^\W\d_]))*\.?")
_CASELESS = re.compile("[\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f\u10a0-\u10ff\u1200-\u137f]")
_HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严武戴莫孔向汤張劉陳楊黃趙吳孫馬羅鄭梁謝許韓馮鄧蕭葉蘇呂盧鍾譚陸"
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)
_NO_HAN_NAME = re.compile(
    "[历歷简簡履歴经經]|工程|公司|大学|大學|学院|學院|部门|部門|技术|技術|开发|開発|设计|設計|管理|销售|銷售|会计|會計|护士|教师|教師|电话|電話|邮|郵|业务|業務|职|職|个人|個人|资料|資料|信息|情报"
    "|情報|能力|语言|英语|英語|日语|数据|數據|软件|主管|总监|助理|顾问|分析|年|月|[师師员員省市區県]$|性别|姓名|籍贯|概要|要望|状况|교육|경력|학력|이력|기술|개발|사원|회사|대학"
)
_HAN_INTRO = re.compile(
    r"(?:我叫|我的名字是|我的名字叫|我是|本人|姓名|名前は|氏名|私は|私の名前は|저는|제 이름은|이름은) {0,2}(?P<name>[\u4e00-\u9fff]{2,4}?|[\u3040-\u30ff\u4e00-\u9fff]{1,6}(?:"
    r" [\u3040-\u30ff\u4e00-\u9fff]{1,6})?|[\uac00-\ud7af]{2,4})"
    r"(?=です|と申します|といいます|입니다|이고|이며|라고|[，,。. \n、]|一名|$|，)"
)
_HAN_TITLE = re.compile(
    r"(?P<name>[\u4e00-\u9fff]{1,3})(?:先生|女士|小姐|老师|老師|教授|博士|同学|さん|様|氏(?![名族]))|(?P<hangul>[\uac00-\ud7af]{2,4}) ?(?:씨|님(?![^\W\d_])|선생님"
    r"|교수님)"
)

# Words in front of a name, strong ones (whatever is capitalised then is a name) and weak ones (only what looks like one).
_STRONG = (
    r"my name is|my name's|ich heisse|ich heiße|mein name ist|je m'appelle|me llamo|mi nombre es|mi chiamo|il mio nome e|chamo-me|me"
    r" chamo|meu nome e|nazywam sie|mam na imie|jmenuji se|volam sa|mijn naam is"
    r"|ik heet|mitt namn ar|jag heter|jeg heter|jeg hedder|mit navn er|nimeni on|benim adim|adim|ma numesc|numele meu este|zovem se|a"
    r" nevem|меня зовут|мене звати|με λενε|ονομαζομαι|(?:curriculum vitae|c\.?v\.?|resume|lebenslauf|zyciorys|curriculum|bewerbung"
    r"|profile|biography|bio|application|letter of recommendation|recommendation(?: letter)?"
    r"|reference(?: letter)?|letter of reference|arbeitszeugnis|zeugnis|lettre de recommandation|personal data|personal information)"
    r" (?:of|for|von|fur|de|di|do|da|van|over|av|pour|concerning|regarding)|on behalf of|to recommend|recommending|je recommande"
    r"|empfehle|empfehlen wir|recomiendo(?: a)?|dear(?: colleague)?|liebe[r]?|cher|chere|estimad[oa]|re:|regarding|betrifft:?|nee"
    r"|geborene|geb\.|formerly|maiden name|also known as|a\.k\.a\.|aka|signed by|signed|written by|prepared by|interviewed by"
    r"|name:"
)
_WEAK = (
    r"i am|i'm|ich bin|je suis|soy|sono|sou|jestem|ik ben|jag ar|jeg er|я|this is|meet|about|hi,? i'm|hello,? i'm|call me|worked with"
    r"|working with|work with|supervised by|managed by|mentored by|reporting to|reported to|reports to|report to"
    r"|under|supervisor|manager|recommend|supervised|managed|mentored|known|know|taught|hired|met|thanks to|with|by|advisor|adviser"
    r"|professor|thesis under|colleague|intern|employee|student|candidate|applicant|that|and|from|for|to|of|herr|frau"
)
_TITLED = re.compile(
    r"(?<![\w.])(?:(?:mr|mrs|ms|mx|dr|prof|messrs|hr|fr|mme|mlle|mgr|sr|sra|srta|sig|sig\.ra|dott|dott\.ssa|avv|ing|inż|inz|dhr|mevr|mw"
    r"|smt|shri|sri|st|rev|hon|bc|judr|mudr|rndr|phdr)(?:\. ?| )(?=[^\W\d_])|(?:miss|herr|herrn|frau|monsieur|madame|mademoiselle|senor"
    r"|senora|senorita|don|dona|signor|signora|signorina|pan|pani|professor"
    r"|doctor|sir|dame|lady|lord|sister|brother|uncle|m|господин|госпожа|г-н|г-жа|κ|κος|κα|bay|bayan|sayin|mister|professeur|docteur"
    r"|доктор|профессор)\.? )+"
)
_TITLE_WORDS = frozenset(
    "mr mrs ms mx dr prof hr fr mme mlle sra srta dott dhr mevr smt shri miss herr herrn frau monsieur madame mademoiselle senor senora"
    " senorita signor signora signorina pani господин госпожа г-н г-жа messrs mister professor professeur doctor docteur rev".split()
)
_FAREWELL = re.compile(
    r"(?:sincerely|regards|yours truly|yours faithfully|best wishes|all the best|best,|thanks,|thank you|many thanks|respectfully|cheers"
    r"|warmly|faithfully|freundlichen grußen|freundlichen grussen|freundliche gruße|freundlichem gruß|hochachtungsvoll|viele gruße|beste"
    r" gruße|cordialement|salutations|atentamente|saludo|saludos|cordiali saluti|distinti saluti|atenciosamente|cumprimentos"
    r"|z powazaniem|с уважением|vriendelijke groet|vriendelijke groeten|vanliga halsningar|venlig hilsen|hilsen|s pozdravem|saygilarimla"
    r"|此致|敬具|敬上|谨上|드림|올림|με εκτιμηση)[^\n\w]{0,6}(?:\n|$|, )"
)
_REFERENCES = re.compile(
    r"(?:^|\n)[^\w\n]{0,6}(?:references|referees|professional references|referenzen|references professionnelles|referencias|referenze"
    r"|referencje|рекомендации)[^\w\n]{0,4}(?=\n|$)"
)
_PREFIX = re.compile(
    r"(?:curriculum vitae|c\.?v\.?|resume|lebenslauf|bewerbung|curriculo|curriculum|profil|profile|zyciorys|резюме|name|full name"
    r"|candidate)\s{0,2}(?:[:|,/•–-]|of|for|von|de|di)?\s{1,3}(?=\S)|(?:curriculum vitae|resume|cv|lebenslauf)[:-](?=\S)"
)
_OTHERS = frozenset(  # labels of people who are not the one that the text is about
    "contact person|recruiter|hiring manager|line manager|emergency contact|reported to|reports to|next of kin|ansprechpartner"
    "|ansprechpartnerin"
    "|kontaktperson|personne de contact|persona de contacto|контактное лицо|担当者|联系人|聯絡人|담당자|prepared by|signed|signature".split(
        "|"
    )
)
_JOBS = re.compile(
    r"(?:ician|ologist|ographer|ineer|ngineer|eveloper|anager|analyst|grammer|ntist|iatrist|erapist|ultant|signer|chitect"
    r"|onomist)s?$"
)
_SCHOOLS = frozenset(
    "university universitat universite universidad universita universidade uniwersytet college school institute institut hospital clinic"
    " bank foundation museum library prize award theorem church hochschule academy cathedral stadium airport street road avenue medical"
    " business law".split()
)
_SMALL_WORDS = frozenset(
    "the a an of in for and or to with at on by as is are we our you your i my und der die das et le les la de en y los e os il gli in"
    " von zu mit fur bei".split()
)
_EPITHETS = frozenset("de la el les the and von at in für for with".split())
_HEADER_LINES = 10


class Word:
    """A word of a name: its text, its folded form without a dot, its place."""

    __slots__ = ("end", "flat", "start", "text")

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text, self.start, self.end = text, start, end
        self.flat = fold(text).strip(".'")


def find_names(text: str, flat: str, words: set[str], fields: Iterable[Field], contacts: list[Span], person: bool) -> list[Span]:
    """NAME, with the titles in front of names.

    Args:
        text: str.
        flat: its folded form, same length.
        words: of `flat`.
        fields: of `flat`.
        contacts: EMAIL and URL, whose letters are evidence.
        person: the text is a person's (a resume), whose name stands in its first lines; else names must be introduced.
    """
    finder = _Finder(text, flat, words, contacts)
    for field in fields:
        if field.kind == "NAME":
            finder.labelled(field)
    finder.titled()
    if person:
        if not finder.person:
            finder.header()
        finder.introduced()
        finder.signature()
        finder.referees()
        finder.given()
    return finder.recurring()


class _Finder:
    """Collects the names of a text; each is a tuple of Words."""

    def __init__(self, text: str, flat: str, words: set[str], contacts: list[Span]) -> None:
        self.text, self.flat, self.words = text, flat, words
        self.lists = word_lists()
        self.slugs = _slugs(flat, contacts)
        self.taken = sorted((start, end) for start, end, _ in contacts)
        self.names: list[tuple[Word, ...]] = []
        self.spans: list[tuple[int, int]] = []
        self.blocked = [(m.start(), m.end()) for entity in self._entities() for m in re.finditer(rf"(?<!\w){re.escape(entity)}", flat)]
        self.person = False  # whether the header told the person's name

    def _entities(self) -> Iterator[str]:
        known = self.lists.entities
        for first in known.keys() & self.words:
            yield from (entity for entity in known[first] if entity in self.flat)

    def add(self, name: Iterable[Word]) -> None:
        """A name, with its span."""
        found = tuple(name)
        if found and not any(a < found[-1].end and found[0].start < b for a, b in self.blocked):
            self.names.append(found)
            lines = [n for n in range(1, len(found)) if "\n" in self.text[found[n - 1].end : found[n].start]]
            for first, past in zip([0, *lines], [*lines, len(found)], strict=True):
                self.spans.append((found[first].start, found[past - 1].end))

    # Where names are introduced

    def labelled(self, field: Field) -> None:
        """The value of `Name:`; also `Doe, Jane`."""
        start, end = field.value
        strong = field.label not in (
            "reference",
            "referee",
            "references",
            "referees",
            "author",
            "supervisor",
            "candidate",
            "applicant",
            "recruiter",
            "names",
            "name",
            "",
        )
        if strong or field.label in ("name", "candidate", "applicant", ""):
            name = self._take(start, end, most=6, comma=True, strict=not strong)
            if name and ((strong and field.label not in _OTHERS) or self._like(name, first=True)):
                self.add(name)
                self.person = self.person or field.label not in _OTHERS
            elif not name and _HAN.search(self.text, start, end) and end - start <= 12:
                self._han(start, end)
        else:
            for a, b in _pieces(self.flat, start, end, ",;/&"):
                name = self._take(a, b, most=5)
                if len(name) > 1 and self._like(name, first=True):
                    self.add(name)

    def titled(self) -> None:
        """`Ms. Doe`, `Herr Prof. Dr. Doe`; the title is part of the name."""
        if self.words.isdisjoint(self.lists.titles):
            return
        for m in _TITLED.finditer(self.flat):
            if any(a <= m.start() < b for a, b in self.blocked):
                continue
            title = re.split(r"[. ]", m[0], maxsplit=1)[0]
            spelled = self.text[m.start()]
            if title in (
                "m",
                "sr",
                "st",
                "ing",
                "don",
                "sir",
                "dame",
                "lady",
                "lord",
                "sister",
                "brother",
                "uncle",
                "pan",
                "bay",
                "hon",
                "bc",
                "fr",
                "sig",
                "sri",
                "ms",
                "κ",
            ):
                # Also words and abbreviations of other things: `Sr. Developer`, `MS Office`.
                if not spelled.isupper() or (
                    title in ("ms", "m", "sr", "fr", "bc") and self.text[m.start() : m.start() + 2].isupper() and len(title) > 1
                ):
                    continue
            elif spelled.islower() and spelled.isascii() and title not in ("г-н", "г-жа", "κ", "κος", "κα"):
                continue
            name = self._take(m.end(), len(self.text), most=4)
            if name and self._titled_name(name, title):
                self.names.append(name)
                self.spans.append((m.start(), name[-1].end))

    def _titled_name(self, name: tuple[Word, ...], title: str) -> bool:
        first = name[0].flat
        if first in self.lists.heading_words or (first in self.lists.work_words and first not in self.lists.trades):
            return False
        doubtful = title not in _TITLE_WORDS
        return not doubtful or (self._like(name, first=False) and len(first) > 2 and first not in self.lists.organisation_words)

    def header(self) -> None:
        """The person's name among the first lines."""
        begin, seen, number = 0, False, 0
        for line in self.text.split("\n", 30)[:30]:
            start, begin = begin, begin + len(line) + 1
            if not line.strip(" *#_=-|•>\t"):
                continue
            number += 1
            if number > _HEADER_LINES:
                break
            if self._is_heading(self.flat[start : start + len(line)]):
                continue
            if self._header_line(start, start + len(line), seen):
                self.person = True
                return
            if ":" in line[:30] and not seen:
                continue  # a field
            seen = seen or any(
                not any(x <= a < y for x, y in self.taken) for a, _ in _pieces(self.flat, start, start + len(line), "|•·;\t,")
            )
            if len(line) > 140:
                break

    def _is_heading(self, line: str) -> bool:
        words = re.findall(r"[^\W\d_]+", line)
        return bool(words) and (
            all(w in self.lists.heading_words or w in _SMALL_WORDS for w in words) or line.strip(" *#_=-|•>:\t") in self.lists.headings
        )

    def _header_line(self, start: int, end: int, seen: bool) -> bool:
        """Takes the name that a line of the header holds; `seen`: a line before it said something else."""
        if (
            m := _PREFIX.match(self.flat, start + len(self.flat[start:end]) - len(self.flat[start:end].lstrip(" *#_=-|•>\t\"'")), end)
        ) is not None:
            start = m.end()
        pieces = _pieces(self.flat, start, end, "|•·;\t,(/@")
        for n, (a, b) in enumerate(pieces):
            if any(x < b and a < y for x, y in self.taken) or self.flat[b : b + 2].strip(" *_")[:1] == ":":
                continue
            first = n == 0 and not seen
            if _HAN.search(self.text, a, b):
                if self._han_header(a, b, first):
                    return True
                continue
            name = self._take(a, b, most=6, lower=True)
            whole = bool(name) and name[-1].end >= b - 1
            if not name:
                continue
            if self.flat[a:b] in self.lists.headings or (
                _CASELESS.search(self.text, a, b) and (not first or len(name) > 4 or (len(name) == 1 and b - a > 12))
            ):
                continue
            if not whole and len(name) == 1 and not self._sluggish(name):
                continue
            if not whole and not self._sentence(name, b, end) and not (self._prefix_of_title(name, b) or self._sluggish(name)):
                continue
            if len(name) > 2 and whole:
                name = self._without_tail(name)
            if not first and not self._given_first(name) and not self._sluggish(name):
                continue
            turned = self._given_behind(name, pieces, n) if first and whole else ()
            if not turned and not self._like(name, first) and not self._sluggish(name):
                continue
            if first and whole:
                name += turned or self._second_half(name, pieces, n, end)
                if len(name) == 1 and not (name[0].flat in self.lists.given_names or self._unknown(name[0].flat)):
                    continue
            self.add(name)
            if self.names and (whole or len(name) > 1):
                self._after_name(name[-1].end)
                return True
        return False

    def _without_tail(self, name: tuple[Word, ...]) -> tuple[Word, ...]:
        """`Jane Doe Berlin` without the place and the work at its end."""
        lists = self.lists
        for n in range(2, len(name)):
            rest = [w.flat for w in name[n:]]
            if (rest[0] in lists.work_words and rest[0] not in lists.trades) or all(w in lists.places for w in rest):
                return name[:n]
        return name

    def _prefix_of_title(self, name: tuple[Word, ...], end: int) -> bool:
        """`Jane Doe Senior Data Engineer`: what was taken ends where words of work begin."""
        rest = _WORD.match(self.flat, name[-1].end + 1, end)
        known = name[0].flat in self.lists.given_names and name[0].flat not in self.lists.skills
        return len(name) > 1 and known and rest is not None and rest[0].strip(".") in self.lists.work_words

    def _given_behind(self, name: tuple[Word, ...], pieces: list[tuple[int, int]], n: int) -> tuple[Word, ...]:
        """The given name of `Baker, Emma`, whatever else `Baker` is."""
        if (
            n + 1 == len(pieces)
            or self.flat[pieces[n][1] : pieces[n + 1][0]].strip() != ","
            or len([w for w in name if w.text[0].isupper()]) > 2
        ):
            return ()
        other = self._take(*pieces[n + 1], most=3)
        known = (
            (bool(other)
            and self._given_first((*other, *other)))
            or (bool(other)
            and other[0].flat in self.lists.given_names - self.lists.places)
        )
        whole = bool(other) and other[-1].end >= pieces[n + 1][1] - 1
        return (
            other
            if known and whole and not any(w.flat in self.lists.places or w.flat in self.lists.heading_words for w in (*name, *other))
            else ()
        )

    def _second_half(self, name: tuple[Word, ...], pieces: list[tuple[int, int]], n: int, end: int) -> tuple[Word, ...]:
        """`Doe, Jane`, or the surname on the line below."""
        flat, lists = self.flat, self.lists
        if len(name) == 1 and n + 1 < len(pieces) and flat[pieces[n][1] : pieces[n + 1][0]].strip() == ",":
            other = self._take(*pieces[n + 1], most=3)
            whole = bool(other) and other[-1].end >= pieces[n + 1][1] - 1
            placed = any(w.flat in lists.places or w.flat in lists.credentials for w in other)
            return other if whole and not placed and self._like(other, True) else ()
        if n + 1 == len(pieces):
            below = flat.find("\n", end) + 1
            while below and below < len(flat) and flat[below] in "\n \t*#_":
                below += 1
            line_end = flat.find("\n", below)
            line_end = len(flat) if line_end < 0 else line_end
            other = self._take(below, line_end, most=4) if below else ()
            if not other or other[-1].end < len(flat[:line_end].rstrip(" *_#")) or self._is_heading(flat[below:line_end]):
                return ()
            if self._sluggish((*name, *other)) and any(len(w.flat) > 2 and _letters(w.flat) in slug for w in other for slug in self.slugs):
                return other
            main = [w for w in other if w.flat not in lists.particles]
            if len(name) > 1 or len(main) > 2 or any(w.flat in lists.places or w.flat in lists.organisation_words for w in other):
                return ()
            trade = len(main) == 1 and name[0].flat in lists.given_names and (main[0].flat in lists.trades or main[0].flat in lists.skills)
            return other if trade or self._like(other, True) else ()
        return ()

    def _sentence(self, name: tuple[Word, ...], end: int, line_end: int) -> bool:
        """`Jane Doe is ...`, `Jane Doe, 34, leads ...`, `Jane Doe (born 1985)`."""
        m = re.match(r",? \(?(?:\d\d|born|b\.|\*|she|he|they|who)| ([^\W\d_]+)", self.flat[name[-1].end : line_end])
        return len(name) > 1 and m is not None and (m[1] is None or m[1] in self.lists.person_verbs or m[1] in self.lists.credentials)

    def _after_name(self, end: int) -> None:
        """An alias or a maiden name behind a name."""
        if (
            m := re.match(
                r" ?[(\"]{1,2}(?:nee |geb\. |aka |born )?([^\W\d_][\w'-]{1,20}(?: [^\W\d_][\w'-]{1,20})?)[\")]{1,2}",
                self.flat[end : end + 60],
            )
        ) is not None:
            words = m[1].split()
            if (
                not any(
                    w in self.lists.work_words or w in self.lists.credentials or w in self.lists.places or w in ("she", "he", "they", "him")
                    for w in words
                )
                and self.text[end + m.start(1)].isupper()
            ):
                self.add([Word(self.text[end + m.start(1) : end + m.end(1)], end + m.start(1), end + m.end(1))])

    def introduced(self) -> None:
        """`My name is Jane Doe`, `I am Jane`, `to recommend Jane Doe`; and a sentence that begins with a name."""
        text, flat = self.text, self.flat
        if not self.words.isdisjoint(_INTRO_WORDS):
            for m in _STRONG_INTRO.finditer(flat):
                name = self._take(m.end(), len(text), most=5, comma="curriculum" in m[0])
                if (
                    name
                    and self._like(name, first=True)
                    and (len(name) > 1 or name[0].flat in self.lists.given_names or self._unknown(name[0].flat))
                ) and (
                    m[0].strip() not in ("re:", "regarding", "aka", "formerly", "dear", "bewerbung als")
                    or len(name) > 1
                    or name[0].flat in self.lists.given_names
                ):
                    self.add(name)
            for m in _WEAK_INTRO.finditer(flat):
                name = self._take(m.end(), len(text), most=4)
                if (
                    len(name) > (0 if _SELF.match(m[0]) else 1)
                    and (self._given_first(name) or self._sluggish(name))
                    and self._like(name, True)
                ):
                    self.add(name)
        for m in _HAN_INTRO.finditer(text) if not text.isascii() else ():
            if not _NO_HAN_NAME.search(m["name"]):
                self.add_han(m.start("name"), m.end("name"))
        for m in _HAN_TITLE.finditer(text) if not text.isascii() else ():
            name = m["name"] or m["hangul"]
            at = m.start("name") if m["name"] else m.start("hangul")
            if m["hangul"]:
                if name[0] in _SURNAMES:
                    self.add_han(at, m.end())
            else:
                for length in (3, 2, 1):  # the surname that stands last before the title
                    if len(name) >= length and name[-length] in _SURNAMES:
                        self.spans.append((at + len(name) - length, m.end()))
                        break
        if not self.person:
            self._sentences()

    def _sentences(self) -> None:
        """Sentences that begin with a name, among the first ones."""
        starts = [0, *(m.end() for m in re.finditer(r"[.!?]\s+|\n+[ *•-]*", self.flat[:600]))]
        for start in starts[:8]:
            name = self._take(start, len(self.text), most=5)
            if len(name) > 1 and self._sentence(name, len(self.text), len(self.text)) and self._like(name, True):
                if self._given_first(name) or self._sluggish(name) or self._all_unknown(name):
                    self.add(name)
                    self.person = True
                    return

    def signature(self) -> None:
        """After a farewell; and, where the header told none, on the last lines or beside the letters of the e-mail address."""
        text, flat = self.text, self.flat
        for m in _FAREWELL.finditer(flat):
            at = m.end()
            for _ in range(2):
                while at < len(flat) and flat[at] in "\n \t*_-,":
                    at += 1
                line_end = flat.find("\n", at)
                line_end = len(flat) if line_end < 0 else line_end
                if _HAN.search(text, at, line_end) and line_end - at <= 8:
                    self.add_han(at, line_end)
                    break
                pieces = _pieces(flat, at, line_end, "|,;(\t")
                name = self._take(*pieces[0], most=5, lower=True) if pieces else ()
                if name and name[-1].end >= pieces[0][1] - 1 and self._like(name, True):
                    self.add(name)
                    self.person = self.person or len(name) > 1
                    break
                at = line_end
        if self.person:
            return
        if self.slugs:
            for m in re.finditer(r"[^\n|•·;,\t]{3,48}", flat):
                a = m.start() + len(m[0]) - len(m[0].lstrip(" *#_-"))
                name = self._take(a, m.end(), most=5, lower=True)
                if len(name) > 1 and self._sluggish(name) and self._like(name, True):
                    self.add(name)
                    self.person = True
                    return
        if not text.isascii():  # a line that is a name of another script, such as in an export
            for m in re.finditer(r"(?<=\n)([\u4e00-\u9fff]{2,3}|[\uac00-\ud7af]{2,4})(?=\n)", text):
                if m[0][0] in _SURNAMES and not _NO_HAN_NAME.search(m[0]) and m[0] not in self.lists.headings:
                    self.add_han(m.start(), m.end())
                    self.person = True
                    return
        lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]*[^\s][^\n]*", flat)]
        for start, end in lines[-2:] if len(lines) > 3 else ():
            pieces = _pieces(flat, start, end, "|,;\t")
            for a, b in pieces[-1:] + pieces[:1]:
                name = self._take(a, b, most=4)
                if (
                    len(name) > 1
                    and name[-1].end >= b - 1
                    and self._like(name, False)
                    and (self._given_first(name) or self._all_unknown(name))
                ) and not any(w.flat in self.lists.organisation_words or w.flat in self.lists.places for w in name):
                    self.add(name)
                    self.person = True
                    return

    def referees(self) -> None:
        """Lines under `References`: the name in front of what they do."""
        if (m := _REFERENCES.search(self.flat)) is None:
            return
        begin = m.end() + 1
        for line in self.flat[begin:].split("\n", 12)[:12]:
            pieces = _pieces(self.flat, begin, begin + len(line), "|,;(:\t")
            begin += len(line) + 1
            for a, b in pieces[:2]:
                if any(x < b and a < y for x, y in self.taken):
                    continue
                name = self._take(a, b, most=5)
                whole = bool(name) and name[-1].end >= b - 1
                if len(name) > 1 and whole and self._like(name, True) and not any(w.flat in self.lists.organisation_words for w in name):
                    self.add(name)

    def given(self) -> None:
        """A given name that is no other word, in front of a capitalised word: `with John Smith`."""
        lists, text, flat = self.lists, self.text, self.flat
        for given in (self.words & lists.given_names) - lists.skills:
            if len(given) < 3 or given in lists.places or given in lists.work_words or given in lists.ordinary:
                continue
            for start in _occurrences(flat, given):
                if not text[start].isupper() or any(a <= start < b for a, b in self.blocked):
                    continue
                if start and (
                    text[start - 1] in "-'"
                    or text[max(0, start - 4) : start].strip().lower() in ("st.", "san", "st", "sao", "são", "&", "of")
                ):
                    continue
                name = self._take(start, len(text), most=4)
                if len(name) < 2 or not self._like(name, False):
                    continue
                rest = [w.flat for w in name[1:] if len(w.flat) > 1]
                if not rest or any(
                    w in lists.skills or w in lists.organisation_words or w in lists.places or w in lists.work_words - lists.trades
                    for w in rest
                ):
                    continue
                follows = _WORD.match(text, name[-1].end + 1)
                if (
                    follows is not None
                    and text[name[-1].end] == " "
                    and fold(follows[0]) in lists.organisation_words | lists.work_words
                    and follows[0][0].isupper()
                ) and fold(follows[0]) in lists.organisation_words:
                    continue
                if flat[name[-1].end : name[-1].end + 3] in (" & ", " + ") or flat[max(0, start - 3) : start] in (" & ", " + "):
                    continue
                self.add(name)

    # What looks like a name

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
        while sum(w.flat not in lists.particles for w in found) < most and len(found) < 9 and (m := _WORD.match(text, at, end)) is not None:
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
            if not named and not (plain in lists.particles and (found or len(plain) < 5) and self._goes_on(word.end, end)):
                if not (plain.startswith(("al-", "el-", "d'", "o'", "de'")) and len(plain) > 3):
                    break
            if found and (plain in lists.credentials and word.text.isupper() and len(plain) > 1 and plain not in ("ma", "do", "ba", "sa")):
                break
            if strict and found and self._ends_name(plain):
                break
            if (
                found
                and (plain in lists.person_verbs or plain in _SMALL_WORDS)
                and plain not in lists.given_names
                and plain not in lists.particles
            ):
                break
            found.append(word)
            at = word.end
            gap = text[at : at + 2]
            if gap[:1] == " " and gap != "  ":
                at += 1
                if text[at : at + 1] in '"(' and (m2 := re.match(r"[\"(][^\W\d_][\w'-]{1,20}[\")] (?=[^\W\d_])", text[at:end])):
                    at += m2.end()
            elif comma and gap == ", " and len(found) <= 3:
                at, comma = at + 2, False
            elif word.text.endswith(".") and text[at : at + 1].isupper():
                pass
            else:
                break
        while found and (found[-1].flat in lists.particles and found[-1].text.islower() and not whole_lower):
            found.pop()
        return tuple(found)

    def _goes_on(self, at: int, end: int) -> bool:
        m = re.match(
            rf" (?:(?:{'|'.join(map(re.escape, ('de', 'la', 'der', 'den', 'las', 'los', 'el', 'al', 'del')))}) )?([^\W\d_])",
            self.text[at : min(end, at + 12)],
        )
        return m is not None and not m[1].islower()

    def _ends_name(self, plain: str) -> bool:
        lists = self.lists
        return (plain in lists.heading_words or (plain in lists.work_words and plain not in lists.trades)) and plain not in lists.given_names

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
            or plain in _SMALL_WORDS
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

    def _like(self, name: tuple[Word, ...], first: bool) -> bool:
        """Whether capitalised words read like a name.

        Args:
            first: they stand where a name is expected.
        """
        lists = self.lists
        flats = [w.flat for w in name]
        given = any(f.split("-")[0] in lists.given_names for f in flats)
        for n, f in enumerate(flats):
            if f in lists.heading_words and f not in lists.given_names:
                return False
            if f in lists.work_words and f not in lists.given_names and not (
                f in lists.trades
                and n == len(flats) - 1
                and n
                and (flats[0] in lists.given_names or self._unknown(flats[0]) or len(flats[0]) == 1)
            ):
                return False
            if f in lists.organisation_words and not (first and given and len(flats) == 2 and n == 1):
                return False
            if (
                f in _SMALL_WORDS
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
        parts = [_letters(w.flat) for w in name]
        parts = [p for p in parts if p]
        if not parts or all(len(p) < 3 for p in parts) or any(p in self.lists.work_words for p in parts):
            return False
        for slug in self.slugs:
            inside = [p for p in parts if len(p) > 2 and p in slug]
            if len(inside) >= 2 or (
                inside
                and (
                    (len(parts) == 1
                    and len(inside[0]) > 3)
                    or (len(parts) > 1
                    and (slug.startswith((parts[0][0] + inside[-1], inside[-1])))
                    and len(inside[-1]) > 3)
                )
            ):
                return True
        return False

    # Han, Kana and Hangul

    def _han_header(self, a: int, b: int, first: bool) -> bool:
        if (m := re.match(r"(?:[\u4e00-\u9fff]{2,4}|[\uac00-\ud7af]{2,4})(?= ?(?:[a-z]{2}|\())", self.text[a:b])) is not None:
            b = a + m.end()  # in a sentence of another script
        piece = self.text[a:b].strip(" *#_")
        compact = piece.replace(" ", "").replace("\u3000", "").replace("·", "")
        if not 2 <= len(compact) <= 10 or piece in self.lists.headings or _NO_HAN_NAME.search(compact) or not _HAN.match(compact):
            return False
        hangul = "\uac00" <= compact[0] <= "\ud7af"
        if len(compact) > (4 if hangul or not re.search("[\u3040-\u30ff ]", piece) else 10) or not all(_HAN.match(c) for c in compact):
            return False
        if not first and not (compact[0] in _SURNAMES and 2 <= len(compact) <= 4 and not hangul):
            return False
        self._han(a, b)
        return True

    def _han(self, a: int, b: int) -> None:
        piece = self.text[a:b]
        a += len(piece) - len(piece.lstrip(" *#_"))
        self.add_han(a, a + len(piece.strip(" *#_,，)）")))

    def add_han(self, start: int, end: int) -> None:
        """A name without capitals or blanks; its given name alone counts from two characters on."""
        text = self.text[start:end]
        parts = text.split()
        words = [Word(text, start, end)]
        if len(parts) > 1:
            words += [Word(part, start, end) for part in parts]
            words.append(Word("".join(parts), start, end))
        elif len(text) == 3 and text[0] in _SURNAMES:
            words.append(Word(text[1:], start, end))
        for word in words:
            self.names.append((word,))
        self.spans.append((start, end))

    # Where names recur

    def recurring(self) -> list[Span]:
        """Every span of a name, a part of it, its initials, its possessive and the title in front."""
        text, flat = self.text, self.flat
        sure: list[tuple[int, int]] = list(self.spans)
        doubtful: list[tuple[int, int]] = []
        plain: dict[str, bool] = {}
        for name in self.names:
            for word in name:
                for part in _parts(word):
                    if (
                        len(part) > 1
                        and part not in self.lists.particles
                        and part not in self.lists.credentials
                        and part not in self.lists.titles
                    ):
                        plain[part] = plain.get(part, False) or word.text.islower()
        for part in plain:
            han = _HAN.match(part) is not None
            ambiguous = not han and self._ambiguous(part)
            for start in _occurrences(flat, part, bounded=not han):
                end = start + len(part)
                if any(a <= start < b or a < end <= b for a, b in self.blocked) or any(a <= start < b for a, b in self.taken):
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
                    follows = _WORD.match(text, end + 1) if text[end : end + 1] == " " else None
                    if follows is not None and follows[0][0].isupper() and fold(follows[0]) in _SCHOOLS and (start, end) not in sure:
                        continue
                    if ambiguous and not self._initialled(start) and not self._of_a_person(start, end, part):
                        doubtful.append((start, end))
                        continue
                sure.append((start, end))
        merged = _joined(sorted(sure), sorted(doubtful), text)
        return [(*self._around(start, end), "NAME") for start, end in merged]

    def _ambiguous(self, part: str) -> bool:
        lists = self.lists
        return len(part) < 3 or not self._unknown(part) or part in lists.person_verbs or part in lists.trades or part in lists.label_words

    def _initialled(self, start: int) -> bool:
        """Whether an initial of a known name stands before: `E. Baker`."""
        m = re.search(r"(?<![^\W_])([^\W\d_])\. ?$", self.flat[max(0, start - 3) : start])
        return m is not None and any(word.flat[0] == m[1] for name in self.names for word in name)

    def _of_a_person(self, start: int, end: int, part: str) -> bool:
        """Whether a part that is another word too is used as a name: `Ruby led`, `Grace's`, `when Grace joined`."""
        text, flat = self.text, self.flat
        if not text[start].isupper():
            return False
        if text[end - 2 : end] in ("'s", "s'"):
            return part not in self.lists.places and part not in self.lists.skills
        after = re.match(r" ([^\W\d_]+)", flat[end : end + 24])
        opens = start == 0 or re.search(r"(?:[.!?:]\s|\n[ *•-]{0,4})$", text[max(0, start - 6) : start]) is not None
        verb = after is not None and after[1] in self.lists.person_verbs and not text[end + 1].isupper()
        if (
            verb
            and part in self.lists.given_names
            and (
                after[1] not in ("is", "was", "and", "can", "does", "has", "runs", "helps", "supports", "built", "used")
                or part not in self.lists.skills
            )
        ):
            return True
        if part in self.lists.skills or part in self.lists.places or opens or text[start:end].isupper():
            return False
        before = text[start - 1] == " " and text[start - 2 : start - 1].islower()
        beyond = text[end + 1 : end + 2] if text[end : end + 1] == " " else ""
        return before and not beyond.isupper() and part in self.lists.given_names and part not in self.lists.work_words

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
            m := re.match(
                r"(?:s|a|u|y|e|i|em|om|owi|ovi|iego|iemu|im|ej|owa|owej|ova|ove|а|у|ы|е|и|ой|ою|ым|ом|ем|ого|ому|ей|ю|я|ς|α|ου)(?!\w)",
                flat[end : end + 6],
            )
        ) is not None and len(part) >= 4 and (
            ord(part[0]) > 0x250
            or (m[0] == "s"
            and len(part) > 4)
            or part.endswith(("sk", "ck", "dzk", "ow", "ek", "ov", "in", "er", "an", "cz", "ik", "as", "ar", "ka", "el"))
        ):
            return end + m.end()
        return -1

    def _around(self, start: int, end: int) -> tuple[int, int]:
        """With initials, a suffix and a title beside it."""
        text = self.text
        while (m := re.search(r"(?<!\w)([^\W\d_]{1,4}) $", self.flat[max(0, start - 6) : start])) is not None and any(
            word.flat == m[1] and m[1] in self.lists.particles for name in self.names for word in name
        ):
            start -= len(m[0])
        before = text[max(0, start - 24) : start]
        if ((m := re.search(r"(?:(?<=[^\w.])|^)(?:[^\W\d_]\.[ -]?){1,3}$", before)) is not None and m[0].strip() and not m[0][0].islower()) or ((m := re.search(r"(?:(?<=[^\w.'])|^)[A-Z] $", before)) is not None and m[0][0] not in "IA"):
            start -= len(m[0])
        after = re.match(r",? (?:jr|sr|ii|iii|iv)\b\.?|,? (?:[^\W\d_]\.[ -]?){1,2}(?![^\W\d_])", fold(text[end : end + 10]))
        if after is not None and not text[end : end + after.end()].strip(" ,.")[0:1].islower():
            end += len(after[0].rstrip())
        before = fold(text[max(0, start - 30) : start])
        m = re.search(
            r"(?<![\w.])(?:(?:mr|mrs|ms|mx|dr|prof|hr|fr|mme|mlle|sra?|srta|sig|dott|dhr|mevr|smt|shri)\.? ?|(?:miss|herr|herrn|frau"
            r"|monsieur|madame|senora?|signora?|pani?|professor|doctor|sir|господин|госпожа|г-н|г-жа|κ\.?|κος|κα|bay|bayan|sayin|mister)"
            r" )+$",
            before,
        )
        if m is not None:
            start -= len(m[0])
        return start, end


_STRONG_INTRO = re.compile(rf"(?<!\w)(?:{_STRONG})(?::|,)?[ \n]{{1,2}}")
_WEAK_INTRO = re.compile(rf"(?<!\w)(?:{_WEAK}) ")
_SELF = re.compile(r"(?:i am|i'm|ich bin|je suis|soy|sono|sou|jestem|ik ben|jag ar|jeg er|я|this is|meet|hi|hello|call me) ?")
_INTRO_WORDS = frozenset(re.findall(r"[^\W\d_]+", re.sub(r"\\.|\[.*?\]|\?", " ", _STRONG + " " + _WEAK)))


def _pieces(flat: str, start: int, end: int, separators: str) -> list[tuple[int, int]]:
    """(start, end) of what stands between separators, ` - ` and runs of three blanks."""
    found = []
    for m in re.finditer(rf"(?:[^{re.escape(separators)}\s-]|-(?! )| (?!-|  )|(?<! )-)+", flat[start:end]):
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
            found.append(_letters(re.split(r"\s?(?:@|＠|[(\[{ ]at[)\]} ])", flat[start:end])[0]))
        elif kind == "URL":
            found.append(_letters(flat[start:end].rstrip("/").split("/")[-1]))
    return [
        slug for slug in found if len(slug) > 3 and slug not in ("info", "contact", "jobs", "career", "careers", "hello", "mail", "office")
    ]


def _letters(flat: str) -> str:
    """What of a folded text can stand in an address."""
    return re.sub(r"[^a-z0-9]", "", flat.replace("ß", "ss"))


def _occurrences(flat: str, part: str, bounded: bool = True) -> Iterator[int]:
    """Offsets of a part, where it begins a word."""
    at = flat.find(part)
    while at >= 0:
        if not bounded or at == 0 or not (flat[at - 1].isalnum() or flat[at - 1] in "_@"):
            yield at
        at = flat.find(part, at + 1)


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
    spans = sorted({*((a, b, True) for a, b in sure), *((a, b, False) for a, b in doubtful if (a, b) not in sure)})
    found: list[list] = []
    for start, end, known in spans:
        if found and start <= found[-1][1]:
            last = found[-1]
            last[1], last[2], last[3] = max(last[1], end), last[2] or known, last[3]
            continue
        gap = text[found[-1][1] : start] if found else "\n"
        if found and len(gap) <= 24 and _GAP.fullmatch(gap) and (known or found[-1][2] or gap in (" ", "-")):
            if "," not in gap or (known and found[-1][2]):
                found[-1][1], found[-1][2], found[-1][3] = end, found[-1][2] or known or gap in (" ", "-"), True
                continue
        found.append([start, end, known, False])
    return [(a, b) for a, b, known, _ in found if known]


_GAP = re.compile(
    r" ?[-.'\"]? ?|, ?| ?\"[^\W\d_]{1,20}\" ?| ?\([^\W\d_]{1,20}\) ?|(?: ?[^\W\d_]\.){1,3} ?| (?:de|da|do|dos|das|del|della|di|du|van"
    r"|von|der|den|ter|la|le|y|e|bin|ibn|al|el|zu|af|av|the|of)(?: (?:la|los|las|der|den|el))? | [^\W\d_][\w'-]{1,14} "
)
