"""A career: the dated entries of work in a resume, their employers, and the schools.

An entry is a period and the words around it: on its line, or in the lines above or below. Which of these words are the
employer is told by what they are (a title, a place, `at X`, `X GmbH`) and by the columns of the resume: where the title
stands second in one entry, it does so in the others.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from minirank.extract.masked_text import PLACEHOLDER
from minirank.extract.personal.word_lists import fold, word_lists
from minirank.extract.rules.lexicon import Match
from minirank.extract.rules.periods import Period, covered_months, find_periods
from minirank.extract.rules.scanned_text import ScannedText

_LONGEST, _MOST_WORDS = 60, 8  # characters and words of a name
_LONGEST_LINE = 90  # of a line beside an entry's
# SPEED: one character class; which of these cut is said in `_cuts`.
_SEPARATOR = re.compile(r"[,;|•\t\[\]{}。、，；（）()\n:/~@-]")
_FORM = re.compile(r"(?i)\s(?:inc|ltd|llc|llp|l\.p|gmbh|s\.?a|s\.?r\.?l|corp|co|plc|pty|ag|kg)\b")  # `Acme, Inc.`
_WIDE = re.compile(r"\s\s+")
_YEAR = re.compile(r"(?<!\w)(?:19|20)\d\d(?:年(?:\d{1,2}月)?)?(?!\w)")
_SENTENCE = re.compile(r"(?:(?<=\w\w\w)|(?<=\)))(?<!Inc)(?<!Ltd)(?<!Corp)(?<!Bros)[.;!?](?=\s|$)")
_DURATION = re.compile(r"(?i)\W*\d+\s?\+?\s?(?:years?|yrs?|months?|mos?|jahre?|monate?|ans?|mois|años?|meses|anni|mesi|anos)\b.*")
_CAPITALISED = re.compile(
    r"[^\s,a-z][^\s,]*(?: (?:(?:of|the|and|for|de|la|le|du|des|della|di|do|da|für|und|van|der|&) ){0,2}[^\sa-z][^\s,]*)*"
)
_NAME_OF_CJK = re.compile(r"\S*(?:株式会社|有限会社|公司|集团|주식회사|\(주\)|大学|大學|学院|高校|대학교)\S*")
_NUMBERED = re.compile(r"\A\d{1,2}[.)] +")
_WORD = re.compile(r"[^\W\d_]+")


class Entry(NamedTuple):
    """A dated entry of work: its period, and the offsets of its employer's name, or None."""

    period: Period
    employer: tuple[int, int] | None


class Career(NamedTuple):
    """entries: of work, in the order of the text; schools: offsets of their names; studying: of lines of studies that last."""

    entries: list[Entry]
    schools: list[tuple[int, int]]
    studying: list[tuple[int, int]]


class _Segment(NamedTuple):
    start: int
    end: int
    place: tuple[str, int, int]  # where it stands: "before", "after", "above" ..., its number there, how many there are
    score: float  # from -5, a title for certain, to 5, an employer for certain


def read_career(scan: ScannedText, marks: list[Match], now: int | None = None) -> Career:
    """The entries of work in a resume, and its schools.

    Of sections of experience, where there are any with dates; else of all but education, volunteering and the like. Entries of
    volunteering, studies, leave or service are none. Internships count where they stand among the work.

    Args:
        scan: ScannedText of a resume.
        marks: of `resume_marks`.
        now: as in `find_periods`.
    """
    return _Reader(scan, marks).career(now)


