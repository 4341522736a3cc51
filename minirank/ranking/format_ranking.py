"""A ranked list as plain text: the figures of each candidate, and in a few short lines why."""

from __future__ import annotations

from ..config.configuration import ScoreConfig
from ..evaluation.format_metrics import aligned, left_out_lines
from ..terminal import printable
from .results import NAMES, OVERLAP, Candidate, Comparison, Ranking

EXPERTS = 2  # of each task, those of most weight
SKILLS = 6  # named in a line
INDENT = " " * 6


def format_ranking(ranking: Ranking) -> str:
    """The list, one line of figures a candidate, then the reasons."""
    shown = ranking.candidates
    names = [name for name in NAMES if name in shown[0].probabilities]
    tasks = list(shown[0].gates)
    cells = [["rank", "candidate", *names, *(f"gate {task}" for task in tasks)]]
    for candidate in shown:
        figures = [f"{candidate.probabilities[name]:.4f}" for name in names]
        cells.append([str(candidate.rank), candidate.resume_id, *figures, *(top_experts(candidate.gates[task]) for task in tasks)])
    header, rule, *rows = aligned(cells)
    lines = [*heading(ranking), "", header, rule]
    for candidate, row in zip(shown, rows):
        lines += [row, *(INDENT + reason for reason in reasons(candidate))]
    lines.append("")
    if tasks:
        lines += [f"gate: the {EXPERTS} experts of most weight for a task, with their weights in percent"]
    lines.append("not found: extraction did not read it in the resume, which may still say it in other words")
    return "\n".join(map(printable, lines))


def format_moves(comparison: Comparison) -> str:
    """Who stands where under both roles."""
    roles = [role_name(ranking.role) for ranking in (comparison.a, comparison.b)]
    cells = [["candidate", *roles, "places"]]
    for move in comparison.moves:
        change = move.rank_a - move.rank_b
        moved = "same" if change == 0 else f"{abs(change):,} {'up' if change > 0 else 'down'}"
        cells.append([move.resume_id, f"{move.rank_a:,}", f"{move.rank_b:,}", moved])
    tau = "" if comparison.kendall_tau is None else f", Kendall tau over all {comparison.a.scored:,} {comparison.kendall_tau:.3f}"
    lines = [f"From {roles[0]} to {roles[1]}: {100 * comparison.overlap:.0f} % of the first {OVERLAP} are the same{tau}.", ""]
    return "\n".join(map(printable, lines + aligned(cells)))


def heading(ranking: Ranking) -> list[str]:
    """What was ranked for whom, by which score."""
    by = f"{ranking.scored:,} candidates by {format_score(ranking.exponents)}"
    lines = [f"{ranking.job_id}: {ranking.title}", f"role {role_name(ranking.role)}; {by}"]
    if ranking.words_known:
        job, resumes = (f"{100 * ranking.words_known[key]:.0f} %" for key in ("job", "resumes"))
        lines.append(f"training knows {job} of the job's words, {resumes} of the resumes'")
    return [*lines, *([] if ranking.note is None else [f"note: {ranking.note}"]), *left_out_lines(ranking.left_out)]


def format_score(exponents: ScoreConfig) -> str:
    """Such as `pCTR pCVR^0.5`."""
    ours = {theirs: name for name, theirs in NAMES.items()}
    used = {ours[task]: exponent for task, exponent in vars(exponents).items() if exponent}
    return " ".join(name + (f"^{exponent:g}" if exponent != 1 else "") for name, exponent in used.items())


def top_experts(weights: dict[str, float]) -> str:
    """Such as `expert 3 61, expert 0 25`."""
    best = sorted(weights, key=lambda name: weights[name], reverse=True)[:EXPERTS]
    return ", ".join(f"{name.removeprefix('expert ')}: {100 * weights[name]:.0f}" for name in best)


def reasons(candidate: Candidate) -> list[str]:
    """Two to five lines: skills with their quotes, title, levels and gaps, terms and career, likeness to past hires."""
    found = candidate.evidence
    levels = [found["title"]["resume"], gap(found, "years", " years"), gap(found, "seniority"), gap(found, "education")]
    second = [skills_line(found, "nice_to_have", "nice-to-haves"), ", ".join(level for level in levels if level)]
    third = [
        pay(found["salary"]),
        wait(found["notice"]),
        leadership(found["leadership"]),
        conditions(found["conditions"]),
        career(found["career"]),
    ]
    lines = [
        skills_line(found, "must_have", "must-haves"),
        *("; ".join(filter(None, parts)) for parts in (second, [skills_line(found, "forms", "other words")], third)),
    ]
    past = found["past_hires"]
    if past is not None:
        whose = "hires of this team" if past["level"] == "team" else "hires for this title"
        shared = ", ".join(item["skill"] for item in past["shared_skills"])
        near = "" if past["closeness"] is None else f", closeness {past['closeness']:.2f}"
        lines.append(f"past: {past['hires']} {whose}{near}" + (f", shares {shared}" if shared else ""))
    return [line for line in lines if line]


