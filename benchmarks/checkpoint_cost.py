"""What a checkpoint costs, in training steps, steps and checkpoints taking turns in one run.

    python -m benchmarks.checkpoint_cost --output=experiments/results/benchmark_checkpoint_cost.csv

A checkpoint is written, forced to disk, and read back. The promise is that one in 100 steps makes
training less than 2 % longer.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pathlib
import statistics
import tempfile
import time

import pandas as pd
import tensorflow as tf
from absl import app, flags
from tqdm import trange

from ann import models, training
from ann.runs.environment import environment
from benchmarks.random_batch import random_batch

NETWORKS = ("resann-n1-c4", "resann-n3-c16", "resann-n9-c16", "msdnet-cifar-b7")


def measure(network: str, batch_size: int, rounds: int) -> dict:
    """One row of the table: a step, and a checkpoint after it, so many times.

    Args:
        network: name of a model for 32x32 images.
        batch_size: images in a step.
        rounds: steps, and checkpoints.
    """
    model = models.build(network, num_classes=10)
    model.compile(optimizer=training.L2SGD(1e-3), weighting="adaloss", sampler="exp3")
    batches = iter(tf.data.Dataset.from_tensors(random_batch(batch_size)).cache().repeat())
    model.make_train_function()
    steps, saves = [], []
    with tempfile.TemporaryDirectory() as folder:
        checkpoints = training.Checkpoints(folder)
        for number in trange(rounds + 2, desc=network):
            start = time.perf_counter()
            float(model.train_function(batches)["loss"])
            between = time.perf_counter()
            checkpoints.save(model, training.Position(10**6, step=number))
            steps.append(between - start)
            saves.append(time.perf_counter() - between)
        size = checkpoints.newest_first()[0].stat().st_size
    step, save = statistics.median(steps[2:]), statistics.median(saves[2:])
    return {
        "network": network,
        "batch_size": batch_size,
        "megabytes": size / 1e6,
        "step_ms": 1e3 * step,
        "checkpoint_ms": 1e3 * save,
        "slowest_checkpoint_ms": 1e3 * max(saves[2:]),
        "percent_at_one_in_100": save / step,
    }


def main(argv):
    del argv
    values = flags.FLAGS
    table = pd.DataFrame(
        [measure(network, values.batch_size, values.rounds) for network in values.networks]
    )
    print(table.round(2).to_string(index=False))
    if values.output:
        made_with = {name: str(value) for name, value in environment().items()}
        pathlib.Path(values.output).parent.mkdir(parents=True, exist_ok=True)
        table.assign(**made_with).to_csv(values.output, index=False)


def define_flags():
    """The settings of the command line."""
    flags.DEFINE_list("networks", list(NETWORKS), "Networks for 32x32 images.")
    flags.DEFINE_integer("batch_size", 128, "Images in a step.")
    flags.DEFINE_integer("rounds", 15, "Steps, and checkpoints, of each network.")
    flags.DEFINE_string("output", None, "CSV to write, if any.")


if __name__ == "__main__":
    define_flags()
    app.run(main)
