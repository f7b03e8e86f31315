"""Trains an anytime network and measures it.

    ann train --dataset=cifar10 --model=resann-n9-c16 --weighting=adaloss

A run leaves a folder (--run_dir): config.json, environment.json (versions, hardware), epochs.csv
and tensorboard/ (losses, errors and loss weights of every exit), checkpoints/, model.keras, and the
anytime curve as curve.csv, curve.png and report.html. SIGTERM and Ctrl+C save at the next step and
end with 143 and 130; --resume goes on at that step (docs/training.md). One epoch of resann-n3-c16
on CIFAR-10 takes about a minute on 2 cores.
"""

import contextlib
import sys

from absl import flags, logging

from ann.runs import flags as run_flags
from ann.runs.folder import RunFolder
from ann.runs.signals import Stopped, stop_on_signals


def define_flags() -> None:
    """Defines the flags of the command."""
    run_flags.define()
    flags.DEFINE_string(
        "run_dir",
        None,
        "Folder of the run; default: runs/<dataset>-<model>-<weighting>[-<sampler>]-seed<seed>.",
    )
    flags.DEFINE_bool("resume", False, "Go on with the run in --run_dir.")
    flags.DEFINE_bool(
        "start_or_resume",
        False,
        "Start, or go on if --run_dir contains this run: one command for every start of a job.",
    )


def main(arguments) -> None:
    """Trains the run that the flags describe."""
    del arguments
    logging.set_verbosity(logging.WARNING)  # TensorFlow reports every sum over replicas
    config = run_flags.config_from(flags.FLAGS)
    run_dir = flags.FLAGS.run_dir or default_run_dir(config)
    resume = None if flags.FLAGS.start_or_resume else flags.FLAGS.resume
    # TensorFlow takes a while to start, and the first epoch to compile.
    what = f"{config.model.model} on {config.data.dataset}, {config.training.epochs} epochs"
    print(f"{what}, into {run_dir}", flush=True)
    with _ended_by_signals(run_dir):
        from ann.runs.train import train

        curve = train(config, run_dir, resume=resume)
    if curve is None:  # the chief of the cluster writes and tells
        return
    print(table_of(curve))
    print(f"written to {run_dir}")


@contextlib.contextmanager
def _ended_by_signals(run_dir):
    """Ends the process with the exit code of a signal, and a line that tells how to go on."""
    try:
        with stop_on_signals():
            yield
    except Stopped as stopped:
        paths = RunFolder(run_dir).checkpoints.glob("checkpoint_[0-9]*.state")
        steps = max((int(path.stem.split("_")[1]) for path in paths), default=0)
        saved = f": {steps} steps are saved" if steps else ""
        print(
            f"{stopped}{saved}. The same command with --start_or_resume goes on.", file=sys.stderr
        )
        raise SystemExit(stopped.exit_code) from None


def table_of(curve) -> str:
    """An anytime curve as text."""
    digits = {"fraction": 4, "loss": 4, "error_top1": 2, "error_top5": 2}
    return curve.round(digits).to_string(index=False)


def default_run_dir(config) -> str:
    """The folder of a run for which the user names none."""
    weighting = "-".join(filter(None, (config.weighting.weighting, config.weighting.sampler)))
    return f"runs/{config.data.dataset}-{config.model.model}-{weighting}-seed{config.training.seed}"
