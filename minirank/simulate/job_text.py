"""Job descriptions: four layouts, in which must-haves and nice-to-haves are told apart by headings or by wording."""

from __future__ import annotations

from .phrasebook import EDUCATION, LEVELS, REMOTE
from .population import Jobs, Teams
from .wording import Mention, Writer, listed, sentence


def write_job(writer: Writer, teams: Teams, jobs: Jobs, row: int) -> tuple[str, str]:
    """Title and description of a job; the mentions are left in the writer."""
    book, team = writer.book, jobs.team[row]
    employer = teams.employer[team]
    city = book.names["cities"][teams.city[team]]
    level = LEVELS[jobs.level[row]]
    title, seniority = _title(writer, book.titles[jobs.title[row]], level)
    company, industry = book.employers[employer], book.names["industries"][book.employer_industry[employer]]
    blurb = writer.pick(book.names["blurbs"]).format(company=company, industry=industry, city=city)
    years = writer.mention_years("years", jobs.min_years[row]) if jobs.min_years[row] else ""
    unsaid = writer.chance() < 0.15 and jobs.education[row] == 0
    education = "" if unsaid else writer.mention("education", "education", EDUCATION[jobs.education[row]])
    facts = [text for text in (seniority, years, education) if text]
    remote = writer.mention("remote", "remote", REMOTE[jobs.remote[row]])
    place = f"{city}, {remote}"
    writer.note("city", city, city)
    most = f"{jobs.salary[row] * 1.08:.0f}"
    pay = writer.note("salary", f"{most}000", f"{jobs.salary[row] * 0.92:.0f}k to {most}k a year")
    must = [book.skills[skill] for skill in jobs.must[row] if skill >= 0]
    nice = [book.skills[skill] for skill in jobs.nice[row] if skill >= 0]
    layout = writer.pick((_sections, _sections, _prose, _terse, _headless))
    text = layout(writer, blurb, facts, must, nice, place, pay)
    if blurb in text:
        writer.note("employer", company, company)
        writer.note("industry", industry, industry)
    return title, writer.typo(text)


def _title(writer, name, level):
    title = writer.mention("title", "titles", name)
    words, known = writer.phrase("seniority", level)
    if level == "mid" and known and writer.chance() < 0.5:
        return title, ""
    writer.mentions.append(Mention("seniority", level, words, known))
    return (f"{words} {title}", "") if known else (title, words)


def _skills(writer, kind, names, cue):
    return [writer.mention(kind, "skills", name, cue) for name in names]


def _cued(writer, kind, names, group):
    """Sentences that say by their wording alone whether skills are asked for or welcome."""
    out = []
    for start in range(0, len(names), group):
        cue, known = writer.phrase("cues", kind)
        out.append(sentence(cue.format(x=listed(_skills(writer, kind, names[start : start + group], known)))))
    return out


def _bullets(items):
    return "\n".join(f"- {item}" for item in items)


def _sections(writer, blurb, facts, must, nice, place, pay):
    names = writer.book.names
    parts = [f"{blurb}\n{place}. {pay}."]
    if writer.chance() < 0.8:
        parts.append(writer.heading("tasks") + "\n" + _bullets(writer.some(names["tasks"], 3)))
    known = writer.knows()
    lines = _skills(writer, "must", must, known) + facts
    parts.append(writer.heading("must", known) + "\n" + _bullets(lines))
    known = writer.knows()
    parts.append(writer.heading("nice", known) + "\n" + _bullets(_skills(writer, "nice", nice, known)))
    if writer.chance() < 0.7:
        parts.append(writer.heading("benefits") + "\n" + _bullets(writer.some(names["benefits"], 3)))
    return "\n\n".join(parts)


def _prose(writer, blurb, facts, must, nice, place, pay):
    names = writer.book.names
    parts = [blurb + " " + " ".join(writer.some(names["tasks"], 2))]
    parts.append(" ".join(_cued(writer, "must", must, 2) + [sentence(fact) for fact in facts]))
    parts.append(" ".join(_cued(writer, "nice", nice, 2)))
    parts.append(f"Place of work: {place}. We pay {pay}, with {listed(writer.some(names['benefits'], 2))}.")
    parts.append(writer.pick(names["closings"]))
    return "\n\n".join(parts)


def _terse(writer, blurb, facts, must, nice, place, pay):
    known = writer.knows()
    wanted = writer.pick(("Must have", "Required") if known else ("Core", "Daily work"))
    text = f"{wanted}: " + ", ".join(_skills(writer, "must", must, known)) + ".\n"
    text += "".join(sentence(fact) + "\n" for fact in facts)
    known = writer.knows()
    extra = writer.pick(("Nice to have", "Plus points") if known else ("On top", "Would sweeten it"))
    text += f"{extra}: " + ", ".join(_skills(writer, "nice", nice, known)) + ".\n"
    return text + f"{place}. {pay}."


def _headless(writer, blurb, facts, must, nice, place, pay):
    names = writer.book.names
    lines = [blurb, *_cued(writer, "must", must, 1), *(sentence(fact) for fact in facts), *_cued(writer, "nice", nice, 1)]
    at = 1 + int(writer.chance() * len(lines))
    lines.insert(at, "You get " + listed(writer.some(names["benefits"], 3)) + ".")
    return "\n".join([*lines, f"Where: {place}. How much: {pay}."])
