"""Why a candidate stands where it stands: evidence as short lines, quotes without what says who the person is.

Schools and pauses, which `minirank rank` shows and no model reads, are left out of a page that is passed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..extract.schema import Mask
from ..ranking.format_ranking import conditions, gap, leadership, pay, quoted, some, wait
from .contents_ranked import Reason

HIDDEN = "[...]"
LONGEST_QUOTE = 120  # characters


def masked_quote(quote: str, start: int, masks: Iterable[Mask]) -> str:
    """A quote with a sign in the place of whatever says who a person is.

    Args:
        quote: exactly as the source has it, from its character `start` on. masks: of the same source.
    """
    for mask in sorted(masks, key=lambda mask: -mask.start):
        first, last = max(mask.start - start, 0), min(mask.end - start, len(quote))
        if first < last:
            quote = quote[:first] + HIDDEN + quote[last:]
    return quote if len(quote) <= LONGEST_QUOTE else quote[:LONGEST_QUOTE] + " ..."


def reasons(evidence: dict[str, Any], of_resume: Iterable[Mask], of_job: Iterable[Mask]) -> tuple[Reason, ...]:
    """Evidence as lines.

    Args:
        evidence: see `features.evidence`.
        of_resume, of_job: masks of the two texts.
    """
    lines: list[Reason | None] = []
    of_resume, of_job = tuple(of_resume), tuple(of_job)
    for key, about in (("must_have", "must-haves"), ("nice_to_have", "nice-to-haves"), ("forms", "other words of the job")):
        found, lacking = _masked(evidence[key], of_resume), _masked(evidence[f"{key}_missing"], of_job)
        total = len(found) + len(lacking)
        if found:
            lines.append(Reason(about, f"{len(found)} of {total}: {some([quoted(item) for item in found])}", True))
        if lacking:
            names = [item["skill"] + (" (stressed)" if item.get("stressed") else "") for item in lacking]
            lines.append(Reason(about, f"not found, {len(lacking)} of {total}: {some(names)}", False))
    title = evidence["title"]
    if title["resume"]:
        same = title["resume"] == title["job"]
        asked = "as asked" if same else f"{title['job']} asked" if title["job"] else "the job has none"
        lines.append(Reason("title", f"{title['resume']} ({asked})", same if title["job"] else None))
    for key, unit in (("years", " years"), ("seniority", ""), ("education", "")):
        text, difference = gap(evidence, key, unit), evidence[key]["gap"]
        lines.append(Reason(key, text, None if difference is None else difference >= 0) if text else None)
    salary, notice = evidence["salary"], evidence["notice"]
    lines.append(_line("pay", pay(salary), _at_most(salary)))
    lines.append(_line("start", wait(notice), _at_most(notice)))
    lines.append(_line("leadership", leadership(evidence["leadership"])))
    lines.append(_line("conditions", conditions(evidence["conditions"])))
    lines.append(_line("career", _career(evidence["career"])))
    lines.append(_past(evidence["past_hires"]))
    return tuple(line for line in lines if line is not None)


def _masked(items: Iterable[Mapping[str, Any]], masks: tuple[Mask, ...]) -> list[dict[str, Any]]:
    return [{**item, "quote": masked_quote(item["quote"], item["start"], masks)} for item in items]


def _line(about: str, text: str, for_it: bool | None = None) -> Reason | None:
    return Reason(about, text, for_it) if text else None


def _at_most(found: Mapping[str, Any]) -> bool | None:
    """Whether what the resume says is at most what the job says; None where one of them does not say."""
    return None if found["resume"] is None or found["job"] is None else bool(found["resume"] <= found["job"])


def _career(found: Mapping[str, Any]) -> str:
    parts = [] if found["moves"] is None else ["1 employer" if found["moves"] == 1 else f"{found['moves']} employers"]
    return ", ".join(parts + ([] if found["tenure"] is None else [f"{found['tenure']} months each"]))


def _past(past: Mapping[str, Any] | None) -> Reason | None:
    if past is None:
        return None
    whose = f"{past['hires']} hires {'of this team' if past['level'] == 'team' else 'for this title'}"
    near = whose if past["closeness"] is None else f"has {100 * past['closeness']:.0f} % of what {whose} can"
    shared = ", ".join(item["skill"] for item in past["shared_skills"])
    return Reason("past hires", near + (f"; shares {shared}" if shared else ""), bool(shared) or None)
