"""The learning curves of a run as a picture in its folder."""

from __future__ import annotations

from pathlib import Path

from ..run.folder import CURVES
from ..storage import write_text
from .contents_trained import Curves
from .found import find
from .page_trained import curve_pictures
from .svg import sheet
from .trained import curves


def plot_curves(folder: Path) -> Path:
    """Draw the epochs that are done into curves.svg.

    Returns:
        The file.
    Raises:
        RunError: no run, or the file cannot be written.
    """
    found = find(folder)
    drawn = curves(found)
    done = len(drawn.epochs) if isinstance(drawn, Curves) else 0
    title = f"{folder.resolve().name}: {done} epoch{'' if done == 1 else 's'}, dotted the one that is kept"
    write_text(folder / CURVES, sheet(title, curve_pictures(drawn) if isinstance(drawn, Curves) else []))
    return folder / CURVES
