"""Extraction by rules: no server, no model, half a millisecond a document."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime

from minirank.extract.rules.lexicon import lexicon
from minirank.extract.rules.requirements import label_mentions
from minirank.extract.rules.responsibilities import find_responsibilities
from minirank.extract.rules.scanned_text import ScannedText
from minirank.extract.rules.spans import marked_spans
from minirank.extract.rules.years import covered_months, find_amounts, find_entries
from minirank.extract.schema import EDUCATION, JobFeatures, ResumeFeatures

TEXT_LIMIT = 100_000  # characters of a document that are read: some thirty times a long resume

_MOST_DOMAINS, _DOMAIN_SHARE = 3, 0.25
_LONGEST_TITLE = 100  # characters: what is longer is a sentence
_TITLE_VOTES = 3  # a title counts as much as this many skills

_PLACE = r"[A-Z\u00c0-\u024f][\w.'-]{1,30}(?:,? [A-Z\u00c0-\u024f][\w.'-]{1,30}){0,3}"
_LOCATION_LABEL = re.compile(r"(?:location|place of work|address|city|based in) {0,2}: {0,3}([^\n|;•(]{2,60})", re.IGNORECASE)
_LABELS = frozenset("location place address city based".split())
_LOCATION_PHRASE = re.compile(rf"[A-Za-z]+ (?:in|to|at) ({_PLACE})")
_PLACED = frozenset("based located office offices position role headquarters living lives live relocate hub site".split())
_LANGUAGE_CONTEXT = re.compile(
    r"\b(?:fluen|speak|spoken|written|languages?|native|proficien|mother tongue|verbal|oral|bilingual|command of"
    r"|knowledge of|[abc][12]\b|skills|conversational|basic|excellent|good|very good|level)",
    re.IGNORECASE,
)
_COMPANY = re.compile(r"\W{0,3}(?:we|our|us|at (?!least))\b(?!(?: are|'re)? (?:look|expect|requir|need|want|seek|search))", re.IGNORECASE)
_LEVEL_AFTER = re.compile(r"[ -]{1,2}(?:level|position|role|engineer|developer|profile|candidate|professional)", re.IGNORECASE)
_LEVEL_BEFORE = re.compile(r"(?:experience level|seniority|career level|level):?\s{1,3}$", re.IGNORECASE)
_ENTRY_BEFORE = re.compile(r"(?:^|[\n|:•(]|\bas(?: an?)?|- )[ *]{0,4}$")
_ENTRY_AFTER = re.compile(r" (?!Degree|Generation|Certificate)[A-Z]")
_TITLE_NOISE = re.compile(r"\([^)\n]{0,40}\)|\[[^\]\n]{0,40}\]|\s[-|].{0,80}$|\b(?:m/[wf]/[dx]|f/m/[dx]|all genders)\b")

_FUNCTION_WORDS = frozenset("the and to of in for a with you we is are our your on be an as or at will".split())
_ENGLISH = 0.14  # their share of the words: 0.18 or more in every posting of SkillSpan, 0.11 or less in other languages


def extract_job(title, description, gazetteer=None):
    """Features of a job description.

    Args:
        title: str.
        description: str, any language; what is not understood is left out, and so is what comes after TEXT_LIMIT
            characters of both together.
        gazetteer: Gazetteer whose labels are skills too where the tagger marks them as skills or knowledge, or None.
    Returns: JobFeatures without an id; offsets are into `title + "\\n" + description`.
    """
    words = lexicon()
    title = title[:TEXT_LIMIT]
    reading = ScannedText(f"{title}\n{description}"[:TEXT_LIMIT], words.job_headings)
    document = reading.document
    border = len(title)
    # Benefits, the company, how to apply: nothing there is asked of the candidate.
    asked = {kind: [m for m in found if document.section(m.start) != "other"] for kind, found in reading.kinds.items()}
    cues = words.cues.scan(reading.tokens)
    strong = [c for c in cues if c.kind != "weak"]
    skills = asked["skill"]
    if gazetteer is not None:
        skills = sorted([*skills, *_asked_labels(reading, gazetteer)])
    must, nice = _requirements(document, skills, strong, cues, border)
    return JobFeatures(
        title=_job_title(reading, title),
        seniority=_job_seniority(reading, border),
        min_years=_min_years(reading, strong),
        must_have=reading.named(must),
        nice_to_have=reading.named(m for m in nice if m.name not in {x.name for x in must}),
        education=_job_education(reading, asked["education"], strong),
        domains=_domains(reading, asked["skill"], [m for m in reading.titles if m.end <= border]),
        responsibilities=tuple(reading.value(*v) for v in find_responsibilities(document, border)),
        soft_skills=reading.named(m for m in asked["soft"] if not _of_company(document, m)),
        location=_location(reading),
        remote=_remote(reading),
        languages=_languages(reading, asked["language"]),
        flagged=reading.flagged,
    )


def extract_resume(text, updated_at=None, gazetteer=None):
    """Features of a resume.

    Args:
        text: str, any language; what is not understood is left out, and so is what comes after TEXT_LIMIT characters.
        updated_at: int, seconds since the epoch: what `present` means; the latest year in the text when None.
        gazetteer: Gazetteer whose labels are skills too, or None.
    Returns: ResumeFeatures without ids; offsets are into `text`.
    """
    reading = ScannedText(text[:TEXT_LIMIT], lexicon().resume_headings)
    kinds = reading.kinds
    skills = kinds["skill"] if gazetteer is None else sorted([*kinds["skill"], *_labels(reading, gazetteer)])
    title = next(iter(reading.titles), None)
    return ResumeFeatures(
        title=None if title is None else reading.value(title.name, title.start, title.end),
        seniority=_resume_seniority(reading),
        years=_total_years(reading, updated_at),
        skills=reading.named(skills),
        education=_highest(reading, kinds["education"]),
        domains=_domains(reading, kinds["skill"], reading.titles),
        soft_skills=reading.named(kinds["soft"]),
        location=_location(reading),
        remote=_remote(reading),
        languages=_languages(reading, kinds["language"]),
        flagged=reading.flagged,
    )


def _labels(reading, gazetteer):
    """Labels of a gazetteer where the lexicon knows nothing."""
    known = [m for matches in reading.kinds.values() for m in matches]
    return gazetteer.matches(reading.plain, reading.tokens, known)


def _asked_labels(reading, gazetteer):
    """Of those the ones that a job asks for: in running English, those inside a span that the tagger marks.

    `Danish` and `energy` stand in a posting more often as no skill than as one. The tagger has learned from English
    sentences; of another language, or of a mere list, it knows nothing and is not asked.
    """
    found = [m for m in _labels(reading, gazetteer) if reading.document.section(m.start) != "other"]
    words = [word for word in reading.tokens.words if word.isalpha()]
    if sum(word in _FUNCTION_WORDS for word in words) < _ENGLISH * len(words):
        return found
    spans = [span for layer in marked_spans(reading, gazetteer) for span in layer]
    return [m for m in found if any(start <= m.start and m.end <= end for start, end in spans)]


def _requirements(document, skills, strong, cues, border):
    """Mentions that are demanded and mentions that are welcome.

    A cue in the sentence decides; then the section. Outside a section of requirements (tasks, an ad without
    headings) a skill counts as demanded when the ad has no such section, or the sentence speaks of experience.
    """
    labels = label_mentions(document, [(m.start, m.end) for m in skills], strong)
    weak = [document.sentence(c.start) for c in cues if c.kind == "weak"]
    explicit = document.has("must")
    must, nice = [], []
    for m, label in zip(skills, labels, strict=True):
        section = document.section(m.start)
        if m.end <= border:
            label = "must"
        elif label is None and section in ("must", "nice"):
            label = section
        elif label is None and (not explicit or document.sentence(m.start) in weak):
            label = "must"
        if label == "must":
            must.append(m)
        elif label == "nice":
            nice.append(m)
    return must, nice


def _of_company(document, match):
    """Whether a sentence speaks of the employer: `We are a creative team`."""
    begin, _ = document.sentence(match.start)
    return _COMPANY.match(document.plain, begin) is not None


def _job_title(reading, title):
    """The lexicon's title in the job's title, else the job's title without brackets and seniority."""
    border = len(title)
    found = [m for m in reading.titles if m.end <= min(border, _LONGEST_TITLE)]
    if found:
        best = max(found, key=lambda m: (m.end - m.start, -m.start))
        return reading.value(best.name, best.start, best.end)
    plain = reading.plain[:border]
    levels = [m for m in reading.levels if m.end <= border]
    for m in reversed(levels):
        plain = plain[: m.start] + plain[m.end :]
    name = " ".join(_TITLE_NOISE.sub(" ", plain).replace("\x01", " ").lower().split())
    start = len(title) - len(title.lstrip())
    end = len(title.rstrip())
    if not name or end - start > _LONGEST_TITLE or any(f.start < end for f in reading.flagged):
        return None
    return reading.value(name, start, end)


