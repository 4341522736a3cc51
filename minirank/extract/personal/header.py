"""The person's name among the first lines of a resume."""

from __future__ import annotations

import re

from minirank.extract.personal.name_words import CASELESS, HAN, SMALL_WORDS, SURNAMES, WORD, NameReader, Word, letters, pieces_of

NO_HAN_NAME = re.compile(
    "[历歷简簡履歴经經]|工程|公司|大学|大學|学院|學院|部门|部門|技术|技術|开发|開発|设计|設計|管理|销售|銷售|会计|會計|护士|教师|教師|电话|電話|邮|郵|业务|業務|职|職|个人|個人|资料|資料|信息|情报"
    "|情報|能力|语言|英语|英語|日语|数据|數據|软件|主管|总监|助理|顾问|分析|年|月|[师師员員省市區県]$|性别|姓名|籍贯|概要|要望|状况|교육|경력|학력|이력|기술|개발|사원|회사|대학"
)
_PREFIX = re.compile(
    r"(?:curriculum vitae|c\.?v\.?|resume|lebenslauf|bewerbung|curriculo|curriculum|profil|profile|zyciorys|резюме|name|full name"
    r"|candidate|contact(?: (?:details|information|info))?|personal (?:details|information|data))"
    r"(?: ?(?:#|no\.? ?|nr\.? ?)?\d{1,6}(?=:))?\s{0,2}(?:[:|,/•–-]|of|for|by|von|de|di)?\s{1,3}(?=\S)"
    r"|(?:curriculum vitae|resume|cv|lebenslauf)[:-](?=\S)"
)
_NUMBERED = re.compile(r"\d{1,2}[.)] +(?=[^\W\d_])")
_HEADER_LINES = 10


