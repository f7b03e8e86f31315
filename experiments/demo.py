"""The first look: an anytime network on real handwritten digits, weighted with CONST and with
AdaLoss.

    python -m experiments.demo

Trains ResANN (n=3, c=16, 9 exits) twice on scikit-learn's 1,797 digits, a minute each on 2 cores,
and prints cost and test error of every exit. Figure, report, models and summary.csv go to
runs/demo/, which is replaced only once all of it is there.
"""

import dataclasses
import json
import pathlib
import shutil
import sys

import keras
import pandas as pd
from absl import flags

from ann import evaluation
from ann.commands.run import run
from ann.runs.config import DataConfig, RunConfig, TrainingConfig, WeightingConfig
from ann.runs.environment import environment
from ann.runs.train import train

WEIGHTINGS = ("const", "adaloss")


class ErrorsByExit(keras.callbacks.Callback):
    """Prints the test error of every exit, every few epochs."""

    def __init__(self, every: int):
        super().__init__()
        self.every = every

    def on_epoch_end(self, epoch, logs=None):
        epochs = self.params["epochs"]
        if epoch == 0 or (epoch + 1) % self.every == 0 or epoch + 1 == epochs:
            errors = " ".join(f"{logs[f'val_{name}_error']:5.1f}" for name in self.model.exit_names)
            print(f"  epoch {epoch + 1:3d}/{epochs}   {errors}", flush=True)


def demo(run_dir: pathlib.Path, epochs: int) -> pd.DataFrame:
    """Trains both networks and writes the folder.

    Returns:
        DataFrame with the columns `weighting, exit, macs, fraction, error_top1`.
    """
    partial = run_dir.with_name(run_dir.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    base = RunConfig(
        data=DataConfig(dataset="digits", batch_size=64), training=TrainingConfig(epochs=epochs)
    )
    curves = {}
    for weighting in WEIGHTINGS:
        config = dataclasses.replace(base, weighting=WeightingConfig(weighting=weighting))
        what = f"{config.model.model} on {config.data.dataset}, {weighting}"
        print(f"\n{what}: test error (%) by exit, shallow to deep", flush=True)
        curves[weighting] = train(
            config, partial / weighting, verbose=0, callbacks=[ErrorsByExit(every=5)]
        )
    summary = pd.concat(
        [curve.assign(weighting=weighting) for weighting, curve in curves.items()],
        ignore_index=True,
    )
    summary = summary[["weighting", "exit", "macs", "fraction", "error_top1"]]
    summary.to_csv(partial / "summary.csv", index=False)
    title = "ResANN (n=3, c=16) on the digits"
    evaluation.plot_curves(curves, partial / "curve.png", title=title)
    details = json.dumps({"config": base.to_dict(), "environment": environment()}, indent=2)
    evaluation.write_report(
        curves, partial / "curve.png", partial / "report.html", title=title, details=details
    )
    shutil.rmtree(run_dir, ignore_errors=True)
    partial.rename(run_dir)
    return summary


def table(summary: pd.DataFrame) -> str:
    """Cost of each exit and its error under each weighting, as text."""
    errors = summary.pivot(index="exit", columns="weighting", values="error_top1")[list(WEIGHTINGS)]
    costs = summary.drop_duplicates("exit").set_index("exit")
    columns = {
        "MACs": costs.macs.map("{:,}".format),
        "share of cost": costs.fraction.map("{:.0%}".format),
    }
    columns |= {
        f"{weighting} error %": errors[weighting].map("{:.2f}".format) for weighting in WEIGHTINGS
    }
    return pd.DataFrame(columns).reset_index().to_string(index=False)


def define_flags() -> None:
    """Defines the flags of the command."""
    flags.DEFINE_string("run_dir", "runs/demo", "Folder to write; an earlier demo is replaced.")
    flags.DEFINE_integer("epochs", 40, "Passes over the training images.", lower_bound=1)


def main(arguments) -> None:
    """Makes the demo that the flags describe."""
    del arguments
    run_dir = pathlib.Path(flags.FLAGS.run_dir)
    summary = demo(run_dir, flags.FLAGS.epochs)
    print(f"\n{table(summary)}\n\nfigure, report, models and summary.csv: {run_dir}/")


if __name__ == "__main__":
    run(sys.modules[__name__])
