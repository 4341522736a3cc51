"""Extraction by rules: no server, no model, a few milliseconds a document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from minirank.extract.masked_text import PLACEHOLDER
from minirank.extract.normalised_text import within
from minirank.extract.rules.career import Career, measure, read_career
from minirank.extract.rules.gazetteer import Gazetteer
from minirank.extract.rules.hobbies import at_work
from minirank.extract.rules.lexicon import Match, lexicon
from minirank.extract.rules.negation import affirmed, held_degrees
from minirank.extract.rules.open_forms import (
    Marked,
    ModelMarks,
    marked_by_model,
    marked_in_english,
    open_forms,
    open_phrases,
    without_company,
)
from minirank.extract.rules.periods import MOST_YEARS, covered_months
from minirank.extract.rules.requirements import boilerplate_spans, label_mentions, label_requirements, of_company, presents
from minirank.extract.rules.responsibilities import HOW_TO_APPLY, find_responsibilities
from minirank.extract.rules.resume_words import resume_marks
from minirank.extract.rules.scanned_text import FORM, ScannedText
from minirank.extract.rules.signals import job_signals, resume_signals
from minirank.extract.rules.skill_depth import Depth, find_depths
from minirank.extract.rules.tagger_features import Spans
from minirank.extract.rules.years import find_amounts, find_durations, speaks_of_experience
from minirank.extract.schema import EDUCATION, JobFeatures, ResumeFeatures, Value, first_of_each

_MOST_DOMAINS, _DOMAIN_SHARE = 3, 0.25
_LONGEST_TITLE = 100  # characters: what is longer is a sentence
_MOST_NAMES = 40  # of employers, of schools
_TITLE_VOTES = 3  # a title counts as much as this many skills

_PLACE = r"[A-Z\u00c0-\u024f][\w.'-]{1,30}(?:,? [A-Z\u00c0-\u024f][\w.'-]{1,30}){0,3}"
_LOCATION_LABEL = re.compile(r"(?i)(?:location|place of work|address|city|based in) {0,2}: {0,3}([^\n|;•(]{2,60})")
_LABELS = frozenset("location place address city based".split())
_LOCATION_PHRASE = re.compile(rf"[A-Za-z]+ (?:in|to|at) ({_PLACE})")
_PLACED = frozenset("based located office offices position role headquarters living lives live relocate hub site".split())
_LANGUAGE_CONTEXT = re.compile(
    r"(?i)\b(?:fluen|speak|spoken|written|languages?|native|proficien|mother tongue|verbal|oral|bilingual|command of"
    r"|knowledge of|[abc][12]\b|skills|conversational|basic|excellent|good|very good|level)"
)
_LEVEL_AFTER = re.compile(r"(?i)[ -]{1,2}(?:level|position|role|engineer|developer|profile|candidate|professional)")
_LEVEL_BEFORE = re.compile(r"(?i)(?:experience level|seniority|career level|level):?\s{1,3}$")
_ENTRY_BEFORE = re.compile(r"(?:^|[\n|:•(]|\bas(?: an?)?|- )[ *]{0,4}$")
_ENTRY_AFTER = re.compile(r" (?!Degree|Generation|Certificate)[A-Z]")
# Years that something lasts, or that are past, and not years that are asked for: `for the past 25 years the centre has`.
_LASTING = re.compile(
    r"(?i)\b(?:(?:since|seit|depuis|hace|od|już od|sinds|sedan|siden) (?:more than |over |almost |über |mehr als |plus de |más de )?"
    r"|(?:past|last|previous|recent|vergangenen|letzten|últimos|últimas|ultimi|afgelopen|laatste|ostatnich|ultimii|senaste"
    r"|seneste|siste) )\Z"
)
_GIVEN = re.compile(r"(?i)(?:receive|earn|get (?:extra|free|paid|access|your|discounts?|points|bonus\w*|(?:it )?support|training)) ")
_WHOLLY = re.compile(r"(?i)fully|100|first|only|position|role|job|anywhere|vollständig|based|full")
_OF_SKILLS = frozenset(("expert", "experienced", "intermediate", "seasoned"))
_NOT_WORK = ("education", "apart", "languages")
_TITLE_NOISE = re.compile(r"\([^)\n]{0,40}\)|\[[^\]\n]{0,40}\]|\s[-|].{0,80}$|\b(?:m/[wf]/[dx]|f/m/[dx]|all genders)\b")


def extract_job(
    title: str, description: str, gazetteer: Gazetteer | None = None, posted_at: int | None = None, marks: ModelMarks | None = None
) -> JobFeatures:
    """Features of a job description.

    Args:
        title: str.
        description: str, any language; what is not understood is left out, and so is what comes after `TEXT_LIMIT`
            characters of both together.
        gazetteer: Gazetteer whose labels are skills too where the tagger marks them as skills or knowledge, or None.
        posted_at: int, seconds since the epoch: from when on the weeks to a date of its start count; None: a date tells nothing.
        marks: of a model, in the place of the tagger's; or None.
    Returns: JobFeatures without an id; offsets are into `title + "\\n" + description`.
    """
    words = lexicon()
    scan = ScannedText(f"{title}\n{description}", words.job_headings, names=False)
    border = scan.text.text_span(0, len(title))[1]
    cues = words.cues.scan(scan.tokens)
    strong = [c for c in cues if c.kind != "weak"]
    idle = boilerplate_spans(scan, scan.tokens, cues, border)

    def is_asked(position: int) -> bool:
        """Benefits, the company, how to apply: nothing there is asked of the candidate."""
        return scan.section(position) != "other" and not within(idle, position)

    asked = {kind: [m for m in found if is_asked(m.start)] for kind, found in scan.kinds.items()}
    marked = marked_in_english(scan, gazetteer, is_asked)
    if marks is not None:
        below = marked_by_model(scan, marks, marked.knowledge, lambda position: position >= border and is_asked(position))
        marked = Marked(marked.skills, below)
    skills = without_company(scan, asked["skill"], marked, cues)
    if gazetteer is not None:
        skills = sorted([*skills, *_asked_labels(scan, gazetteer, marked)])
    named = [*skills, *chain.from_iterable(asked[kind] for kind in ("soft", "language", "education"))]
    tasks = find_responsibilities(scan, border, scan.language)
    forms = open_forms(scan, marked.knowledge, named, tasks)
    mentions = sorted([*skills, *(forms if gazetteer is None else map(gazetteer.nearest_named, forms))])
    is_marked = dict(zip(mentions, marked.touches(mentions), strict=True))
    must, nice = label_requirements(scan, mentions, cues, border, is_marked)
    soft = [m for m in asked["soft"] if not of_company(scan, m.start)]
    depths = dict(zip(mentions, find_depths(scan, scan.tokens, mentions), strict=True))
    return JobFeatures(
        title=_job_title(scan, border),
        seniority=_job_seniority(scan, border),
        min_years=_min_years(scan, strong),
        must_have=_skills(scan, must, depths, is_marked),
        nice_to_have=_skills(scan, [m for m in nice if m.name not in {x.name for x in must}], depths, is_marked),
        education=_job_education(scan, asked["education"], strong),
        domains=_domains(scan, asked["skill"], [m for m in scan.titles if m.end <= border]),
        responsibilities=_responsibilities(scan, tasks, marked.skills, named),
        soft_skills=scan.each_named(soft),
        **job_signals(scan, border, posted_at, sorted([*(m for m in (*must, *nice) if m.kind != FORM), *soft])),
        remote=_remote(scan, [_as_benefit(m, scan) for m in scan.kinds["remote"]]),
        **_common(scan, asked["language"]),
    )


def extract_resume(
    text: str, updated_at: int | None = None, gazetteer: Gazetteer | None = None, marks: ModelMarks | None = None
) -> ResumeFeatures:
    """Features of a resume.

    Args:
        text: str, any language; what is not understood is left out, and so is what comes after `TEXT_LIMIT` characters.
        updated_at: int, seconds since the epoch: what `present` means; the latest year in the text when None.
        gazetteer: Gazetteer whose labels are skills too, or None.
        marks: of a model, or None: the tagger reads no resumes.
    Returns: ResumeFeatures without ids; offsets are into `text`.
    """
    scan = ScannedText(text, lexicon().resume_headings, names=True)
    kinds = scan.kinds | {"skill": at_work(scan)}
    cues = resume_marks(scan.tokens)
    career = read_career(scan, cues, _month(updated_at))
    has = {kind: affirmed(scan.plain, kinds[kind], cues) for kind in ("skill", "soft", "language", "education")}
    skills = has["skill"] if gazetteer is None else sorted([*has["skill"], *affirmed(scan.plain, _labels(scan, gazetteer), cues)])
    if marks is not None:
        named = [*skills, *(m for kind in ("soft", "language", "education") for m in kinds[kind]), *scan.titles]
        skills = sorted([*skills, *affirmed(scan.plain, open_forms(scan, marked_by_model(scan, marks, []), named, ()), cues)])
    return ResumeFeatures(
        title=_resume_title(scan),
        seniority=_resume_seniority(scan),
        years=_total_years(scan, career),
        skills=scan.each_skill(skills, dict(zip(skills, find_depths(scan, scan.tokens, skills), strict=True))),
        education=_highest(scan, held_degrees(scan.plain, has["education"], career.studying)),
        domains=_domains(scan, has["skill"], scan.titles),
        soft_skills=scan.each_named(has["soft"]),
        **_career(scan, career),
        **resume_signals(scan, career, updated_at),
        remote=_remote(scan, scan.kinds["remote"]),
        **_common(scan, has["language"]),
    )


def _common(scan: ScannedText, languages: list[Match]) -> dict[str, Any]:
    """Features that jobs and resumes share, by name."""
    found = {"location": _location(scan), "languages": _languages(scan, languages)}
    return {**found, "flagged": scan.flagged, "masked": scan.masked}


def _labels(scan: ScannedText, gazetteer: Gazetteer) -> list[Match]:
    """Labels of a gazetteer where the lexicon knows nothing."""
    known = [m for matches in scan.kinds.values() for m in matches]
    return gazetteer.matches(scan.plain, scan.tokens, known)


def _asked_labels(scan: ScannedText, gazetteer: Gazetteer, marked: Marked) -> list[Match]:
    """Of those the ones that a job asks for: in running English, those inside a span that the tagger marks.

    `Danish` and `energy` stand in a posting more often as no skill than as one.
    """
    found = [m for m in _labels(scan, gazetteer) if scan.section(m.start) != "other"]
    if not marked.asked:
        return found
    spans = [*marked.skills, *marked.knowledge]
    return [m for m in found if any(start <= m.start and m.end <= end for start, end in spans)]


def _responsibilities(scan: ScannedText, tasks: list[tuple[str, int, int]], skills: Spans, named: list[Match]) -> tuple[Value, ...]:
    """Items that open with an action verb, and the tagger's phrases outside of them and of soft skills."""
    others = (_GIVEN, HOW_TO_APPLY)
    asked = [span for span in skills if not presents(scan, span[0]) and not any(words.match(scan.plain, *span) for words in others)]
    phrases = open_phrases(scan, asked, [*(m[:2] for m in named if m.kind == "soft"), *(task[1:] for task in tasks)])
    found = [*(scan.value(*task) for task in tasks), *(scan.open_value(*phrase) for phrase in phrases)]
    return tuple(sorted(found, key=lambda value: value.start))


