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
    """Two or three lines: skills with their quotes, title, levels and gaps, likeness to past hires."""
    found = candidate.evidence
    levels = [found["title"]["resume"], gap(found, "years", " years"), gap(found, "seniority"), gap(found, "education")]
    second = [skills_line(found, "nice_to_have", "nice-to-haves"), ", ".join(level for level in levels if level)]
    lines = [skills_line(found, "must_have", "must-haves"), "; ".join(part for part in second if part)]
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
        text += f"{';' if covered else ':'} not found: {some([item['skill'] for item in missing])}"
    return text


def quoted(item: dict) -> str:
    """The skill, with the words of the resume where they are others."""
    words = " ".join(item["quote"].split())
    return item["skill"] if words.lower() == item["skill"] else f'{item["skill"]} ("{words}")'


def some(names: list[str]) -> str:
    """The first few names."""
    return ", ".join(names[:SKILLS]) + (f" and {len(names) - SKILLS} more" if len(names) > SKILLS else "")


def gap(found: dict, key: str, unit: str = "") -> str:
    """Such as `7 years (2 above what is asked)`, `senior (as asked)`; nothing where the resume does not say."""
    has, wanted, difference = found[key]["resume"], found[key]["job"], found[key]["gap"]
    if has is None:
        return ""
    asked = "" if wanted is None else " (as asked)" if difference == 0 else f" ({wanted} asked)"
    return f"{has}{unit}{asked}"


def role_name(role: str | None) -> str:
    """The role in the text."""
    return "unknown" if role is None else role
