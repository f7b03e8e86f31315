"""Time to the exits of a network, untrained, in TensorFlow: what waiting for an answer costs beside
its MACs.

    python -m benchmarks.wall_clock

Writes one row per exit nearest to a milestone, with the median milliseconds for one image; the
table `exp_lin_wall_clock` of the report reads it.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import time

import numpy as np
import pandas as pd
from absl import app, flags
from tqdm import trange

from ann import costs, evaluation, models
from ann.atomic_write import atomic_path
from ann.runs.environment import cells, environment

_NETWORKS = flags.DEFINE_list(
    "networks",
    [f"resann-n{n}-c8" for n in (1, 3, 6)] + ["resann26", "resann50", "resann101"],
    "Networks of ann.models, each with the images that its paper trains on.",
)
_ROUNDS = flags.DEFINE_integer("rounds", 20, "Turns of each exit.", lower_bound=1)
_OUTPUT = flags.DEFINE_string(
    "output", "experiments/results/benchmark_wall_clock.csv", "CSV to write."
)
_WARM_UP = 2


def time_exits(model: str, rounds: int) -> pd.DataFrame:
    """Median milliseconds from one image to the exits nearest to the milestones, which take turns.

    Args:
        model: name of `ann.models`.
        rounds: turns of each exit.

    Returns:
        DataFrame `dataset`, `model`, `exit`, `macs`, `milliseconds`, one row per exit.
    """
    import tensorflow as tf

    network = models.build(model)
    macs = costs.profile(network).macs_incremental
    image = np.random.default_rng(0).normal(size=(1, *network.sample_shape))
    image = tf.constant(image, tf.float32)
    chosen = evaluation.milestone_exits(macs / macs.iloc[-1], "closest")
    # A graph to one exit is pruned to what that exit needs.
    calls = {
        k: tf.function(lambda x, k=k: network(x, training=False)[k]).get_concrete_function(image)
        for k in chosen
    }
    seconds = {k: [] for k in chosen}
    for turn in trange(rounds + _WARM_UP, desc=model):
        for k, call in calls.items():
            start = time.perf_counter()
            call(image)[0].numpy()
            if turn >= _WARM_UP:
                seconds[k].append(time.perf_counter() - start)
    return pd.DataFrame(
        {
            "dataset": "cifar10" if network.sample_shape[0] == 32 else "imagenet2012",
            "model": model,
            "exit": chosen,
            "macs": macs[chosen].to_numpy(),
            "milliseconds": [1000 * np.median(seconds[k]) for k in chosen],
        }
    )


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    times = pd.concat([time_exits(model, _ROUNDS.value) for model in _NETWORKS.value])
    with atomic_path(_OUTPUT.value) as temporary:
        times.assign(rounds=_ROUNDS.value, **cells(environment())).to_csv(temporary, index=False)
    print(times.round(2).to_string(index=False))


if __name__ == "__main__":
    app.run(main)
