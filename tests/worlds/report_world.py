"""Small real runs whose reports are looked at."""

from pathlib import Path

from ranking_world import train_run, write_market

from minirank.report.collect import collect
from minirank.report.contents import Contents


def small_report(folder: Path, impressions: int = 2000) -> Contents:
    """The contents of the report of a run that is trained in `folder` in a few seconds: four roles, three tasks, three experts."""
    write_market(folder / "data", impressions)
    return collect(train_run(folder / "data", folder / "run"))
