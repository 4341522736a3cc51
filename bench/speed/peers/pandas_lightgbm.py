"""pandas reads a table of `tables_race.py` and LightGBM grows trees on it: ENGINE TRAIN.csv TEST.csv TREES THREADS; prints JSON.

Its categories become pandas', which LightGBM splits by itself; what else it could be told is left as it is.
"""

import json
import sys
import time

import lightgbm
import pandas

LABEL = "clicked"


def read(path: str, engine: str) -> pandas.DataFrame:
    """The table; engine: `c`, which is pandas' own, or `pyarrow`.

    NOTE: without a dtype of the categories: with one, pandas 3.1.1 and pyarrow refuse other columns, of whole numbers and missing ones.
    """
    return pandas.read_csv(path, engine=engine)


def main() -> None:
    """Time what is timed, then predict the rows that were held out."""
    engine, train, test, trees, threads = sys.argv[1:]
    begin = time.monotonic()
    rows = read(train, engine)
    names = [name for name in rows.columns if name.startswith("cat")]
    found = {"read": time.monotonic() - begin}
    rows[names] = rows[names].astype("category")
    labels = rows.pop(LABEL)
    settings = {"objective": "binary", "num_threads": int(threads), "verbosity": -1, "seed": 0}
    booster = lightgbm.train(settings, lightgbm.Dataset(rows, labels), int(trees))
    found["ended"] = time.time()
    held_out = read(test, engine)
    for name in names:
        known = rows[name].dtype.categories
        held_out[name] = held_out[name].where(held_out[name].isin(known)).astype(rows[name].dtype)
    found["labels"], found["scores"] = held_out.pop(LABEL).tolist(), booster.predict(held_out).tolist()
    packages = (pandas, lightgbm) if engine == "c" else (pandas, lightgbm, __import__("pyarrow"))
    print(json.dumps(found | {"versions": [f"{package.__name__} {package.__version__}" for package in packages]}))


if __name__ == "__main__":
    main()
