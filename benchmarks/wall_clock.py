"""Time to the exits of a network, untrained, in TensorFlow: what waiting for an answer costs beside
its MACs.

    python -m benchmarks.wall_clock

Writes one row per exit nearest to a milestone, with the median milliseconds for one image; the
table `exp_lin_wall_clock` of the report reads it.
"""

import sys
import time

import numpy as np
import pandas as pd
from absl import flags
from tqdm import trange

from ann import costs, evaluation, models
from ann.atomic_write import atomic_path
from ann.commands.run import run
from ann.runs.environment import cells, environment

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


def define_flags():
    """The settings of the command line."""
    networks = [f"resann-n{n}-c8" for n in (1, 3, 6)] + ["resann26", "resann50", "resann101"]
    flags.DEFINE_list("networks", networks, "Networks, each with the images of its paper.")
    flags.DEFINE_integer("rounds", 20, "Turns of each exit.", lower_bound=1)
    flags.DEFINE_string("output", "experiments/results/benchmark_wall_clock.csv", "CSV to write.")


def main(arguments):
    values = flags.FLAGS
    times = pd.concat([time_exits(model, values.rounds) for model in values.networks])
    with atomic_path(values.output) as temporary:
        times.assign(rounds=values.rounds, **cells(environment())).to_csv(temporary, index=False)
    print(times.round(2).to_string(index=False))


if __name__ == "__main__":
    run(sys.modules[__name__])
