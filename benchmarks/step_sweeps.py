"""How the time of a training step follows from the network, and from the number of devices.

Each sweep is a table with one row per variant. All variants of a sweep take turns, and the last
column is the time of a step over that of the first row.
"""

import functools

import pandas as pd

from benchmarks import alternating
from benchmarks.random_batch import random_batch

# Sweep -> variant -> network, an exit every s units, precision, replicas, images in a batch.
# 25 units per stage have 75 exits at most. More replicas divide the same batch among devices of one
# CPU, so their rows show the cost of having replicas, not a gain.
SWEEPS = {
    "networks": {
        f"{name} {precision}": {"model": name, "precision": precision, "batch_size": 64}
        for name in ("resann-n3-c16", "denseann-n16-g16", "msdnet-cifar-b7")
        for precision in ("float32", "bfloat16")
    },
    "exits": {
        f"{75 // s} exits": {"model": "resann-n25-c16", "s": s, "batch_size": 16}
        for s in (25, 15, 5, 3, 1)
    },
    "depth": {
        f"{3 * n} units": {"model": f"resann-n{n}-c16", "s": n, "batch_size": 32}
        for n in (3, 9, 18, 25)
    },
    "width": {
        f"width {c}": {"model": f"resann-n3-c{c}", "s": 1, "batch_size": 32}
        for c in (8, 16, 32, 64)
    },
    "replicas": {
        f"{count} devices": {"model": "resann-n3-c16", "replicas": count, "batch_size": 64}
        for count in (1, 2, 4)
    },
}


def _step(model, batch_size, s=None, precision="float32", replicas=1):
    from ann import models
    from benchmarks import ann_steps

    overrides = {} if s is None else {"s": s}
    return ann_steps.training_step(
        lambda: models.build(model, num_classes=10, input_shape=(32, 32, 3), **overrides),
        random_batch(batch_size),
        precision,
        replicas=replicas,
    )


def measure(name: str, *, steps: int, rounds: int) -> pd.DataFrame:
    """Measures a sweep.

    Args:
        name: one of `SWEEPS`.
        steps: training steps per turn.
        rounds: turns per variant.

    Returns:
        DataFrame with one row per variant and the columns `variant`, `ms_per_step` (median over the
        rounds), `fastest`, `slowest`, and `over_first`.
    """
    variants = SWEEPS[name]
    (batch_size,) = {settings["batch_size"] for settings in variants.values()}
    makers = {label: functools.partial(_step, **settings) for label, settings in variants.items()}
    speeds = alternating.measure(makers, batch_size=batch_size, steps=steps, rounds=rounds)
    milliseconds = 1000 * batch_size / speeds.set_index("variant")
    return pd.DataFrame(
        {
            "variant": milliseconds.index,
            "ms_per_step": milliseconds.images_per_second.to_numpy(),
            "fastest": milliseconds.fastest.to_numpy(),
            "slowest": milliseconds.slowest.to_numpy(),
            "over_first": (
                milliseconds.images_per_second / milliseconds.images_per_second.iloc[0]
            ).to_numpy(),
        }
    )
