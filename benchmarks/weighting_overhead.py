"""Compares the time of a training step with each weighting and sampler to that with CONST.

    python -m benchmarks.weighting_overhead

All models are in one process and take turns. CONST runs before and after each of them, so that a
slow moment of the machine affects both. The table shows the median of the ratio over the rounds.
The project promises at most 2 % more time for weightings without extra backward passes.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import statistics
import time

import pandas as pd
import tensorflow as tf
from absl import app, flags
from tqdm import tqdm

from ann import losses, models, training
from ann.runs.environment import environment
from benchmarks.random_batch import random_batch

_N = flags.DEFINE_integer("n", 3, "Units per stage.")
_C = flags.DEFINE_integer("c", 16, "Width of the first stage.")
_BATCH = flags.DEFINE_integer("batch_size", 64, "Images per batch.")
_STEPS = flags.DEFINE_integer("steps", 3, "Steps per turn.")
_ROUNDS = flags.DEFINE_integer("rounds", 7, "Turns per weighting.")
_OUTPUT = flags.DEFINE_string("output", None, "CSV to write, if any.")


def _stepper(weighting, sampler):
    """Returns a function that runs a number of training steps and returns how long they took."""
    model = models.build(f"resann-n{_N.value}-c{_C.value}", s=1)
    model.compile(optimizer=training.L2SGD(1e-3), weighting=weighting, sampler=sampler)
    batches = iter(tf.data.Dataset.from_tensors(random_batch(_BATCH.value)).cache().repeat())
    model.make_train_function()

    def take(steps):
        start = time.perf_counter()
        for _ in range(steps):
            float(model.train_function(batches)["loss"])
        return time.perf_counter() - start

    return take


def measure() -> pd.DataFrame:
    """Measures the ratios of step times.

    Returns:
        DataFrame with one row per weighting or sampler and the columns `weighting`, `sampler`,
        `ratio` (median), `lowest`, `highest`, and `extra_backward`.
    """
    variants = [(name, None) for name in losses.schemes() if name != "const"]
    variants += [("const", name) for name in losses.samplers()]
    const = _stepper("const", None)
    const(3)
    rows = []
    for weighting, sampler in tqdm(variants):
        take = _stepper(weighting, sampler)
        take(3)
        ratios = []
        for _ in range(_ROUNDS.value):
            before, own, after = const(_STEPS.value), take(_STEPS.value), const(_STEPS.value)
            ratios.append(2 * own / (before + after))
        extra = losses.get(weighting).needs_gradient_norms
        rows.append(
            (weighting, sampler or "", statistics.median(ratios), min(ratios), max(ratios), extra)
        )
    return pd.DataFrame(
        rows, columns=["weighting", "sampler", "ratio", "lowest", "highest", "extra_backward"]
    )


def main(argv):
    del argv
    table = measure()
    print(table.round(3).to_string(index=False))
    free = table[~table.extra_backward]
    print(
        f"without extra backward passes: {free.ratio.min():.3f} to {free.ratio.max():.3f} times "
        "the step with CONST"
    )
    if _OUTPUT.value:
        made_with = {name: str(value) for name, value in environment().items()}
        table.assign(n=_N.value, c=_C.value, batch_size=_BATCH.value, **made_with).to_csv(
            _OUTPUT.value, index=False
        )


if __name__ == "__main__":
    app.run(main)
