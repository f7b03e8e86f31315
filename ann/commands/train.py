"""Trains an anytime network and measures it.

    ann train --dataset=cifar10 --model=resann-n9-c16 --weighting=adaloss

A run leaves a folder (--run_dir): config.json, environment.json (versions, hardware), epochs.csv
and tensorboard/ (losses, errors and loss weights of every exit), checkpoint.weights.h5,
model.keras, and the anytime curve as curve.csv, curve.png and report.html. An interrupted run goes
on with --resume. One epoch of resann-n3-c16 on CIFAR-10 takes about a minute on 2 cores.
"""

from absl import flags

from ann.runs import flags as run_flags


def define_flags() -> None:
    """Defines the flags of the command."""
    run_flags.define()
    flags.DEFINE_string(
        "run_dir",
        None,
        "Folder of the run; default: runs/<dataset>-<model>-<weighting>[-<sampler>]-seed<seed>.",
    )
    flags.DEFINE_bool("resume", False, "Go on with the run that --run_dir holds.")


def main(arguments) -> None:
    """Trains the run that the flags describe."""
    del arguments
    config = run_flags.config_from(flags.FLAGS)
    run_dir = flags.FLAGS.run_dir or default_run_dir(config)
    from ann.runs.train import train

    curve = train(config, run_dir, resume=flags.FLAGS.resume)
    print(table_of(curve))
    print(f"written to {run_dir}")


def table_of(curve) -> str:
    """An anytime curve as text."""
    digits = {"fraction": 4, "loss": 4, "error_top1": 2, "error_top5": 2}
    return curve.round(digits).to_string(index=False)


def default_run_dir(config) -> str:
    """The folder of a run for which the user names none."""
    weighting = "-".join(filter(None, (config.weighting.weighting, config.weighting.sampler)))
    return f"runs/{config.data.dataset}-{config.model.model}-{weighting}-seed{config.training.seed}"