class _Reader:
    """Reads the career of one resume."""

    def __init__(self, scan: ScannedText, marks: list[Match]) -> None:
        self.scan, self.plain, self.marks = scan, scan.plain, marks
        self._starts = [m.start for m in self.marks]
        self._titles, self._degrees = [m.start for m in scan.titles], [m.start for m in scan.kinds["education"]]

    def career(self, now: int | None) -> Career:
        periods = find_periods(self.plain, now)
        lines = [_line(self.plain, p.start, p.end) for p in periods]
        chunks = _chunks(self.plain, periods, lines)
        sections = [self.scan.section(p.start) for p in periods]
        work = [i for i, section in enumerate(sections) if section == "experience" and not self._apart(*chunks[i], True)]
        if not work:
            work = [i for i, section in enumerate(sections) if section in _OPEN and not self._apart(*chunks[i], False)]
        bullets = {i for i in work if self.plain[lines[i][0] : lines[i][1]].lstrip()[:1] in _BULLETS}
        if work and work[0] not in bullets:  # `- Led the 2012 - 2015 review` tells of an entry and is none
            work = [i for i in work if i not in bullets]
        periods_of_work = [periods[i] for i in work]
        around = [self._around(periods[i], *chunks[i]) for i in work]
        self._add_neighbours(periods_of_work, [lines[i] for i in work], set(lines), around)
        entries = _name_employers(periods_of_work, around)
        studying = [chunk for i, chunk in enumerate(chunks) if periods[i].open and i not in work]
        return Career(entries, self._schools([e.employer for e in entries if e.employer]), studying)

    def _between(self, start: int, end: int) -> list[Match]:
        """Marks that begin in a part of the text."""
        return self.marks[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def _apart(self, start: int, end: int, among_work: bool) -> bool:
        """Whether an entry is no work: volunteering, studies, leave, service; a degree or a school without a title."""
        kinds = {m.kind for m in self._between(start, end)}
        if "paid" not in kinds and "apart" in kinds:
            return True
        if _any_within(self._titles, start, end):
            return False
        if "studies" in kinds or _any_within(self._degrees, start, end):
            return True
        return not among_work and "school" in kinds and not _is_title(_WORD.findall(fold(self.plain[start:end])))

    def _around(self, period: Period, start: int, end: int) -> list[_Segment]:
        """The names before and behind the dates of an entry."""
        works = any(m.kind == "works" for m in self._between(start, end))
        return [*self._cut(start, period.start, "before", works), *self._cut(period.end, end, "after", works)]

    def _cut(self, start: int, end: int, where: str, works: bool) -> list[_Segment]:
        """The names in a part of the text; prepositions that have other uses count beside a verb of work only."""
        if end - start < 2:
            return []
        cuts = _cuts(self.plain, start, end)
        prepositions = {"at": 4.0, "as": -4.0, "place": -4.0} | ({"for": 4.0} if works else {})
        words = [
            (m.start, m.end, prepositions[m.kind])
            for m in self._between(start, end)
            if m.kind in prepositions and not (m.end - m.start > 1 and self.plain[m.start : m.end].isupper())  # `Eksempel AS`
        ]
        named: list[tuple[int, int, float]] = []
        at, bonus = start, 0.0
        for begin, finish, next_bonus in [*sorted([*cuts, *words]), (end, end, 0.0)]:
            if begin < at:  # the colon of `Employer:`
                continue
            if span := self._name(at, begin, bonus > 3):
                named.append((*span, bonus))
            at, bonus = finish, next_bonus
        return [_Segment(a, b, (where, number, len(named)), bonus + self._score(a, b)) for number, (a, b, bonus) in enumerate(named)]

    def _name(self, start: int, end: int, in_sentence: bool) -> tuple[int, int] | None:
        """Offsets of a part of the text without what surrounds it, None where it can be no name."""
        text = self.plain[start:end]
        bare = _NUMBERED.sub("", text.strip(_AROUND))
        if len(bare) < 2:
            return None
        if in_sentence and (capitalised := _CAPITALISED.match(bare)):
            bare = capitalised[0].rstrip(_AROUND)
            bare = bare[:-2] if bare.endswith(" I") else bare
        if len(bare) <= _LONGEST_LINE and not bare.isascii() and (firm := _NAME_OF_CJK.search(bare)):
            bare = firm[0]
        if not 2 <= len(bare) <= _LONGEST or PLACEHOLDER in bare or bare.count(" ") >= _MOST_WORDS:
            return None
        if bare[0] == "<" or _WORD.search(bare) is None or _DURATION.fullmatch(bare):
            return None
        start += text.index(bare)
        end = start + len(bare)
        if any(m.kind == "no name" and (m.end == end or m.end - start <= 3) for m in self._between(start, start + 1)):
            return None
        return start, end

    def _score(self, start: int, end: int) -> float:
        """How much a name looks like an employer's (above 0) or like a title or a place (below)."""
        text = self.plain[start:end]
        words = _WORD.findall(fold(text))
        score, marks = 0.0, self._between(start, end)
        for m in marks:
            if m.kind == "firm" and (m.end - m.start > 4 or self.plain[m.start : m.start + 2] != self.plain[m.start : m.start + 2].lower()):
                score = 3.0
        if _any_within(self._titles, start, end):
            score -= 3.0
        lists = word_lists()
        if score < 3 and any(word in lists.organisation_words for word in words):
            score += 1.5
        if _is_title(words) or any(m.kind == "title" for m in marks):
            score -= 2.0
        if all(word in lists.places for word in words) or text.split(" ", 1)[0].islower():  # `eBay` is a name
            score -= 2.5
        return score - 0.5 if len(text) <= 3 and text.isupper() else score

    def _add_neighbours(
        self, periods: list[Period], lines: list[tuple[int, int]], taken: set[tuple[int, int]], around: list[list[_Segment]]
    ) -> None:
        """Names in the lines above and below, for entries whose own line has no name beside a title.

        Where the first entry of a section has a line above it, all have; where a heading is there, they stand below.
        """
        above_only = below_only = False
        first = True
        for period, line, segments in zip(periods, lines, around, strict=True):
            names = sum(segment.score > -2 for segment in segments)
            if names > 1 or (names and len(segments) > 1) or any(segment.score >= 3 for segment in segments):
                continue
            above = [] if below_only else self._beside(line, -1, taken)
            if first:
                above_only, below_only = bool(above) and self.scan.section(period.start) == "experience", not above
                first = False
            below = [] if above_only else self._beside(line, 1, taken)
            for side, found in (("above", above), ("below", below)):
                for distance, (start, end) in enumerate(found, start=1):
                    segments += self._cut(start, end, f"{side} {distance}", False)

    def _beside(self, line: tuple[int, int], step: int, taken: set[tuple[int, int]]) -> list[tuple[int, int]]:
        """Up to two lines above (-1) or below (1) one that may belong to its entry: no bullets, headings, sentences, dates."""
        plain = self.plain
        found: list[tuple[int, int]] = []
        while len(found) < 2:
            at = line[0] - 1 if step < 0 else line[1] + 1
            if not 0 <= at < len(plain):
                break
            line = _line(plain, at, at)
            text = plain[line[0] : line[1]].strip()
            if _DURATION.fullmatch(text):  # `6 years 2 months`, of all positions under an employer
                continue
            if not text or len(text) > _LONGEST_LINE or text[0] in "-•*" or line in taken:
                break
            if text[-1] in ".!?" and not any(m.kind == "firm" for m in self._between(line[1] - 8, line[1])):
                break
            if PLACEHOLDER in text or text.islower() or self.scan.is_heading(line[0]):
                break
            found.append(line)
        return found

    def _schools(self, employers: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Names with a word for a school, outside of the sections of work, that are no employer's."""
        taken = set(employers)
        found: list[tuple[int, int]] = []
        for at in [m.start for m in self.marks if m.kind == "school"]:
            if found and at < found[-1][1]:
                continue
            begin, finish = _line(self.plain, at, at)
            if self.scan.section(at) not in ("education", None, "summary") and not _any_within(self._degrees, begin, finish):
                continue
            begin, finish = max(begin, at - _LONGEST_LINE), min(finish, at + _LONGEST_LINE)
            borders = [*_cuts(self.plain, begin, finish), *((m.start(), m.end(), 0.0) for m in _YEAR.finditer(self.plain, begin, finish))]
            begin = max((end for _, end, _ in borders if end <= at), default=begin)
            finish = min((start for start, _, _ in borders if start > at), default=finish)
            span = self._name(begin, finish, False)
            if span is not None and span not in taken and span[0] <= at < span[1]:
                found.append(span)
        return found


def _any_within(offsets: list[int], start: int, end: int) -> bool:
    """Whether one of sorted offsets lies in [start, end)."""
    at = bisect_left(offsets, start)
    return at < len(offsets) and offsets[at] < end


def _cuts(plain: str, start: int, end: int) -> list[tuple[int, int, float]]:
    """Where names end: (start, end, score of the name behind it)."""
    found = []
    for m in _SEPARATOR.finditer(plain, start, end):
        at, sign = m.start(), m[0]
        if sign in ":/~@-":  # `A - B`, `A / B`, but `Coca-Cola`, `A/S`
            if not plain[at + 1 : at + 2].isspace() or not (sign == ":" or plain[at - 1 : at] in " -"):
                continue
        elif sign == "," and _FORM.match(plain, at + 1):
            continue
        found.append((at, at + 1, -0.3 if sign == "(" else 0.0))
    if "  " in plain[start:end]:
        found += [(m.start(), m.end(), 0.0) for m in _WIDE.finditer(plain, start, end)]
    return found


# Of the words of work those for a person: `Manager`, but not `Logistics`.
_PERSON = tuple(
    "er or ist yst ect ian ant agent president student eur euse rice iere ado ada ero era ora nte sta rin tin man mann frau ary ive"
    " mechanic chef clerk cook nurse head lead intern chief associate attorney coach pilot trainee apprentice midwife vice responsable"
    " responsabile gestionnaire ingegnere contador werkstudent principal".split()
)
_NO_PERSON = frozenset("customer computer sector temporary creative innovative".split())


def _is_title(words: list[str]) -> bool:
    """Whether folded words begin or end with one for somebody's work."""
    lists = word_lists()
    return any(
        word in lists.trades or (word in lists.work_words and word not in _NO_PERSON and _names_person(word))
        for word in (words[:1] + words[-1:])
    )


def _names_person(word: str) -> bool:
    return word.endswith(_PERSON) or "\u0370" <= word[-1] <= "\u04ff"  # Greek and Cyrillic


def _line(plain: str, start: int, end: int) -> tuple[int, int]:
    """Offsets of the line, or lines, that a span is in."""
    finish = plain.find("\n", end)
    return plain.rfind("\n", 0, start) + 1, len(plain) if finish < 0 else finish


def _chunks(plain: str, periods: list[Period], lines: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Which part of its line each period speaks for: all of it, or up to its neighbours on the line."""
    found = []
    leads = True  # of a line with several periods: each stands before the words that it belongs to
    for at, (period, (begin, finish)) in enumerate(zip(periods, lines, strict=True)):
        start, end = begin, finish
        if at and lines[at - 1] == lines[at]:
            borders = [m.end() for m in _SENTENCE.finditer(plain, periods[at - 1].end, period.start)]
            start = borders[-1] if borders else period.start if leads else periods[at - 1].end
        else:
            leads = not plain[begin : period.start].strip(" \t-•*(|")
        if at + 1 < len(periods) and lines[at + 1] == lines[at]:
            border = _SENTENCE.search(plain, period.end, periods[at + 1].start)
            end = border.start() if border else periods[at + 1].start if leads else period.end
        else:
            border = _SENTENCE.search(plain, min(period.end + 3, end), end)
            end = border.start() if border else end
        if period.start - start > _LONGEST_LINE:
            start = max((m.end() for m in _SENTENCE.finditer(plain, start, period.start)), default=start)
        found.append((start, end))
    return found


_OPEN = (None, "summary", "skills")  # sections in which entries of work may stand where no section of experience has any
_BULLETS = tuple("-•*")
_AROUND = " .,:;*_'\"#>+-~/|\n@"
_PRIOR = {
    "before": (-0.2, 0.6, -0.5),
    "after": (0.3, 0.4, -0.6),
    "above 1": (0.4, -0.4, -0.6),
    "above 2": (0.2, -0.4, -0.6),
    "below 1": (0.3, -0.4, -0.6),
    "below 2": (0.0, -0.5, -0.7),
}


def _name_employers(periods: list[Period], around: list[list[_Segment]]) -> list[Entry]:
    """The employer of each entry: the segment that scores best by itself, by its place in all entries, and by habit."""
    scores: dict[tuple[str, int, int], list[float]] = defaultdict(list)
    for segments in around:
        for segment in segments:
            scores[segment.place].append(max(-3.0, min(3.0, segment.score)))
    votes = {place: 0.7 * sum(found) / len(found) for place, found in scores.items()}
    entries: list[Entry] = []
    above: tuple[int, int] | None = None  # the employer in a line above, which further positions may share
    for period, segments in zip(periods, around, strict=True):
        titled = any(segment.score <= -2 for segment in segments)
        here = any(segment.score > -2 and segment.place[0] in ("before", "after") for segment in segments)
        best, chosen = 0.0, None
        for segment in segments:
            where, number, count = segment.place
            prior = _PRIOR[where][min(number, 2)]
            if number == 0:
                prior += -0.2 if where == "before" and count > 1 else 0.2 if where == "after" and count == 1 else 0.0
            if here and where not in ("before", "after"):
                prior -= 0.5
            total = segment.score + votes[segment.place] + prior + (0.5 if titled and segment.score > -2 else 0.0)
            if total > best:
                best, chosen = total, segment
        if chosen is None:
            again = not segments and bool(entries) and period.start - entries[-1].period.end <= 3  # `Acme, 2010 - 2012, 2014 - 2016`
            entries.append(Entry(period, entries[-1].employer if again else above if titled else None))
        else:
            entries.append(Entry(period, (chosen.start, chosen.end)))
            above = entries[-1].employer if chosen.place[0].startswith("above") else None
    return entries


class Stays(NamedTuple):
    """What the entries add up to, in months; see `ResumeFeatures`."""

    tenure: int
    moves: int
    gap: int
    after_gap: Period | None


def measure(entries: list[Entry], plain: str) -> Stays:
    """Mean months a job, employers, and the longest pause between jobs with the entry behind it.

    Positions under one employer are one job. A pause is what no reading of the dates fills: between `2015 - 2018` and
    `2019 - 2021` there is none.
    """
    jobs: dict[object, list[Period]] = defaultdict(list)
    for number, entry in enumerate(entries):
        jobs[fold(plain[slice(*entry.employer)]) if entry.employer else number].append(entry.period)
    tenure = round(sum(map(covered_months, jobs.values())) / len(jobs)) if jobs else 0
    gap, after_gap, reached = 0, None, None
    for period in sorted((entry.period for entry in entries), key=lambda p: p.first):
        if reached is not None and period.first - reached > gap:
            gap, after_gap = period.first - reached, period
        reached = max(reached or 0, period.until)
    return Stays(tenure, len(jobs), gap, after_gap)
