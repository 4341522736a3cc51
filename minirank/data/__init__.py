"""Data folders and tables: reading, checking, splitting, and the rows that training reads."""

from minirank.data.dataset import Dataset
from minirank.data.folder.data_folder import DataFolder, Hires, protected_columns, read_folder
from minirank.data.folder.impressions import Impressions
from minirank.data.folder.split import Split, split_by_time
from minirank.data.folder.validate import FolderReport, summarise, validate
from minirank.data.read_files import fingerprint
from minirank.data.table.encoder import TableEncoder
from minirank.data.table.read_table import read_table
