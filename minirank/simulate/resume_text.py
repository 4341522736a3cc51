"""Resumes: sectioned, prose and terse layouts, dated careers, skills in a section or only told along the way."""

from __future__ import annotations

from .phrasebook import AVAILABLE, DEPTHS, EDUCATION, LEVELS
from .population import DEPTH, People
from .wording import Mention, Writer, listed, sentence

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def write_resume(writer: Writer, people: People, row: int) -> str:
    """Text of a snapshot; all snapshots of a person should get the same numbers, so that they look alike."""
    book, person = writer.book, people.person[row]
    names = book.names
    name = f"{writer.pick(names['first'])} {writer.pick(names['last'])}"
    layout = writer.pick((_sections, _sections, _prose, _terse))
    city = names["cities"][people.city[person]]
    writer.note("city", city, city)
    contact = f"{name.lower().replace(' ', '.')}{writer.pick(('', '1', '77'))}@example.org"
    title = writer.mention("title", "titles", book.titles[people.title[person]])
    skills = [_skill(writer, book.skills[k], people.skill[row, k]) for k in people.skill[row].nonzero()[0]]
    career = _career(writer, people, row, title)
    studies = _studies(writer, people, row)
    remarks = _remarks(writer, people, row)
    text = layout(writer, f"{name}\n{contact}\n{city}", title, skills, career, studies, remarks)
    return writer.typo(text)


def _skill(writer, name, proficiency):
    words, known = writer.phrase("skills", name)
    depth = DEPTHS[int(abs(DEPTH - proficiency).argmin())]
    frame, _ = writer.phrase("depth", depth)
    writer.mentions.append(Mention("skill", name, words, known, depth=None if frame == "{x}" else depth))
    return frame.format(x=words)


def _career(writer, people, row, title):
    """(what, where, from, to) of each entry, newest first; the level shows in the newest title, mid is not said."""
    book, person = writer.book, people.person[row]
    level = LEVELS[people.level[row]]
    prefix, _ = writer.phrase("seniority", level, known=True)
    count = people.entries[row]
    out = []
    for entry in range(count):
        last = entry == count - 1
        what = title if last else writer.phrase("titles", book.titles[people.title[person]])[0]
        if last and level != "mid":
            what = f"{prefix} {what}"
            writer.mentions.append(Mention("seniority", level, prefix, True))
        end = "present" if last else _month(people.end[person, entry])
        where = book.employers[people.employer[person, entry]]
        out.append((what, where, _month(people.start[person, entry]), end))
    for _, where, start, _ in reversed(out):
        writer.note("employer", where, where)
        writer.note("start", start, start)
    return out[::-1]


def _month(months):
    absolute = 2025 * 12 + 2 + int(months // 1)
    return f"{MONTHS[absolute % 12]} {absolute // 12}"


def _studies(writer, people, row):
    book, person = writer.book, people.person[row]
    level = EDUCATION[people.education[person]]
    words = writer.mention("education", "studied", level)
    school = book.names["schools"][people.school[person]][0]
    writer.note("school", school, school)
    field = book.names["fields"][book.domains[book.title_domain[people.title[person]]]]
    return f"{words}, {field}, {school}" if level not in ("none", "vocational") else f"{words}, {school}"


def _remarks(writer, people, row):
    """Sentences on availability, wishes and habits; some people keep one or the other to themselves."""
    person = people.person[row]
    out = [writer.mention("available", "available", AVAILABLE[people.available[row]])]
    years = int(people.years[row])
    if years > 1:
        out.append(writer.mention_years("worked", years))
    wish = f"{people.salary[row]:.0f}"
    out.append(writer.note("salary", f"{wish}000", f"Salary expectation {wish}k"))
    if people.leads[row]:
        out.append(writer.mention("leads", "leads", "leads"))
    if people.remote_ok[person]:
        out.append(writer.note("remote", "remote", writer.pick(("Remote work welcome", "I work well from home"))))
    if people.tenure[row] > 48 or people.tenure[row] < 28:
        out.append(writer.mention("moves", "moves", "stayer" if people.tenure[row] > 48 else "mover"))
    if writer.chance() < 0.4:
        out.append("Off work: " + listed(writer.some(writer.book.names["hobbies"], 2)))
    return [sentence(text) for text in out]


def _told(writer, career):
    """An achievement for some of the entries: noise."""
    done = writer.book.names["achievements"]
    return ["" if writer.chance() < 0.5 else writer.pick(done).format(n=2 + int(writer.chance() * 40)) for _ in career]


def _sections(writer, head, title, skills, career, studies, remarks):
    parts = [head]
    if writer.chance() < 0.6:
        parts.append(writer.heading("summary") + "\n" + f"{title}. {remarks[0]}")
        remarks = remarks[1:]
    apart = writer.chance() < 0.7
    lines, told = [], _told(writer, career)
    for (what, where, start, end), done in zip(career, told, strict=True):
        lines.append(f"{what}, {where}, {start} - {end}" + (f"\n- {done}" if done else ""))
    if not apart and lines:
        lines[0] += "".join(f"\n- {skill}" for skill in skills)
    parts.append(writer.heading("experience") + "\n" + "\n".join(lines))
    if apart:
        parts.append(writer.heading("skills") + "\n" + writer.pick((", ", "; ", "\n")).join(skills))
    parts.append(writer.heading("education") + "\n" + studies)
    parts.append("\n".join(remarks))
    return "\n\n".join(parts)


def _prose(writer, head, title, skills, career, studies, remarks):
    parts = [head]
    half = (len(skills) + 1) // 2
    text = []
    for number, (what, where, start, end) in enumerate(career):
        begin = "Since" if end == "present" else "From"
        until = "" if end == "present" else f" to {end}"
        text.append(f"{begin} {start}{until} I {'work' if end == 'present' else 'worked'} at {where} as {what}.")
        used = skills[:half] if number == 0 else skills[half:] if number == 1 else []
        if used:
            text.append(sentence(writer.pick(("My days there: ", "What I did: ", "It was about ")) + listed(used)))
    if len(career) == 1 and skills[half:]:
        text.append(sentence("Before that I learned about " + listed(skills[half:])))
    parts.append(" ".join(text))
    parts.append(sentence(studies))
    parts.append(" ".join(remarks))
    return "\n\n".join(parts)


def _terse(writer, head, title, skills, career, studies, remarks):
    lines = [head.replace("\n", " | "), f"{title} | {studies}", " / ".join(skills)]
    lines += [f"{start} - {end} {where} ({what})" for what, where, start, end in career]
    return "\n".join(lines + [" ".join(remarks)])
