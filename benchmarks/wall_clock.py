"""Time to the exits of a network, untrained, in TensorFlow: what waiting for an answer costs beside its MACs."""

import time

import numpy as np
import pandas as pd
from tqdm import trange

from ann import costs, evaluation, models
from experiments.harness.scales import DATASETS

ROUNDS = 20


def time_exits(model: str, dataset: str) -> pd.DataFrame:
    """Median milliseconds from one image to the exits nearest to the milestones, the exits taking
    turns in each round.

    Args:
        model: name of `ann.models`.
        dataset: a name of `experiments.harness.scales.DATASETS`, for the shape of the image.

    Returns:
        DataFrame `exit`, `macs`, `milliseconds`, a row a milestone's exit.
    """
    import tensorflow as tf

    _, num_classes, shape = DATASETS[dataset]
    network = models.build(model, num_classes=num_classes, input_shape=shape)
    macs = costs.profile(network).macs_incremental
    image = tf.constant(np.random.default_rng(0).normal(size=(1, *shape)), tf.float32)
    chosen = evaluation.milestone_exits(macs / macs.iloc[-1], "closest")
    # A graph to one exit is pruned to what that exit needs.
    calls = {
        k: tf.function(lambda x, k=k: network(x, training=False)[k]).get_concrete_function(image)
        for k in chosen
    }
    seconds = {k: [] for k in chosen}
    for turn in trange(ROUNDS + 2, desc=model):
        for k, call in calls.items():
            start = time.perf_counter()
            call(image)[0].numpy()
            if turn >= 2:
                seconds[k].append(time.perf_counter() - start)
    medians = [1000 * np.median(seconds[k]) for k in chosen]
    return pd.DataFrame({"exit": chosen, "macs": macs[chosen].to_numpy(), "milliseconds": medians})
