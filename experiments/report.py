"""Published and measured numbers side by side: one page, tables as CSV and Markdown, the figures.

    python -m experiments.report        (or: make report)

Everything is made again from the CSV files of finished runs in --results_dir; what is not measured
is a dash.
"""

import pathlib
import sys

from absl import flags

from ann.commands.run import run


def main(arguments):
    import pandas as pd

    from experiments.harness.page import write_pages
    from experiments.harness.readme_table import write_readme_table

    folder = pathlib.Path(flags.FLAGS.results_dir)
    print(write_pages(folder).to_string(index=False))
    if flags.FLAGS.readme:
        write_readme_table(flags.FLAGS.readme, pd.read_csv(folder / "claims.csv"))
    print(f"written to {folder / 'report.html'}")


def define_flags():
    """The settings of the command line."""
    flags.DEFINE_string(
        "results_dir",
        "experiments/results",
        "Folder of the tables of finished runs, and of the report.",
    )
    flags.DEFINE_string("readme", None, "Markdown file whose table of claims is made again.")


if __name__ == "__main__":
    run(sys.modules[__name__])