def _job_seniority(reading, border):
    for m in reading.levels:
        if m.end <= border:
            return reading.value(m.name, m.start, m.end)
    title_starts = {m.start for m in reading.titles}
    for m in reading.levels:
        near = _LEVEL_AFTER.match(reading.plain, m.end) or m.end + 1 in title_starts
        line_start = max(0, m.start - 40)
        if near or _LEVEL_BEFORE.search(reading.plain, line_start, m.start):
            return reading.value(m.name, m.start, m.end)
    return None


def _resume_seniority(reading):
    """The level in front of a title (`Senior Accountant`), or of a name that a line or an entry opens with."""
    titles = {m.start for m in reading.titles}
    plain = reading.plain
    for m in reading.levels:
        if m.end + 1 < len(plain):
            opens = _ENTRY_BEFORE.search(plain, max(0, m.start - 8), m.start) and _ENTRY_AFTER.match(plain, m.end)
            if m.end + 1 in titles or (opens and plain[m.start].isupper()):
                return reading.value(m.name, m.start, m.end)
    return None


def _min_years(reading, strong):
    """The longest demanded experience: `5+ years of Java, 2 years of SQL` demands five."""
    amounts = [a for a in find_amounts(reading.plain, reading.tokens) if reading.document.section(a[0]) not in ("other", "nice")]
    if not amounts:
        return None
    labels = label_mentions(reading.document, [a[:2] for a in amounts], strong)
    demanded = [a for a, label in zip(amounts, labels, strict=True) if label not in ("nice", "negation")]
    if not demanded:
        return None
    start, end, years = max(demanded, key=lambda a: a[2])
    return reading.value(years, start, end)


