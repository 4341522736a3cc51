"""A small table in two files, and its schema."""

from pathlib import Path

from minirank.config.dataclass_yaml import build
from minirank.config.table import TableConfig
from minirank.data import read_table

TRAIN = """city,tags,age,pay,search,role,label,grade,trust
Rome,a|b,10,1,s1,sourcer,yes,0.5,1
Rome,b,20,,s1,agency,no,0.25,0.5
Oslo,,30,3,s2,sourcer,no,,
Oslo,a|c|a,40,5,s2,sourcer,yes,1,2
Bonn,b,?,3,s3,agency,?,0,1
"""
VALID = """city,tags,age,pay,search,role,label,grade,trust
Bonn,c|b|d,25,7,s1,manager,no,0.5,1
Rome,a,1000,1,s9,sourcer,yes,0.5,1
Oslo,a,,-3,s1,agency,no,0.5,1
"""
COLUMNS = {
    "categorical": ["city"],
    "multi_valued": [{"column": "tags", "separator": "|"}],
    "dense": ["age", "pay"],
    "dense_transform": "standard",
    "tasks": [{"name": "y", "column": "label", "positive": "yes"}],
}


def read(path: Path, *, train=TRAIN, valid=VALID, table=None, **columns):
    (path / "train.csv").write_text(train)
    (path / "valid.csv").write_text(valid)
    files = {"train": "train.csv", "valid": "valid.csv", "missing": ["", "?"]} | (table or {})
    return read_table(config(files, COLUMNS | columns), path)


def config(table: dict, columns: dict) -> TableConfig:
    return build(TableConfig, {"table": table, "columns": columns}, "data")