def _skills(scan: ScannedText, mentions: list[Match], depths: Mapping[Match, Depth], is_marked: Mapping[Match, bool]) -> tuple[Value, ...]:
    """Values of mentions, each name once, in the order of their first mentions.

    What asks for it, as the tagger marks it, is a better quote than a title.
    """
    first = {m.name: m for m in reversed(mentions)}
    found = scan.each_skill(sorted(mentions, key=lambda m: (not is_marked[m], m)), depths)
    return tuple(sorted(found, key=lambda value: first[str(value.value)]))


def _job_title(scan: ScannedText, border: int) -> Value | None:
    """The lexicon's title in the job's title, else the job's title without brackets and seniority."""
    found = [m for m in scan.titles if m.end <= min(border, _LONGEST_TITLE)]
    if found:
        best = max(found, key=lambda m: (m.end - m.start, -m.start))
        return scan.named(best)
    title = plain = scan.plain[:border]
    levels = [m for m in scan.levels if m.end <= border]
    for m in reversed(levels):
        plain = plain[: m.start] + plain[m.end :]
    name = " ".join(_TITLE_NOISE.sub(" ", plain).replace(PLACEHOLDER, " ").lower().split())
    start = len(title) - len(title.lstrip())
    end = len(title.rstrip())
    if not name or end - start > _LONGEST_TITLE or any(f.start < scan.quote(start, end)[2] for f in scan.flagged):
        return None
    return scan.value(name, start, end)


