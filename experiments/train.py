"""Trains an anytime network and measures it.

    python -m experiments.train --dataset=cifar10 --model=resann-n9-c16 --weighting=adaloss

A run leaves a folder (--run_dir): config.json, environment.json (versions, hardware), epochs.csv
and tensorboard/ (losses, errors and loss weights of every exit), checkpoint.weights.h5,
model.keras, and the anytime curve as curve.csv, curve.png and report.html.
An interrupted run goes on with --resume. One epoch of resann-n3-c16 on CIFAR-10 takes about a
minute on 2 cores.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app, flags

from experiments import run_flags

run_flags.define()
flags.adopt_module_key_flags(run_flags)
_RUN_DIR = flags.DEFINE_string(
    "run_dir",
    None,
    "Folder of the run; default: runs/<dataset>-<model>-<weighting>[-<sampler>]-seed<seed>.",
)
_RESUME = flags.DEFINE_bool("resume", False, "Go on with the run that --run_dir holds.")


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    from ann.runs.train import train

    try:
        config = run_flags.config_from(flags.FLAGS)
        run_dir = _RUN_DIR.value or default_run_dir(config)
        curve = train(config, run_dir, resume=_RESUME.value)
    except (ValueError, FileNotFoundError, FloatingPointError) as error:
        raise SystemExit(f"error: {error}") from error
    print(
        curve.round({"fraction": 4, "loss": 4, "error_top1": 2, "error_top5": 2}).to_string(
            index=False
        )
    )
    print(f"written to {run_dir}")


def default_run_dir(config) -> str:
    """Where a run goes that was not told."""
    weighting = "-".join(filter(None, (config.weighting.weighting, config.weighting.sampler)))
    return f"runs/{config.data.dataset}-{config.model.model}-{weighting}-seed{config.training.seed}"


if __name__ == "__main__":
    app.run(main)