def skills_line(found: dict, key: str, name: str) -> str:
    """Such as `must-haves 2 of 3: sql, docker ("Docker Swarm"); not found: spark`."""
    covered, missing = found[key], found[f"{key}_missing"]
    if not covered and not missing:
        return ""
    text = f"{name} {len(covered)} of {len(covered) + len(missing)}"
    if covered:
        text += ": " + some([quoted(item) for item in covered])
    if missing:
        names = [item["skill"] + (" (stressed)" if item.get("stressed") else "") for item in missing]
        text += f"{';' if covered else ':'} not found: {some(names)}"
    return text


def quoted(item: dict) -> str:
    """The skill, with the words of the resume where they are others, and how well it is known: `sql (expert, 5 years)`."""
    words = " ".join(item["quote"].split())
    told = [] if words.lower() == item["skill"] else [f'"{words}"']
    told += [depth for depth in (item.get("depth"), years(item.get("years"))) if depth]
    asked = item.get("asked", {})
    told += [f"{depth} asked" for depth in (asked.get("depth"), years(asked.get("years"))) if depth and depth not in told]
    return item["skill"] + (f" ({', '.join(told)})" if told else "")


def years(number: int | None) -> str:
    """Such as `5 years`."""
    return "" if number is None else "1 year" if number == 1 else f"{number} years"


def pay(found: dict) -> str:
    """Such as `wishes 57,000 EUR (65,000 EUR offered)`."""
    wished, offered = (
        None if found[who] is None else f"{found[who]:,}" + ("" if found["currency"][who] is None else f" {found['currency'][who]}")
        for who in ("resume", "job")
    )
    return "" if wished is None else f"wishes {wished}" + ("" if offered is None else f" ({offered} offered)")


def wait(found: dict) -> str:
    """Such as `free in 13 weeks (4 asked)`."""
    if found["resume"] is None:
        return ""
    free = "free at once" if found["resume"] == 0 else f"free in {found['resume']} weeks"
    return free + ("" if found["job"] is None else f" ({found['job']} asked)" if found["job"] else " (at once asked)")


def leadership(found: dict) -> str:
    """Such as `led people (project asked)`."""
    if found["resume"] is None:
        return "" if found["job"] in (None, "none") else f"leadership of {found['job']} asked, none found"
    shown = "led nobody" if found["resume"] == "none" else f"led {found['resume']}"
    return shown + ("" if found["job"] in (None, found["resume"]) else f" ({found['job']} asked)")


def conditions(found: dict) -> str:
    """Such as `accepts travel, nights (asked: travel, shifts)`."""
    held = ", ".join(item["condition"] for item in found["resume"])
    asked = f"asked: {', '.join(found['job'])}" if found["job"] else ""
    return f"accepts {held}" + (f" ({asked})" if asked else "") if held else asked


def career(found: dict) -> str:
    """Such as `3 employers, 31 months each, longest pause 9 months, of Kingsmere University`."""
    parts = [] if found["moves"] is None else ["1 employer" if found["moves"] == 1 else f"{found['moves']} employers"]
    parts += [] if found["tenure"] is None else [f"{found['tenure']} months each"]
    parts += [f"longest pause {found['gap']} months"] if found["gap"] else []
    return ", ".join([*parts, *found["schools"][:1]])


def some(names: list[str]) -> str:
    """The first few names."""
    return ", ".join(names[:SKILLS]) + (f" and {len(names) - SKILLS} more" if len(names) > SKILLS else "")


def gap(found: dict, key: str, unit: str = "") -> str:
    """Such as `7 years (2 above what is asked)`, `senior (as asked)`; nothing where the resume does not say."""
    has, wanted, difference = found[key]["resume"], found[key]["job"], found[key]["gap"]
    if has is None:
        return ""
    asked = "" if wanted is None else " (as asked)" if difference == 0 else f" ({wanted} asked)"
    return f"{has}{unit.removesuffix('s') if has == 1 else unit}{asked}"


def role_name(role: str | None) -> str:
    """The role in the text."""
    return "unknown" if role is None else role
