"""Published and measured numbers side by side: one page, tables as CSV and Markdown, the figures.

    python -m experiments.report        (or: make report)

Everything is made anew from the CSV files of finished runs in --results_dir; what is not measured
is a dash.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pathlib

import pandas as pd
from absl import app, flags
from tqdm import tqdm

from ann.atomic_write import atomic_path
from experiments.harness import page
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.declaration import SCALES
from experiments.harness.sections import section
from experiments.harness.store import RunStore


def write_report(folder: pathlib.Path) -> pd.DataFrame:
    """Writes report.html, report.md, tables.csv, verdicts.csv and the pictures in figures/.

    Args:
        folder: the results, where the files of a `RunStore` lie.

    Returns:
        The overview: verdicts of each experiment at each scale, counted.
    """
    stored, figures_dir = RunStore(folder).read(), folder / "figures"
    figures_dir.mkdir(parents=True, exist_ok=True)
    wanted = [(name, scale) for name in EXPERIMENTS for scale in SCALES]
    sections = [
        section(name, scale, stored, figures_dir) for name, scale in tqdm(wanted, desc="tables")
    ]
    tables = pd.concat([one.table.assign(experiment=one.name, scale=one.scale) for one in sections])
    keys = ["experiment", "scale", "dataset", "networks", "method", "cost"]
    numbers = ["published", "measured", "difference", "std", "seeds", "settings"]
    _write(folder / "tables.csv", tables[keys + numbers].round(4).to_csv(index=False))
    verdicts = pd.concat(
        [one.verdicts.assign(experiment=one.name, scale=one.scale) for one in sections]
    )
    columns = [
        "experiment",
        "scale",
        "claim",
        "published",
        "measured",
        "lowest",
        "highest",
        "seeds",
        "verdict",
    ]
    _write(folder / "verdicts.csv", verdicts[columns].round(4).to_csv(index=False))
    _write(folder / "report.md", page.as_markdown(sections))
    _write(folder / "report.html", page.as_page(sections))
    return page.overview(sections)


def _write(path, text):
    with atomic_path(path) as temporary:
        temporary.write_text(text)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    folder = pathlib.Path(flags.FLAGS.results_dir)
    print(write_report(folder).to_string(index=False))
    print(f"written to {folder / 'report.html'}")


if __name__ == "__main__":
    flags.DEFINE_string(
        "results_dir",
        "experiments/results",
        "Folder of the tables of finished runs, and of the report.",
    )
    app.run(main)
