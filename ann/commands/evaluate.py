"""Measures the network of a finished run again, on the test images.

    ann evaluate --run_dir=runs/digits-resann-n3-c16-adaloss-seed0 --output=curve.csv

Prints cost, loss and error of every exit, the errors at 1/4, 1/2, 3/4 and all of the cost, and the
mean error over the exits. --data_dir names the folder of the data where it has moved.
"""

import math
import pathlib

from absl import flags

from ann.atomic_write import atomic_path
from ann.commands.train import table_of


def define_flags() -> None:
    """Defines the flags of the command."""
    flags.DEFINE_string("run_dir", None, "Folder of a finished run.", required=True)
    flags.DEFINE_string("data_dir", None, "Folder of the data; default: that of the training.")
    flags.DEFINE_string("output", None, "CSV to write; default: none.")


def main(arguments) -> None:
    """Evaluates the run that the flags name."""
    del arguments
    values = flags.FLAGS
    from ann import evaluation
    from ann.runs.evaluate import evaluate

    curve = evaluate(pathlib.Path(values.run_dir), data_dir=values.data_dir)
    if values.output:
        with atomic_path(values.output) as temporary:
            curve.to_csv(temporary, index=False)
    print(table_of(curve))
    errors = evaluation.milestones(curve)
    print("error at " + ", ".join(f"{cost:g}: {_read(error)}" for cost, error in errors.items()))
    if errors.isna().any():
        print(f"none: the first exit costs {curve.fraction.iloc[0]:.2f} of the network")
    print(f"mean over the exits: {evaluation.average_error(curve):.2f}")


def _read(error: float) -> str:
    return "none" if math.isnan(error) else f"{error:.2f}"
