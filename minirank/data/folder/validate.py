"""The first half of `minirank validate DATA`: every problem that can be found in one pass over the files, or a summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from minirank.data.folder.data_folder import DataFolder, collect
from minirank.data.folder.split import DAY
from minirank.data.problems import Problems
from minirank.data.values import MISSING_TIME
from minirank.errors import DataError, MinirankError
from minirank.terminal import pad, printable


@dataclass(frozen=True)
class FolderReport:
    """What `validate` found.

    Args:
        problems: the problems that were kept.
        count: all problems.
        summary: plain text about the data; None where there are problems.
        folder: what was read; None where there are problems.
    """

    problems: list[DataError]
    count: int
    summary: str | None
    folder: DataFolder | None = None

    @property
    def ok(self) -> bool:
        return self.count == 0

    def __str__(self) -> str:
        if self.summary is not None:
            return self.summary
        return format_problems(self.problems, self.count)


def format_problems(problems: Sequence[MinirankError], count: int) -> str:
    """A line a problem, then how many there are in all."""
    lines = [str(problem) for problem in problems]
    if count > len(lines):
        lines.append(f"... and {count - len(lines):,} more")
    return "\n".join([*lines, f"{count:,} problem{'s' if count > 1 else ''}"])


def validate(path: str | Path, columns: Mapping | None = None, limit: int = 20, needs_log: bool = True) -> FolderReport:
    """Checks a data folder.

    Args:
        path: the folder.
        columns, needs_log: as for `read_folder`.
        limit: how many problems are kept.
    Raises:
        ConfigError: `columns` names what does not exist.
    """
    problems = Problems(limit)
    folder = collect(path, columns, problems, needs_log)
    if folder is None or problems.count:
        return FolderReport(problems.kept, problems.count, None)
    return FolderReport([], 0, summarise(folder), folder)


def summarise(folder: DataFolder) -> str:
    """Plain text: counts, time span, label rates, roles and the share of missing cells."""
    rows = folder.impressions
    ids = {resume["resume_id"] for resume in folder.resumes}
    teams = {job["team_id"] for job in folder.jobs} - {""}
    lines = [
        f"jobs          {len(folder.jobs):>10,}   of {len(teams):,} teams",
        f"resumes       {len(ids):>10,}   in {len(folder.resumes):,} snapshots",
        f"recruiters    {len(folder.recruiters):>10,}   in {len(folder.roles)} roles",
        f"hires         {len(folder.hires.job):>10,}",
    ]
    if not folder.has_log:
        return "\n".join(lines)
    days = (int(rows.time.max()) - int(rows.time.min())) / DAY
    lines += [
        f"searches      {len(rows.search_id):>10,}",
        f"impressions   {len(rows):>10,}   {_day(rows.time.min())} to {_day(rows.time.max())}, {days:,.1f} days",
        "",
        f"{'role':<24} {'impressions':>12} {'clicked':>9} {'converted':>10} {'relevance':>10}",
    ]
    for code, role in enumerate(folder.roles):
        lines.append(_rates(role, rows, rows.role == code))
    lines.append(_rates("all", rows, np.ones(len(rows), bool)))
    lines += ["", "missing"]
    shares = {
        "position": rows.position == 0,
        "clicked": np.isnan(rows.clicked),
        "converted, of clicked rows": np.isnan(rows.converted[rows.clicked == 1]),
        "relevance": np.isnan(rows.relevance),
        "relevance_confidence": np.isnan(rows.confidence),
    }
    if not np.isnan(rows.propensity).all():
        shares["propensity"] = np.isnan(rows.propensity)
    lines += [f"{name:<28} {_percent(missing)}" for name, missing in shares.items()]
    delays = (rows.converted_at - rows.time)[rows.converted_at != MISSING_TIME] / DAY
    if len(delays):
        half, most = np.quantile(delays, [0.5, 0.99])
        lines += ["", f"conversions come after {half:.1f} days (median), 99 % within {most:.1f} days"]
    return "\n".join(lines)


def _rates(name: str, rows, chosen: np.ndarray) -> str:
    clicked, converted, relevance = rows.clicked[chosen], rows.converted[chosen], rows.relevance[chosen]
    cells = (_percent(clicked), _percent(converted[clicked == 1]), _mean(relevance))
    return f"{pad(printable(name), 24)} {chosen.sum():>12,} {cells[0]:>9} {cells[1]:>10} {cells[2]:>10}"


def _percent(values: np.ndarray) -> str:
    """The share of ones among the values that are there."""
    known = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    return f"{100 * known.mean(dtype=np.float64):.2f} %" if len(known) else "-"


def _mean(values: np.ndarray) -> str:
    known = values[~np.isnan(values)]
    return f"{known.mean(dtype=np.float64):.3f}" if len(known) else "-"


def _day(time: int) -> str:
    return datetime.fromtimestamp(int(time), UTC).date().isoformat()