def _total_years(reading, updated_at):
    """Years of work: the larger of what the dated entries cover and what the resume says itself.

    The quote of dated entries is the one that starts first.
    """
    now = None
    if updated_at is not None:
        date = datetime.fromtimestamp(updated_at, UTC)
        now = date.year * 12 + date.month - 1
    document = reading.document
    spans = document.spans("experience")
    if not spans:
        spans = [s for kind in (None, "summary", "skills") for s in document.spans(kind)]
    entries = find_entries(reading.plain, reading.tokens, spans, now)
    found = [(years, start, end) for start, end, years in find_amounts(reading.plain, reading.tokens)]
    if entries:
        first = min(entries, key=lambda e: e[2])
        found.append((covered_months(entries) // 12, first[0], first[1]))
    return reading.value(*max(found, key=lambda f: f[0])) if found else None


def _highest(reading, matches):
    if not matches:
        return None
    best = max(matches, key=lambda m: EDUCATION.index(m.name))
    return reading.value(best.name, best.start, best.end)


def _job_education(reading, matches, strong):
    """The lowest level that is enough: `Bachelor's or Master's degree` asks for a bachelor; a welcome one for none."""
    labels = label_mentions(reading.document, [(m.start, m.end) for m in matches], strong)
    demanded = [
        m
        for m, label in zip(matches, labels, strict=True)
        if label not in ("nice", "negation") and (label or reading.document.section(m.start) != "nice")
    ]
    if not demanded:
        return None
    least = min(demanded, key=lambda m: EDUCATION.index(m.name))
    return reading.value(least.name, least.start, least.end)


def _domains(reading, skills, titles):
    """Up to three domains, by the votes of distinct skills and titles; the quote is the first voter."""
    words = lexicon()
    votes, voter = Counter(), {}
    for matches, weight, domain_of in ((titles, _TITLE_VOTES, words.title_domain), (skills, 1, words.domain)):
        for m in {m.name: m for m in reversed(matches)}.values():
            domain = domain_of(m.name)
            votes[domain] += weight
            if domain not in voter or m.start < voter[domain].start:
                voter[domain] = m
    total = votes.total()
    best = sorted(votes.items(), key=lambda v: (-v[1], v[0]))[:_MOST_DOMAINS]
    return tuple(reading.value(d, voter[d].start, voter[d].end) for d, n in best if n >= _DOMAIN_SHARE * total)


def _location(reading):
    """The place after a label (`Location: Berlin`), else after a phrase (`based in Berlin`)."""
    for words, pattern in ((_LABELS, _LOCATION_LABEL), (_PLACED, _LOCATION_PHRASE)):
        for start in reading.tokens.positions(words):
            m = pattern.match(reading.plain, start)
            if m is not None:
                quote = m[1].split("\x01")[0].rstrip(" .,")
                if quote:
                    return reading.value(quote.lower(), m.start(1), m.start(1) + len(quote))
    return None


def _remote(reading):
    """Hybrid before the others (`hybrid: two days remote`), then onsite (`no remote`), then remote."""
    for policy in ("hybrid", "onsite", "remote"):
        for m in reading.kinds["remote"]:
            if m.name == policy:
                return reading.value(policy, m.start, m.end)
    return None


def _languages(reading, matches):
    """Languages a person speaks: `German` in `a German company` is none."""
    document = reading.document
    kept = []
    for m in matches:
        begin, finish = document.sentence(m.start)
        if document.section(m.start) == "languages" or (
            reading.plain[m.start].isupper() and _LANGUAGE_CONTEXT.search(reading.plain, begin, finish)
        ):
            kept.append(m)
    return reading.named(kept)