class Header(NameReader):
    """Reads the first lines."""

    def header(self) -> None:
        """The person's name among the first lines."""
        begin, seen, number = 0, False, 0
        self._singles: set[str] = set()
        for line in self.text.split("\n", 30)[:30]:
            start, begin = begin, begin + len(line) + 1
            if not line.strip(" *#_=-|•>\t"):
                continue
            number += 1
            if number > _HEADER_LINES:
                break
            begins = start + len(line) - len(line.lstrip(" *#_=-|•>\t"))
            if self._is_heading(self.flat[start : start + len(line)]) and not self._whole(
                begins, start + len(line.rstrip(" *#_=-|•>\t")), True
            ):
                continue
            if number == 1 and self._behind_title(start, start + len(line)):
                return
            if self._header_line(start, start + len(line), seen):
                self.person = True
                if len(self.names[-1]) > 1:
                    return
            if (m := WORD.fullmatch(line.strip(" *#_=-|•>\t"))) is not None:
                self._singles.add(Word(m[0], 0, 0).flat)  # of a page's header, say; the whole name may follow
            if not seen and (":" in line[:30] or line.rstrip().endswith(":") or line.lstrip()[0] in "\"'“„«"):
                continue  # a field or what somebody said
            seen = seen or not all(self.taken[a] for a, _ in pieces_of(self.flat, start, start + len(line), "|•·;\t,"))
            if len(line) > 140:
                break

    def _is_heading(self, line: str) -> bool:
        words = re.findall(r"[^\W\d_]+", line)
        return bool(words) and (
            all(w in self.lists.heading_words or w in SMALL_WORDS for w in words) or line.strip(" *#_=-|•>:\t") in self.lists.headings
        )

    def _header_line(self, start: int, end: int, seen: bool) -> bool:
        """Takes the name that a line of the header holds; `seen`: a line before it said something else."""
        if (
            m := _PREFIX.match(self.flat, start + len(self.flat[start:end]) - len(self.flat[start:end].lstrip(" *#_=-|•>\t\"'")), end)
        ) is not None:
            start = m.end()
        if (m := _NUMBERED.match(self.flat, start, end)) is not None:
            start = m.end()
        pieces = pieces_of(self.flat, start, end, "|•·;\t,(/@<>[]")
        said = seen  # whether a piece before says something else
        for n, (a, b) in enumerate(pieces):
            if self.text[a - 1 : a] == "<" or self.text[a - 2 : a] == "</":
                continue
            if name := self._whole(a, b, not said) or (() if said else self._in_two(a, b, end)):
                self.add(name)
                self._after_name(name[-1].end)
                return True
            if self._is_heading(self.flat[a:b]):
                continue
            if self.taken.find(1, a, b) >= 0 or self.flat[b : b + 2].strip(" *_")[:1] == ":":
                continue
            first, said = not said, True
            if HAN.search(self.text, a, b):
                if self._han_header(a, b, first):
                    return True
                continue
            name = self._take(a, b, most=6, lower=True)
            whole = bool(name) and name[-1].end >= b - 1
            if not name:
                continue
            if self.flat[a:b] in self.lists.headings or (
                CASELESS.search(self.text, a, b) and (not first or len(name) > 4 or (len(name) == 1 and b - a > 12))
            ):
                continue
            if not whole and len(name) == 1 and not self._sluggish(name):
                continue
            if not whole and not self._sentence(name, b, end) and not (self._prefix_of_title(name, b) or self._sluggish(name)):
                continue
            if len(name) > 2 and whole:
                name = self._without_tail(name)
            alone = len(pieces) == 1 and self._given_and_unknown(name)
            if not first and not alone and not self._given_first(name) and not self._sluggish(name):
                continue
            turned = self._given_behind(name, pieces, n) if first and whole else ()
            if not turned and not self._like(name, first or alone) and not self._sluggish(name):
                continue
            if first and whole:
                name += turned or self._second_half(name, pieces, n, end)
                single = len(pieces) == 1 and len(name[0].flat) > 2 and self._unknown(name[0].flat)
                if len(name) == 1 and not (name[0].flat in self.lists.given_names or single):
                    continue
            self.add(name)
            if self.names and (whole or len(name) > 1):
                self._after_name(name[-1].end)
                return True
        return False

    def _whole(self, a: int, b: int, first: bool) -> tuple[Word, ...]:
        """A piece that is a given name and a family name, whatever else its words are: `May Page`; `first`: nothing is before it."""
        words = tuple(Word(m[0], *m.span()) for m in WORD.finditer(self.text, a, b))
        spelled = 2 <= len(words) <= 3 and self.text[a:b] == " ".join(word.text for word in words)
        if not spelled or not (len(words) == 2 or self._may_be_given(words[1])):
            return ()
        return words if self._are_name(words[0], words[-1], first or words[-1].flat in self._singles) else ()

    def _in_two(self, a: int, b: int, line_end: int) -> tuple[Word, ...]:
        """`Page, May`, or a given name above a family name, each a word alone."""
        one = WORD.fullmatch(self.text, a, b)
        if one is None:
            return ()
        turned = self.text[b : b + 2] == ", "
        start = b + 2 if turned else line_end + 1
        end = line_end if turned else self.flat.find("\n", start)
        other = WORD.fullmatch(self.text, start, len(self.text) if end < 0 else end)
        if other is None or not (turned or b == line_end):
            return ()
        words = tuple(Word(m[0], *m.span()) for m in (one, other))
        given, family = words[::-1] if turned else words
        return words if self._are_name(given, family, True) else ()

    def _are_name(self, given: Word, family: Word, first: bool) -> bool:
        lists = self.lists
        if not (given.text[0].isupper() and family.text[0].isupper()):
            return False
        named = family.flat in lists.family_words
        if not (
            given.flat in lists.given_names or (first and (given.flat in lists.given_at_the_head or (named and self._unknown(given.flat))))
        ):
            return False
        if named or family.flat in lists.trades:
            return True
        others = [lists.no_surnames, lists.heading_words, lists.demonyms, lists.credentials]
        if given.flat not in lists.given_at_the_head:
            others.append(lists.given_names)  # `Maria José`, whose family name may follow
        return len(family.flat) > 1 and not any(family.flat in other for other in others)

    def _may_be_given(self, word: Word) -> bool:
        return word.text[0].isupper() and (len(word.flat) == 1 or word.flat in self.lists.given_names or self._unknown(word.flat))

    def _behind_title(self, start: int, end: int) -> bool:
        """`Data engineer: Jane Doe` as the first line."""
        colon = self.flat.find(": ", start, min(end, start + 40))
        if colon < 0 or self.flat[start:colon].rsplit(" ", 1)[-1] not in self.lists.work_words:
            return False
        name = self._take(colon + 2, end, most=4)
        if len(name) < 2 or name[-1].end < end or not self._named(name) or not self._like(name, True):
            return False
        self.add(name)
        self.person = True
        return True

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
        rest = WORD.match(self.flat, name[-1].end + 1, end)
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
        known = (bool(other) and self._given_first((*other, *other))) or (
            bool(other) and other[0].flat in self.lists.given_names - self.lists.places
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
        if len(name) == 1 and n + 1 < len(pieces) and flat[pieces[n][1] : pieces[n + 1][0]].strip() in (",", ""):
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
            if self._sluggish((*name, *other)) and any(len(w.flat) > 2 and letters(w.flat) in slug for w in other for slug in self.slugs):
                return other
            main = [w for w in other if w.flat not in lists.particles]
            if len(main) == 1 and len(name) == 2 and self._all_unknown((*name, *main)):
                joined = "'" in main[0].text or "-" in main[0].text  # `Mary Ellen` above `O'Driscoll`
                return other if joined or all(w.flat in lists.given_names for w in name) else ()
            if len(name) > 1 or len(main) > 2 or any(w.flat in lists.places or w.flat in lists.organisation_words for w in other):
                return ()
            trade = len(main) == 1 and name[0].flat in lists.given_names and (main[0].flat in lists.trades or main[0].flat in lists.skills)
            return other if trade or self._like(other, True) else ()
        return ()

    def _sentence(self, name: tuple[Word, ...], end: int, line_end: int) -> bool:
        """`Jane Doe is ...`, `Jane Doe, 34, leads ...`, `Jane Doe (born 1985)`."""
        m = re.match(r",? \(?(?:\d\d|born|b\.|\*|she|he|they|who)| {1,3}\d{1,2}:\d\d| ([^\W\d_]+)", self.flat[name[-1].end : line_end])
        kind = re.match(r" (?:cv|resume|lebenslauf|curriculum vitae|portfolio)(?!\w)", self.flat[name[-1].end : line_end])
        if kind is not None and (name[-1].text.endswith("'s") or self._named(name)):  # `Jane Doe's resume`, `Jane Doe CV`
            return True
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

    def _han_header(self, a: int, b: int, first: bool) -> bool:
        if (m := re.match(r"(?:[\u4e00-\u9fff]{2,4}|[\uac00-\ud7af]{2,4})(?= ?(?:[a-z]{2}|\())", self.text[a:b])) is not None:
            b = a + m.end()  # in a sentence of another script
        piece = self.text[a:b].strip(" *#_")
        compact = piece.replace(" ", "").replace("\u3000", "").replace("·", "")
        if not 2 <= len(compact) <= 10 or piece in self.lists.headings or NO_HAN_NAME.search(compact) or not HAN.match(compact):
            return False
        hangul = "\uac00" <= compact[0] <= "\ud7af"
        if len(compact) > (4 if hangul or not re.search("[\u3040-\u30ff ]", piece) else 10) or not all(HAN.match(c) for c in compact):
            return False
        if re.search("[\u3040-\u309f]", compact) and not (" " in piece and len(compact) < 9):
            return False
        if not first and not (
            compact[0] in SURNAMES and 2 <= len(compact) <= 4 and (not hangul or len(re.findall("[\uac00-\ud7af]", self.text)) < 16)
        ):
            return False
        self._han(a, b)
        return True

    def _han(self, a: int, b: int) -> None:
        piece = self.text[a:b]
        a += len(piece) - len(piece.lstrip(" *#_"))
        self.add_han(a, a + len(piece.strip(" *#_,，)）")))
