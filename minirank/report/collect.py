"""Everything that the report of a run shows, from its folder: what was kept when it was trained, and its data where they are needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from .. import __version__
from ..config.configuration import FolderConfig
from ..errors import MinirankError, RunError
from ..model.architectures import ARCHITECTURES
from ..ranking import Ranker
from ..run.load_run import Run
from ..run.measured import keep, kept, measure
from ..run.scoring import data_of
from . import card, cautions
from .contents import Contents, Missing
from .contents_learned import Calibration, Gates, Quality
from .contents_ranked import SameJob
from .contents_trained import Extraction
from .found import Found, find
from .gates import gates
from .quality import calibration, quality
from .ranked import MOST_ROLES, same_job
from .source import Source, open_source
from .texts import extraction
from .trained import curves, iso, overview, parts_of

EVERYONE = 2_500  # candidates up to which all are compared for the job that is shown
SOME = 1_000  # of more
Found_ = TypeVar("Found_")
Say = Callable[[str], None]


def collect(
    folder: str | Path, *, job: str | None = None, backend: str | None = None, say: Say = lambda text: None, ranker: Ranker | None = None
) -> Contents:
    """The contents of a run's report.

    Args:
        folder: of the run.
        job: the job_id that is ranked for each role; None is that of the last search of the log.
        backend: to predict with; None is the one that it was trained with.
        say: told what takes long.
        ranker: of this run and its data folder, where one is at hand: what it has read is not read again.
    Raises:
        RunError: there is no such folder, or it is not one of a run.
        DataError: there is no such job.
    """
    found = find(folder, backend)
    if job is not None and found.is_table:
        raise RunError(f"{found.folder}: trained on a table, which has no jobs to rank; leave the job out")
    problems = list(found.unreadable)

    def attempt(read: Callable[..., Found_], *arguments: Any) -> Found_ | None:
        try:
            return read(*arguments)
        except MinirankError as error:
            if str(error) not in problems:
                problems.append(str(error))
            return None

    measured = stored = None
    run = found.run
    if run is not None:
        measured = attempt(kept, found.folder, run.config)
        stored = measured is not None
        measured = measured or attempt(_measured, run, found.worker is None, say)
    source = attempt(open_source, run) if run is not None and isinstance(run.config.data, FolderConfig) else None
    lacking = "there is no model" if run is None else "training saw all rows, for the data have no validation and no test part"
    why = f"It could not be measured: {problems[-1] if problems else lacking}."
    shown = Contents(
        name=found.folder.resolve().name,
        made_at=iso(int(time.time())),
        version=__version__,
        summary=(),
        cautions=(),
        unreadable=(),
        overview=overview(found, parts_of(found, measured, None if source is None else source.times)),
        curves=curves(found),
        quality=_quality(measured, bool(stored), why),
        calibration=_calibration(measured, why),
        gates=_gates(found, measured, why),
        ranking=_ranking(run, source, job, ranker, attempt),
        extraction=_extraction(found, source),
        card=(),
    )
    shown = replace(shown, unreadable=tuple(problems), cautions=cautions.cautions_of(shown))
    shown = replace(shown, summary=card.summary(shown))
    return replace(shown, card=card.card(shown))


def _measured(run: Run, keeps: bool, say: Say) -> dict[str, Any] | None:
    """Measure a run that was not measured when it was trained.

    Args:
        keeps: write that into the folder, where it may be written; not while somebody trains there.
    """
    say("nothing was measured when this model was trained; reading the data ...")
    found = measure(run, data_of(run))
    if found is not None and keeps:
        with suppress(MinirankError):  # a folder that cannot be written: measured again next time
            keep(run.folder, found)
    return found


def _quality(measured: dict[str, Any] | None, stored: bool, why: str) -> Quality | Missing:
    if measured is None:
        return Missing(why)
    when = f"Measured when the model was trained, by minirank {measured['minirank']}." if stored else ""
    return quality(measured["results"], measured["part"], when)


def _calibration(measured: dict[str, Any] | None, why: str) -> Calibration | Missing:
    if measured is None:
        return Missing(why)
    return calibration(measured["results"], measured["part"]) or Missing("No task predicts a probability.")


def _gates(found: Found, measured: dict[str, Any] | None, why: str) -> Gates | Missing:
    if measured is None or found.run is None:
        return Missing(why)
    model, networks = found.run.config.model, found.run.config.networks
    if not measured["gates"] and networks > 1 and "mlp" in ARCHITECTURES[model.architecture].roles:
        return Missing(f"Each of the {networks} networks of the ensemble has gates of its own; those of one say little about all.")
    if not measured["gates"]:
        return Missing(f"The architecture {model.architecture} has no gates: every task reads all that there is.")
    return gates(measured["gates"], measured["part"], measured["results"]["overall"]["rows"], found.is_table, found.epochs)


def _extraction(found: Found, source: Source | None) -> Extraction | Missing:
    made = extraction(found, source)
    return made if made.texts or made.columns else Missing("Nothing is known of what was read: neither data.json nor the data can be read.")


def _ranking(
    run: Run | None, source: Source | None, job: str | None, ranker: Ranker | None, attempt: Callable[..., Any]
) -> SameJob | Missing:
    if run is None:
        return Missing("There is no model that could rank.")
    if not isinstance(run.config.data, FolderConfig):
        return Missing("This run was trained on a table, which has no jobs and resumes to rank.")
    if source is None:
        return Missing("The data of the run could not be read, so that there is no job to rank.")
    if job is not None:
        return _same_job(run, source, job, ranker)
    return attempt(_same_job, run, source, None, ranker) or Missing("The job of the last search could not be ranked.")


def _same_job(run: Run, source: Source, job: str | None, ranker: Ranker | None) -> SameJob:
    shown = source.folder.impressions
    chosen = "It was asked for." if job is not None else "It is the job of the last search in the log."
    job = job if job is not None else source.folder.jobs[shown.job[-1]]["job_id"]
    part = next(name for name in ("test", "valid", "train") if len(getattr(source.split, name)))
    roles = source.roles(part)[:MOST_ROLES]
    resumes = _candidates(source, job)
    everyone = len(source.folder.latest_resumes())
    if len(resumes) < everyone:
        chosen += f" Compared are {len(resumes):,} of {everyone:,} candidates: those who were shown for it, and others evenly spread."
    if ranker is None:
        ranker = Ranker(run, *source.part_for(job, resumes))
    return same_job(ranker, job, roles, chosen, resumes, source.now)


def _candidates(source: Source, job: str) -> list[str]:
    """Ids of those who are compared: everyone, or those who were shown for the job and some of the others."""
    folder, shown = source.folder, source.folder.impressions
    everyone = [folder.resumes[row]["resume_id"] for row in folder.latest_resumes()]
    if len(everyone) <= EVERYONE:
        return everyone
    of_job = np.array([each["job_id"] == job for each in folder.jobs])
    first = list(dict.fromkeys(folder.resumes[row]["resume_id"] for row in shown.resume[of_job[shown.job]][::-1]))[:SOME]
    known = set(first)
    others = [name for name in everyone if name not in known]
    places = np.linspace(0, len(others) - 1, min(SOME - len(first), len(others))).round().astype(int)
    return sorted([*first, *(others[place] for place in places)])
