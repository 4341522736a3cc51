"""The finer signals of a job and of a resume, as values: pay, availability, leadership, conditions, industries."""

from __future__ import annotations

from itertools import chain
from typing import Any

from minirank.extract.rules.availability import find_notice, find_start
from minirank.extract.rules.career import Career
from minirank.extract.rules.conditions import find_conditions, find_leadership
from minirank.extract.rules.industries import find_employer, industries_of_job, industries_of_resume
from minirank.extract.rules.lexicon import Match
from minirank.extract.rules.pay import Pay, find_pay
from minirank.extract.rules.scanned_text import ScannedText
from minirank.extract.rules.signal_words import find_cues
from minirank.extract.rules.skill_depth import find_stressed
from minirank.extract.schema import first_of_each


def job_signals(scan: ScannedText, border: int, posted_at: int | None, mentions: list[Match]) -> dict[str, Any]:
    """Pay, start, leadership, conditions, employer and what the ad stresses, by name.

    Args:
        scan: of the job.
        border: where its title ends.
        posted_at: seconds since the epoch, or None.
        mentions: of skills and soft skills that are asked for, in text order.
    """
    cues = find_cues(scan.tokens)
    pay, start = find_pay(scan.plain, cues, False, border), find_start(scan.plain, cues["availability"], posted_at)
    labels = {m.start for m in cues["pay"]}  # what stands in one paragraph behind `Salary: 50k` may ask for something

    def apart(position: int) -> bool:
        return scan.section(position) == "other" and scan.section_start(position) not in labels

    leadership = find_leadership(scan.plain, cues["leadership"], border, apart)
    named = chain.from_iterable(scan.kinds.values())
    employer = find_employer(scan, [*named, *scan.titles], border)
    return _signals(scan, cues, pay, None if pay is None else pay.high, leadership) | {
        "start": None if start is None else scan.value(start.weeks, start.start, start.end),
        "employer": None if employer is None else scan.value(" ".join(scan.plain[slice(*employer)].lower().split()), *employer),
        "industries": tuple(scan.value(*found) for found in industries_of_job(scan, cues, employer, scan.kinds["skill"])),
        "stressed": scan.each_named(find_stressed(scan, mentions, cues["stress"], border)),
    }


def resume_signals(scan: ScannedText, career: Career, updated_at: int | None) -> dict[str, Any]:
    """Pay that is wished for, notice, leadership, conditions and industries, by name.

    Args:
        scan: of the resume.
        career: what `read_career` found in it.
        updated_at: seconds since the epoch, or None.
    """
    cues = find_cues(scan.tokens)
    pay, notice = find_pay(scan.plain, cues, True), find_notice(scan.plain, cues["availability"], updated_at)
    employers = [entry.employer for entry in career.entries if entry.employer]
    return _signals(scan, cues, pay, None if pay is None else pay.low, find_leadership(scan.plain, cues["leadership"])) | {
        "notice": None if notice is None else scan.value(notice.weeks, notice.start, notice.end),
        "industries": tuple(scan.value(*found) for found in industries_of_resume(scan, cues, employers, scan.kinds["skill"])),
    }


def _signals(
    scan: ScannedText, cues: dict[str, list[Match]], pay: Pay | None, salary: int | None, leadership: tuple[str, int, int] | None
) -> dict[str, Any]:
    """Signals that jobs and resumes share, by name."""
    told = None if pay is None or pay.currency is None or pay.currency_span is None else scan.value(pay.currency, *pay.currency_span)
    return {
        "salary": None if pay is None or salary is None else scan.value(salary, pay.start, pay.end),
        "currency": told,
        "leadership": None if leadership is None else scan.value(*leadership),
        "conditions": first_of_each(scan.value(*found) for found in find_conditions(scan.plain, cues["conditions"])),
    }
