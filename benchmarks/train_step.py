"""Compares the training speed of a ResANN in this library and in PyTorch, alternating in one run.

    python -m benchmarks.train_step            # needs the extra [bench]
    python -m benchmarks.train_step --table=exits

Each variant has its own process, which may use all cores. The variants take turns, a few steps at a
time. The table shows medians over the rounds and their ratios. Training uses CONST weights and SGD
with momentum and L2, on batches of 128 random images of CIFAR's size, in memory.

The other tables are of this library alone (`benchmarks.step_sweeps`): `networks` (ResANN, DenseANN,
MSDNet, in float32 and bfloat16), and the time of a step against the number of `exits` (3 to 75),
the `depth`, the `width`, and the number of virtual devices (`replicas`). `--table=all` should take
about ten minutes on 2 quiet cores. MSDNet's comparison with PyTorch is `benchmarks.msdnet_step`.
"""

import functools

import pandas as pd
from absl import app, flags

from benchmarks import alternating, step_sweeps
from benchmarks.random_batch import random_batch

_TABLE = flags.DEFINE_enum(
    "table", "torch", ["torch", *step_sweeps.SWEEPS, "all"], "What to measure."
)
_N = flags.DEFINE_integer("n", 3, "Units per stage.")
_C = flags.DEFINE_integer("c", 16, "Width of the first stage.")
_BATCH = flags.DEFINE_integer("batch_size", 128, "Images per batch.")
_STEPS = flags.DEFINE_integer("steps", 8, "Steps per turn.")
_ROUNDS = flags.DEFINE_integer("rounds", 7, "Turns per variant.")
_OUTPUT = flags.DEFINE_string("output", None, "CSV to write, if any.")

VARIANTS = (
    "ann float32",
    "ann bfloat16",
    "ann float32, stock batch norm",
    "ann bfloat16, stock batch norm",
    "torch eager float32",
    "torch eager bfloat16 channels_last",
    "torch compiled float32",
    "torch compiled bfloat16 channels_last",
)


def _step(variant, n, c, batch_size):
    batch = random_batch(batch_size)
    if variant.startswith("ann"):
        return _ann_step(variant, n, c, batch)
    import torch

    from benchmarks import torch_steps
    from benchmarks.torch_resann import ResANN

    torch.manual_seed(0)
    return torch_steps.training_step(ResANN(n, c), batch, variant)


def _ann_step(variant, n, c, batch):
    import keras

    from ann import models
    from ann.layers import BatchNormalization
    from benchmarks import ann_steps

    if "stock" in variant:
        BatchNormalization.call = keras.layers.BatchNormalization.call
    return ann_steps.training_step(lambda: models.build(f"resann-n{n}-c{c}", s=1), batch, variant)


def measure(variants, *, n, c, batch_size, steps, rounds):
    """Calls `alternating.measure` for some of the `VARIANTS`."""
    makers = {variant: functools.partial(_step, variant, n, c, batch_size) for variant in variants}
    return alternating.measure(makers, batch_size=batch_size, steps=steps, rounds=rounds)


def ratios(table) -> dict[str, float]:
    """Computes the ratios that the project promises from a table of medians."""
    speed = table.set_index("variant").images_per_second
    fused_over_stock = {
        f"fused / stock batch norm, {dtype}": speed[f"ann {dtype}"]
        / speed[f"ann {dtype}, stock batch norm"]
        for dtype in ("float32", "bfloat16")
    }
    return {**alternating.ratios(table), **fused_over_stock}


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"settings must have the form --flag=value. Received: {argv[1:]}")
    from ann.runs.environment import environment

    wanted = ["torch", *step_sweeps.SWEEPS] if _TABLE.value == "all" else [_TABLE.value]
    tables = [_torch_table() if name == "torch" else _sweep(name) for name in wanted]
    made_with = environment()
    print(", ".join(f"{name} {value}" for name, value in made_with.items()))
    if _OUTPUT.value:
        columns = {name: str(value) for name, value in made_with.items()}
        pd.concat(tables).assign(**columns).to_csv(_OUTPUT.value, index=False)


def _torch_table():
    settings = {"n": _N.value, "c": _C.value, "batch_size": _BATCH.value}
    table = measure(VARIANTS, steps=_STEPS.value, rounds=_ROUNDS.value, **settings)
    print(table.round(0).to_string(index=False))
    for name, ratio in ratios(table).items():
        print(f"{name}: {ratio:.2f}")
    return table.assign(table="torch", **settings)


def _sweep(name):
    table = step_sweeps.measure(name, steps=2, rounds=5)
    print(f"\n{name}\n{table.round(2).to_string(index=False)}")
    return table.assign(table=name)


if __name__ == "__main__":
    app.run(main)
