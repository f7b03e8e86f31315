"""The papers' tables as printed, from third_party/published (its README explains the columns)."""

import pathlib

import pandas as pd

FOLDER = pathlib.Path(__file__).parent.parent.parent / "third_party" / "published"


def read(name: str) -> pd.DataFrame:
    """One table, one row per printed cell.

    Args:
        name: of the file without `.csv`, such as "001_table1".

    Raises:
        FileNotFoundError: no such table.
    """
    path = FOLDER / f"{name}.csv"
    if not path.exists():
        raise FileNotFoundError(
            f"tables are {sorted(p.stem for p in FOLDER.glob('*.csv'))}. Received: name={name!r}"
        )
    return pd.read_csv(path, dtype={"paper": str})
