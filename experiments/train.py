"""Trains an anytime network and measures it.

    python -m experiments.train --dataset=cifar10 --model=resann-n9-c16 --weighting=adaloss

A run leaves a folder (--run_dir): config.json, environment.json (versions, hardware), epochs.csv
and tensorboard/ (losses, errors and loss weights of every exit), checkpoints/, model.keras, and the
anytime curve as curve.csv, curve.png and report.html. An interrupted run goes on with --resume at
the very step (docs/training.md). One epoch of resann-n3-c16 on CIFAR-10 takes about a
minute on 2 cores.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app, flags

from ann.runs import flags as run_flags

run_flags.define()
flags.adopt_module_key_flags(run_flags)
_RUN_DIR = flags.DEFINE_string(
    "run_dir",
    None,
    "Folder of the run; default: runs/<dataset>-<model>-<weighting>[-<sampler>]-seed<seed>.",
)
_RESUME = flags.DEFINE_bool("resume", False, "Go on with the run that --run_dir holds.")
_START_OR_RESUME = flags.DEFINE_bool(
    "start_or_resume",
    False,
    "Start, or go on if --run_dir holds this run: the same command for every start of a job.",
)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    from ann.runs.command import train_command

    try:
        config = run_flags.config_from(flags.FLAGS)
    except ValueError as error:
        raise SystemExit(f"error: {error}") from error
    resume = None if _START_OR_RESUME.value else _RESUME.value
    raise SystemExit(
        train_command(config, _RUN_DIR.value or default_run_dir(config), resume=resume)
    )


def default_run_dir(config) -> str:
    """Where a run goes that was not told."""
    weighting = "-".join(filter(None, (config.weighting.weighting, config.weighting.sampler)))
    return f"runs/{config.data.dataset}-{config.model.model}-{weighting}-seed{config.training.seed}"


if __name__ == "__main__":
    app.run(main)