def _job_seniority(scan: ScannedText, border: int) -> Value | None:
    """A level in the job's title, else one that the text gives to a position: `senior level`, `Seniority: mid`."""
    titles, plain = {m.start for m in scan.titles}, scan.plain

    def of_position(m: Match) -> bool:
        near = _LEVEL_AFTER.match(plain, m.end) or m.end + 1 in titles
        return bool(near or _LEVEL_BEFORE.search(plain, max(0, m.start - 40), m.start))

    in_title = (m for m in scan.levels if m.end <= border)
    return scan.first_named(chain(in_title, filter(of_position, scan.levels)))


def _resume_seniority(scan: ScannedText) -> Value | None:
    """The level in front of a title (`Senior Accountant`), or of a name that a line or an entry opens with.

    `Expert Python` and `Intermediate Spanish` are no levels of a person, nor is what stands among studies or hobbies.
    """
    titles, languages = {m.start for m in scan.titles}, {m.start for m in scan.kinds["language"]}
    plain = scan.plain
    for m in scan.levels:
        if m.end + 1 < len(plain) and scan.section(m.start) not in _NOT_WORK and m.end + 1 not in languages:
            opens = plain[m.start].isupper() and plain[m.start : m.end].lower() not in _OF_SKILLS and _ENTRY_AFTER.match(plain, m.end)
            if m.end + 1 in titles or (opens and _ENTRY_BEFORE.search(plain, max(0, m.start - 8), m.start)):
                return scan.named(m)
    return None


