"""Data folders and tables: reading, checking, splitting, and the rows that training reads.

What they offer is imported when it is first asked for: who reads documents in a process of its own needs no arrays.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minirank.data.dataset import Dataset
    from minirank.data.folder.data_folder import DataFolder, Hires, protected_columns, read_folder
    from minirank.data.folder.impressions import Impressions
    from minirank.data.folder.split import Split, split_by_time
    from minirank.data.folder.validate import FolderReport, summarise, validate
    from minirank.data.read_files import fingerprint
    from minirank.data.table.encoder import TableEncoder
    from minirank.data.table.read_table import read_table

MODULES = {
    "dataset": ("Dataset",),
    "folder.data_folder": ("DataFolder", "Hires", "protected_columns", "read_folder"),
    "folder.impressions": ("Impressions",),
    "folder.split": ("Split", "split_by_time"),
    "folder.validate": ("FolderReport", "summarise", "validate"),
    "read_files": ("fingerprint",),
    "table.encoder": ("TableEncoder",),
    "table.read_table": ("read_table",),
}


def __getattr__(name: str) -> Any:
    """One of these names, from its module."""
    for module, names in MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
