"""Names: found where a text introduces them, then masked wherever they or their parts recur.

A name is introduced by its place (the first line of a resume), by words (`My name is`, `Dr.`, `Sincerely,`), by a label, by the
letters of the e-mail address, or by a given name of words.json in front of another capitalised word. No list need know it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from minirank.extract.personal.contact import Span
from minirank.extract.personal.fields import Field
from minirank.extract.personal.file_names import FileNames
from minirank.extract.personal.header import NO_HAN_NAME, Header
from minirank.extract.personal.name_words import HAN, SURNAMES, WORD, Word, marks, occurrences, pieces_of
from minirank.extract.personal.recurrences import Recurrences
from minirank.extract.personal.word_lists import fold

_HAN_INTRO = re.compile(
    r"(?:我叫|我的名字是|我的名字叫|我是|本人|姓名|名前は|氏名|私は|私の名前は|저는|제 이름은|이름은)"
    r" {0,2}(?P<name>[\u4e00-\u9fff]{2,4}?|[\u3040-\u30ff\u4e00-\u9fff]{1,6}"
    r"(?: [\u3040-\u30ff\u4e00-\u9fff]{1,6})?|[\uac00-\ud7af]{2,4})"
    r"(?=です|と申します|といいます|입니다|이고|이며|라고|[，,。. \n、]|一名|$|，)"
)
_HAN_TITLE = re.compile(
    r"(?P<name>[\u4e00-\u9fff]{1,3})(?:先生|女士|小姐|老师|老師|教授|博士|同学|さん|様|氏(?![名族]))"
    r"|(?P<hangul>[\uac00-\ud7af]{2,4}) ?(?:씨|님(?![^\W\d_])|선생님"
    r"|교수님)"
)

# Words in front of a name, strong ones (whatever is capitalised then is a name) and weak ones (only what looks like one).
_STRONG = (
    r"my name is|my name's|ich heisse|ich heiße|mein name ist|je m'appelle|me llamo|mi nombre es|mi chiamo|il mio nome e|chamo-me|me"
    r" chamo|meu nome e|nazywam sie|mam na imie|jmenuji se|volam sa|mijn naam is"
    r"|ik heet|mitt namn ar|jag heter|jeg heter|jeg hedder|mit navn er|nimeni on|benim adim|adim|ma numesc|numele meu este|zovem se|a"
    r" nevem|меня зовут|мене звати|με λενε|ονομαζομαι|(?:curriculum vitae|c\.?v\.?|resume|lebenslauf|zyciorys|curriculum|bewerbung"
    r"|profile|biography|bio|application|letter of recommendation|recommendation(?: letter)?"
    r"|reference(?: letter)?|letter of reference|letter|note|arbeitszeugnis|zeugnis|lettre de recommandation|personal data"
    r"|personal information)"
    r" (?:of|for|about|by|von|fur|de|di|do|da|van|over|av|pour|concerning|regarding)|name\?(?:\s{1,2}a(?:nswer)?)?|name"
    r" ?(?:->|=>|→)|on behalf of|feedback (?:for|on|from)|interview (?:with|of)"
    r"|testimonial for|(?:certify|certifies|attest|confirm) that|to recommend|considering|introducing|to introduce|endorse"
    r"|subject:? (?:cv|resume|application)(?: of| by| from)?|recommending|je recommande"
    r"|empfehle|empfehlen wir|recomiendo(?: a)?|dear(?: colleague)?|liebe[r]?|cher|chere|estimad[oa]|re:|regarding|betrifft:?|nee"
    r"|geborene|geb\.|formerly|maiden name|also known as|a\.k\.a\.|aka|signed by|signed|written by|prepared by|interviewed by"
)
_WEAK = (
    r"i am|i'm|ich bin|je suis|soy|sono|sou|jestem|ik ben|jag ar|jeg er|я|this is|meet|hi,? i'm|hello,? i'm|call me|recommend"
    r"|\(c\) \d{4}|copyright(?: \(c\))?(?: \d{4})?"
)
_STRONG_INTRO = re.compile(rf"(?<!\w)(?:{_STRONG})(?::|,)?[ \n]{{1,2}}")
_WEAK_INTRO = re.compile(rf"(?<!\w)(?:{_WEAK}) ")
_SELF = re.compile(r"(?:i am|i'm|ich bin|je suis|soy|sono|sou|jestem|ik ben|jag ar|jeg er|я|this is|meet|hi|hello|call me) ?")
# Words of which one must stand in the text.
_STRONG_WORDS = frozenset(
    "feedback interview testimonial certify certifies attest confirm name heisse heiße appelle llamo nombre chiamo nome chamo meu"
    " nazywam imie jmenuji volam naam heet namn heter hedder navn nimeni"
    " adim numesc numele zovem nevem"
    " зовут звати λενε ονομαζομαι curriculum cv c resume lebenslauf zyciorys bewerbung profile biography bio application recommendation"
    " reference arbeitszeugnis zeugnis lettre"
    " personal behalf recommend recommending recommande empfehle empfehlen recomiendo dear liebe lieber cher chere estimado estimada re"
    " regarding betrifft nee geborene geb formerly maiden"
    " aka signed written prepared interviewed letter note considering introducing introduce endorse subject".split()
) - {"a", "c"}
_WEAK_WORDS = frozenset("am m bin suis soy sono sou jestem ik jag jeg я this meet call recommend copyright c".split())
_FAREWELL_WORDS = frozenset(
    "sincerely regards yours best thanks thank respectfully cheers warmly faithfully freundlichen freundliche freundlichem"
    " hochachtungsvoll gruße grußen gruß cordialement salutations atentamente"
    " saludo saludos saluti atenciosamente cumprimentos powazaniem уважением groet groeten halsningar hilsen pozdravem saygilarimla"
    " εκτιμηση wishes".split()
)
# Of which one stands in every farewell, be it in a longer word.
_FAREWELL_SIGNS = tuple(
    "sincerely regards yours best thank respectfully cheers warmly faithfully freundliche hochachtungsvoll gruß gruss cordialement"
    " salutations atentamente saludo saluti atenciosamente cumprimentos powazaniem уважением groet halsningar hilsen pozdravem"
    " saygilarimla εκτιμηση 此致 敬 谨上 드림 올림".split()
)
_TITLED = re.compile(
    r"(?<![\w.-])(?:(?:mr|mrs|ms|mx|dr|prof|messrs|hr|fr|mme|mlle|mgr|sr|sra|srta|sig|sig\.ra|dott|dott\.ssa|avv|ing|inż|inz|dhr|mevr|mw"
    r"|smt|shri|sri|st|rev|hon|bc|judr|mudr|rndr|phdr)(?:\. ?| )(?=[^\W\d_])|(?:miss|herr|herrn|frau|monsieur|madame|mademoiselle|senor"
    r"|senora|senorita|don|dona|signor|signora|signorina|pan|pani|professor"
    r"|doctor|sir|dame|lady|lord|sister|brother|uncle|m|господин|госпожа|г-н|г-жа|κ|κος|κα|bayan|sayin|mister|professeur|docteur"
    r"|доктор|профессор)\.? )+"
)
_TITLE_WORDS = frozenset(
    "mr mrs ms mx dr prof hr fr mme mlle sra srta dott dhr mevr smt shri miss herr herrn frau monsieur madame mademoiselle senor senora"
    " senorita signor signora signorina pani господин госпожа г-н г-жа messrs mister professor professeur doctor docteur rev".split()
)
_DOUBTFUL_TITLES = frozenset("m sr st ing don sir dame lady lord sister brother uncle pan hon bc fr hr sig sri ms κ".split())
_FAREWELL = re.compile(
    r"(?:sincerely|regards|yours truly|yours faithfully|best wishes|all the best|best,|thanks,|thank you|many thanks|respectfully|cheers"
    r"|warmly|faithfully|freundlichen grußen|freundlichen grussen|freundliche gruße|freundlichem gruß|hochachtungsvoll|viele gruße|beste"
    r" gruße|cordialement|salutations|atentamente|saludo|saludos|cordiali saluti|distinti saluti|atenciosamente|cumprimentos"
    r"|z powazaniem|с уважением|vriendelijke groet|vriendelijke groeten|vanliga halsningar|venlig hilsen|hilsen|s pozdravem|saygilarimla"
    r"|(?<=\n)--|此致|敬具|敬上|谨上|드림|올림|με εκτιμηση)[^\n\w]{0,6}(?:\n|$|, )"
)
_PAGES = re.compile(r"(?:^|\n)[ *_]*(?P<name>[^\n|·•,:\d]{3,48}?) ?[|·•,-]? ?(?:page|seite) \d{1,2} ?(?:of|/|von) ?\d")
_REFERENCES = re.compile(
    r"(?:^|\n)[^\w\n]{0,6}(?:references|referees|professional references|referenzen|references professionnelles|referencias|referenze"
    r"|referencje|рекомендации)[^\w\n]{0,4}(?=\n|$)"
)
_WEAK_LABELS = frozenset(
    "|reference|referee|references|referees|author|supervisor|candidate|applicant|recruiter|names|name|candidate profile|employee"
    "|student|intern".split("|")
)
_REFERENCE_WORDS = frozenset("references referees referenzen referencias referenze referencje рекомендации".split())
_MOST_GIVEN = 3  # given names in front of one that is no other word
_OTHERS = frozenset(  # labels of people who are not the one that the text is about
    "contact person|recruiter|hiring manager|line manager|emergency contact|reported to|reports to|next of kin|ansprechpartner"
    "|ansprechpartnerin"
    "|kontaktperson|personne de contact|persona de contacto|контактное лицо|担当者|联系人|聯絡人|담당자|prepared by|signed|signature".split(
        "|"
    )
)


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
        finder.file_names()
        if not finder.person:
            finder.header()
        finder.introduced()
        finder.signature()
        finder.referees()
        finder.given()
    return finder.recurring()


class _Finder(FileNames, Header, Recurrences):
    """Finds what introduces names."""

    def labelled(self, field: Field) -> None:
        """The value of `Name:`; also `Doe, Jane`."""
        start, end = field.value
        strong = field.label not in _WEAK_LABELS
        if strong or field.label in ("name", "candidate", "applicant", "candidate profile", "employee", "student", "intern", ""):
            name = self._take(start, end, most=6, comma=True, strict=not strong)
            if not strong and len(name) == 1 and name[0].flat in self.lists.skills:
                return
            if name and ((strong and field.label not in _OTHERS) or self._like(name, first=True)):
                self.add(name)
                self.person = self.person or field.label not in _OTHERS
            elif not name and HAN.search(self.text, start, end) and end - start <= 12:
                self._han(start, end)
        else:
            for a, b in pieces_of(self.flat, start, end, ",;/&"):
                name = self._take(a, b, most=5)
                if len(name) > 1 and self._like(name, first=True):
                    self.add(name)

    def titled(self) -> None:
        """`Ms. Doe`, `Herr Prof. Dr. Doe`; the title is part of the name."""
        if self.words.isdisjoint(self.lists.titles):
            return
        for m in _TITLED.finditer(self.flat):
            if self.blocked[m.start()]:
                continue
            title = re.split(r"[. ]", m[0], maxsplit=1)[0]
            spelled = self.text[m.start()]
            if title in _DOUBTFUL_TITLES:  # also words and abbreviations of other things: `Sr. Developer`, `MS Office`, `HR Partner`
                if not spelled.isupper() or (len(title) == 2 and self.text[m.start() : m.start() + 2].isupper()):
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
        if any(w.flat in self.lists.organisation_words for w in name[1:]):
            return False
        return not doubtful or (self._like(name, first=False) and len(first) > 2 and first not in self.lists.organisation_words)

    def introduced(self) -> None:
        """`My name is Jane Doe`, `I am Jane`, `to recommend Jane Doe`; and a sentence that begins with a name."""
        text, flat = self.text, self.flat
        if not self.words.isdisjoint(_STRONG_WORDS):
            for m in _STRONG_INTRO.finditer(flat):
                self._han_behind(m.end())
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
        if not self.words.isdisjoint(_WEAK_WORDS):
            for m in _WEAK_INTRO.finditer(flat):
                self._han_behind(m.end())
                name = self._take(m.end(), len(text), most=4)
                if (
                    len(name) > (0 if _SELF.match(m[0]) else 1)
                    and (
                        self._given_first(name)
                        or self._given_and_unknown(name)
                        or self._sluggish(name)
                        or (len(name) > 1 and self._all_unknown(name))
                        or self._given_alone(name)
                        or self._first_alone(name, m.start())
                    )
                    and self._like(name, True)
                ):
                    self.add(name)
        for m in _HAN_INTRO.finditer(text) if self.east_asian else ():
            if not NO_HAN_NAME.search(m["name"]):
                self.add_han(m.start("name"), m.end("name"))
        for m in _HAN_TITLE.finditer(text) if self.east_asian else ():
            spelled = m["name"] or m["hangul"]
            at = m.start("name") if m["name"] else m.start("hangul")
            if m["hangul"]:
                if spelled[0] in SURNAMES:
                    self.add_han(at, m.end())
            else:
                for length in (3, 2, 1):  # the surname that stands last before the title
                    if len(spelled) >= length and spelled[-length] in SURNAMES:
                        self.spans.append((at + len(spelled) - length, m.end()))
                        break
        if not self.person:
            self._sentences()

    def _given_alone(self, name: tuple[Word, ...]) -> bool:
        """`Jasmine Python`, and not `Ruby Python developer`."""
        follows = WORD.match(self.flat, name[-1].end + 1)
        return len(name) == 2 and name[0].flat in self.lists.given_names and (follows is None or follows[0] not in self.lists.work_words)

    def _first_alone(self, name: tuple[Word, ...], start: int) -> bool:
        """`Hi! I'm Thorvild` among the first lines, and nothing behind it."""
        adjective = re.search(r"(?:able|ible|ed|ing|ful|ive|ent|ous|ible|ic|al)$", name[0].flat)
        known = (self._unknown(name[0].flat) and adjective is None) or name[0].flat in self.lists.given_names
        ends = re.match(r" ?(?:[\n,.!(|]|$)| (?:and|from|-) ", self.flat[name[-1].end : name[-1].end + 8])
        return len(name) == 1 and not self.person and start < 200 and len(name[0].flat) > 2 and known and ends is not None

    def _han_behind(self, at: int) -> None:
        """A name of another script in a sentence: `My name is 王小明 and`."""
        if (
            m := re.match(
                r"[\u4e00-\u9fff]{2,4}"
                r"|[\uac00-\ud7af]{2,4}",
                self.text[at : at + 5],
            )
        ) is not None and not NO_HAN_NAME.search(m[0]):
            self.add_han(at, at + m.end())

    def _sentences(self) -> None:
        """Sentences that begin with a name, among the first ones."""
        starts = [0, *(m.end() for m in re.finditer(r"[.!?]\s+|\n+[ *•-]*", self.flat[:600]))]
        for start in starts[:8]:
            name = self._take(start, len(self.text), most=5)
            if len(name) > 1 and self._sentence(name, len(self.text), len(self.text)) and self._like(name, True):
                told = re.match(r",? \((?:she|he|they)/", self.flat[name[-1].end : name[-1].end + 9]) is not None
                if told or self._given_first(name) or self._given_and_unknown(name) or self._sluggish(name) or self._all_unknown(name):
                    self.add(name)
                    self.person = True
                    return

    def signature(self) -> None:
        """After a farewell; and, where the header told none, on the last lines or beside the letters of the e-mail address."""
        text, flat = self.text, self.flat
        for m in _PAGES.finditer(flat) if "page" in self.words or "seite" in self.words else ():
            name = self._take(m.start("name"), m.end("name"), most=5)
            if len(name) > 1 and name[-1].end == m.end("name") and self._like(name, True):
                self.add(name)
                self.person = True
        signed = "\n--" in flat or not self.words.isdisjoint(_FAREWELL_WORDS)
        signed = signed or (not text.isascii() and any(map(flat.__contains__, _FAREWELL_SIGNS)))
        for m in _FAREWELL.finditer(flat) if signed else ():
            at = m.end()
            for _ in range(2):
                while at < len(flat) and flat[at] in "\n \t*_-,":
                    at += 1
                line_end = flat.find("\n", at)
                line_end = len(flat) if line_end < 0 else line_end
                if HAN.search(text, at, line_end) and line_end - at <= 8:
                    self.add_han(at, line_end)
                    break
                pieces = pieces_of(flat, at, line_end, "|,;(\t")
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
        if self.east_asian:  # a line that is a name of another script, such as in an export
            for m in re.finditer(r"(?<=\n)([\u4e00-\u9fff]{2,3}|[\uac00-\ud7af]{2,4})(?=\n)", text):
                if m[0][0] in SURNAMES and not NO_HAN_NAME.search(m[0]) and m[0] not in self.lists.headings:
                    self.add_han(m.start(), m.end())
                    self.person = True
                    return
        lines = [m.span() for m in re.finditer(r"[^\n]+", flat) if not m[0].isspace()]
        for start, end in lines[-2:] if len(lines) > 3 else ():
            pieces = pieces_of(flat, start, end, "|,;\t")
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
        if self.words.isdisjoint(_REFERENCE_WORDS) or (m := _REFERENCES.search(self.flat)) is None:
            return
        begin = m.end() + 1
        for line in self.flat[begin:].split("\n", 12)[:12]:
            pieces = pieces_of(self.flat, begin, begin + len(line), "|,;(:\t")
            begin += len(line) + 1
            for a, b in pieces[:2]:
                if self.taken.find(1, a, b) >= 0:
                    continue
                name = self._take(a, b, most=5)
                whole = bool(name) and name[-1].end >= b - 1
                if len(name) > 1 and whole and self._like(name, True) and not any(w.flat in self.lists.organisation_words for w in name):
                    self.add(name)

    def given(self) -> None:
        """A given name that is no other word, in front of a capitalised word: `with John Smith`."""
        lists, text, flat = self.lists, self.text, self.flat
        givens = sorted(self.words & lists.plain_given_names)
        if not givens:
            return
        covered = marks(len(text), self.spans)
        for given in givens:
            for start in occurrences(flat, given):
                if not text[start].isupper() or covered[start] or self.blocked[start]:
                    continue
                if start and (
                    text[start - 1] in "-'" or text[max(0, start - 4) : start].strip().lower() in ("st.", "san", "st", "sao", "são", "&")
                ):
                    continue
                for _ in range(_MOST_GIVEN):  # `María José`
                    m = re.search(r"(?<!\w)([^\W\d_]{2,20}) $", flat[max(0, start - 22) : start])
                    if m is None or m[1] not in lists.given_names or not text[start - len(m[0])].isupper():
                        break
                    start -= len(m[0])
                name = self._take(start, len(text), most=5)
                if len(name) < 2 or not self._like(name, False):
                    continue
                rest = [w.flat for w in name[1:] if len(w.flat) > 1]
                if not rest or not lists.no_surnames.isdisjoint(rest):
                    continue
                follows = WORD.match(text, name[-1].end + 1) if text[name[-1].end : name[-1].end + 1] == " " else None
                if follows is not None and follows[0][0].isupper() and fold(follows[0]) in lists.organisation_words:
                    continue
                if flat[name[-1].end : name[-1].end + 3] in (" & ", " + ") or flat[max(0, start - 3) : start] in (" & ", " + "):
                    continue
                self.add(name)
                covered[name[0].start : name[-1].end] = b"\1" * (name[-1].end - name[0].start)
