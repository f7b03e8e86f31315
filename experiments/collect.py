"""Joins finished runs into one CSV of results, one row per exit, with its config, versions and
hardware.

    python -m experiments.collect --output=experiments/results/NAME.csv runs/a runs/b
"""

import json
import sys

import pandas as pd
from absl import flags

from ann.atomic_write import atomic_path
from ann.commands.run import run
from ann.runs.environment import cells
from ann.runs.folder import RunFolder

ARGUMENTS = "the folders of the runs"


def define_flags() -> None:
    """Defines the flags of the command."""
    flags.DEFINE_string("output", None, "CSV to write.", required=True)


def collect(run_dirs) -> pd.DataFrame:
    """Curves of finished runs under each other.

    Returns:
        DataFrame: all fields of the config that say what was run, the columns of the curve, then
            versions and hardware.

    Raises:
        FileNotFoundError: a folder holds no finished run.
    """
    frames = []
    for folder in map(RunFolder, run_dirs):
        if not folder.curve.exists():
            raise FileNotFoundError(
                f"no finished run (curve.csv) here. Received: {str(folder.path)!r}"
            )
        settings = cells(folder.settings())
        made_with = cells(json.loads(folder.environment.read_text()))
        curve = pd.read_csv(folder.curve)
        frames.append(
            pd.concat(
                [
                    pd.DataFrame([settings] * len(curve)),
                    curve,
                    pd.DataFrame([made_with] * len(curve)),
                ],
                axis=1,
            )
        )
    return pd.concat(frames, ignore_index=True)


def main(arguments) -> None:
    """Collects the runs in the folders that the arguments name."""
    if not arguments:
        raise ValueError("name the folders of the runs to collect. Received: none")
    output = flags.FLAGS.output
    results = collect(arguments)
    with atomic_path(output) as temporary:
        results.to_csv(temporary, index=False)
    print(f"{len(results)} rows of {len(arguments)} runs written to {output}")


if __name__ == "__main__":
    run(sys.modules[__name__])
