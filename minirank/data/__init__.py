"""Data folders and tables: reading, checking, splitting, and the rows that training reads."""

from minirank.data.dataset import Dataset
from minirank.data.files import fingerprint
from minirank.data.folder import DataFolder, Hires, protected_columns, read_folder
from minirank.data.impressions import Impressions
from minirank.data.split import Split, split_by_time
from minirank.data.table import read_table
from minirank.data.table_encoder import TableEncoder
from minirank.data.table_schema import TableConfig
from minirank.data.validate import Report, summarise, validate

__all__ = [
    "DataFolder",
    "Dataset",
    "Hires",
    "Impressions",
    "Report",
    "Split",
    "TableConfig",
    "TableEncoder",
    "fingerprint",
    "protected_columns",
    "read_folder",
    "read_table",
    "split_by_time",
    "summarise",
    "validate",
]