def _resume_title(scan: ScannedText) -> Value | None:
    """The first title outside of studies and volunteering, else the first one."""
    return scan.first_named(m for m in scan.titles if scan.section(m.start) not in _NOT_WORK) or scan.first_named(scan.titles)


def _min_years(scan: ScannedText, strong: list[Match]) -> Value | None:
    """The longest demanded experience: `5+ years of Java, 2 years of SQL` demands five."""
    amounts = [
        a
        for a in find_amounts(scan.plain, scan.tokens)
        if scan.section(a[0]) not in ("other", "nice") and not _LASTING.search(scan.plain, max(0, a[0] - 24), a[0])
    ]
    if not amounts:
        return None
    labels = label_mentions(scan, [a[:2] for a in amounts], strong)
    demanded = [a for a, label in zip(amounts, labels, strict=True) if label not in ("nice", "negation")]
    if not demanded:
        return None
    start, end, years = max(demanded, key=lambda a: a[2])
    return scan.value(years, start, end)


def _month(seconds: int | None) -> int | None:
    """Month since year 0 of a time in seconds since the epoch."""
    if seconds is None:
        return None
    date = datetime.fromtimestamp(seconds, UTC)
    return date.year * 12 + date.month - 1


def _total_years(scan: ScannedText, career: Career) -> Value | None:
    """Years of work: the larger of what the dated entries cover and what the resume says of its experience as a whole.

    The quote of dated entries is the one that starts first.
    """
    periods = [entry.period for entry in career.entries]
    within = ("education", "apart", "experience") if periods else ("education", "apart")
    found = [
        (years, start, end)
        for start, end, years in find_amounts(scan.plain, scan.tokens)
        if scan.section(start) not in within and speaks_of_experience(scan, start)
    ]
    if periods:
        first = min(periods, key=lambda p: p.first)
        found.append((min(covered_months(periods) // 12, MOST_YEARS), first.start, first.end))
    elif durations := find_durations(scan.plain, scan.spans("experience")):
        found.append((min(sum(months for *_, months in durations) // 12, MOST_YEARS), *durations[0][:2]))
    return scan.value(*max(found, key=lambda f: f[0])) if found else None


def _career(scan: ScannedText, career: Career) -> dict[str, Any]:
    """What the dated entries of work show, by name; the quote of a number is the newest entry's dates."""
    entries = sorted(career.entries, key=lambda e: (-e.period.last, -e.period.first))
    found: dict[str, Any] = {"schools": _names(scan, career.schools)}
    if entries:
        stays, newest = measure(entries, scan.plain), entries[0].period
        found["tenure"] = scan.value(stays.tenure, newest.start, newest.end)
        found["moves"] = scan.value(stays.moves, newest.start, newest.end)
        if stays.after_gap is not None:
            found["gap"] = scan.value(stays.gap, stays.after_gap.start, stays.after_gap.end)
        found["employers"] = _names(scan, [entry.employer for entry in entries if entry.employer])
    return found


def _names(scan: ScannedText, spans: list[tuple[int, int]]) -> tuple[Value, ...]:
    """Names in lower case, each once."""
    return first_of_each(
        scan.value(" ".join(scan.plain[start:end].lower().replace('"', " ").split()), start, end) for start, end in spans[:_MOST_NAMES]
    )


def _highest(scan: ScannedText, matches: list[Match]) -> Value | None:
    """The highest level of education."""
    return scan.first_named(sorted(matches, key=lambda m: -EDUCATION.index(m.name)))


def _job_education(scan: ScannedText, matches: list[Match], strong: list[Match]) -> Value | None:
    """The lowest level that is enough: `Bachelor's or Master's degree` asks for a bachelor; a welcome one for none."""
    labels = label_mentions(scan, [(m.start, m.end) for m in matches], strong)
    labelled = [(m, label or scan.section(m.start)) for m, label in zip(matches, labels, strict=True)]
    demanded = [m for m, label in labelled if label not in ("nice", "negation")]
    return scan.first_named(sorted(demanded, key=lambda m: EDUCATION.index(m.name)))


def _domains(scan: ScannedText, skills: list[Match], titles: list[Match]) -> tuple[Value, ...]:
    """Up to three domains, by the votes of distinct skills and titles; the quote is the first voter."""
    words = lexicon()
    votes: Counter[Any] = Counter()
    voter: dict[Any, Match] = {}
    for matches, weight, domain_of in ((titles, _TITLE_VOTES, words.title_domain), (skills, 1, words.domain)):
        for m in {m.name: m for m in reversed(matches)}.values():
            domain = domain_of(m.name)
            votes[domain] += weight
            if domain not in voter or m.start < voter[domain].start:
                voter[domain] = m
    total = votes.total()
    best = sorted(votes.items(), key=lambda v: (-v[1], v[0]))[:_MOST_DOMAINS]
    return tuple(scan.value(d, voter[d].start, voter[d].end) for d, n in best if n >= _DOMAIN_SHARE * total)


def _location(scan: ScannedText) -> Value | None:
    """The place after a label (`Location: Berlin`), else after a phrase (`based in Berlin`)."""
    for words, pattern in ((_LABELS, _LOCATION_LABEL), (_PLACED, _LOCATION_PHRASE)):
        for start in scan.tokens.positions(words):
            m = pattern.match(scan.plain, start)
            if m is not None:
                start = m.start(1)
                for part in m[1].split(PLACEHOLDER):  # what stands there may be masked up to the place
                    place = part.strip(" .,-")
                    if place:
                        start += part.index(place)
                        return scan.value(place.lower(), start, start + len(place))
                    start += len(part) + 1
    return None


def _as_benefit(m: Match, scan: ScannedText) -> Match:
    """What a remote policy says among the benefits: `home office` is possible there, and no place of work."""
    possible = m.name == "remote" and scan.section(m.start) == "other" and _WHOLLY.search(scan.plain, m.start, m.end) is None
    return m._replace(name="hybrid") if possible else m


def _remote(scan: ScannedText, policies: list[Match]) -> Value | None:
    """Hybrid before the others (`hybrid: two days remote`), then onsite (`no remote`), then remote."""
    return scan.first_named(sorted(policies, key=lambda m: ("hybrid", "onsite", "remote").index(m.name)))


def _languages(scan: ScannedText, matches: list[Match]) -> tuple[Value, ...]:
    """Languages a person speaks: `German` in `a German company` is none."""
    plain = scan.plain
    spoken = {sentence for sentence in {scan.sentence(m.start) for m in matches} if _LANGUAGE_CONTEXT.search(plain, *sentence)}
    return scan.each_named(
        m for m in matches if scan.section(m.start) == "languages" or (plain[m.start].isupper() and scan.sentence(m.start) in spoken)
    )
