"""Trains several seeds of a network in one program on JAX, against one alone.

    python -m benchmarks.side_by_side --output=side_by_side.csv

The step of one network is vectorized over the seeds (`jax.vmap`): all see the same batch, and each
has weights, averages, and AdaLoss's state of its own. Each variant has its own process; they take
turns. Where a variant's images per second, counted for all its seeds, exceed those of one seed,
training side by side is faster than one after the other. It pays where one network leaves an
accelerator idle.
"""

import functools
import os

from absl import app, flags

from benchmarks import alternating
from benchmarks.random_batch import random_batch

_MODEL = flags.DEFINE_string("model", "resann-n3-c16", "Network to train.")
_SEEDS = flags.DEFINE_list("seeds", ["1", "2", "4"], "Numbers of seeds to train side by side.")
_BATCH = flags.DEFINE_integer("batch_size", 128, "Images per batch.")
_STEPS = flags.DEFINE_integer("steps", 4, "Steps per turn.")
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Turns per variant.")
_OUTPUT = flags.DEFINE_string("output", None, "CSV to write, if any.")


def training_step(model: str, seeds: int, batch_size: int):
    """A function that trains the network with each of several seeds for one step.

    Returns:
        Function without arguments; it returns the losses, `(seeds,)`.
    """
    import jax
    import jax.numpy as jnp
    import keras

    from ann import models, training
    from ann.training.jax_engine import variable_groups

    states = []
    for seed in range(seeds):
        keras.utils.set_random_seed(seed)
        network = models.build(model)
        network.compile(training.L2SGD(0.05), weighting="adaloss")
        network.optimizer.build(network.trainable_variables)
        groups = variable_groups(network)
        states.append([[variable.value for variable in group] for group in groups])
    state = jax.tree.map(lambda *of_seeds: jnp.stack(of_seeds), *states)
    batch = jax.device_put(random_batch(batch_size))
    step = jax.jit(jax.vmap(network.train_step, in_axes=(0, None)), donate_argnums=0)

    def train():
        nonlocal state
        logs, state = step(state, batch)
        state = [list(group) for group in state]
        return jax.block_until_ready(logs["loss"])

    return train


def measure(model: str, seeds, *, batch_size: int, steps: int, rounds: int):
    """The table of `alternating.measure` with the images of all seeds, one row per number of seeds,
    and `speedup`: over one seed after the other."""
    makers = {n: functools.partial(training_step, model, n, batch_size) for n in seeds}
    table = alternating.measure(makers, batch_size=batch_size, steps=steps, rounds=rounds)
    table = table.rename(columns={"variant": "seeds"})
    for name in ("images_per_second", "slowest", "fastest"):
        table[name] *= table.seeds
    return table.assign(speedup=table.images_per_second / table.images_per_second[0])


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"settings must have the form --flag=value. Received: {argv[1:]}")
    os.environ["KERAS_BACKEND"] = "jax"  # here, and in the processes of the variants
    from ann.runs.environment import environment

    settings = {"batch_size": _BATCH.value, "steps": _STEPS.value, "rounds": _ROUNDS.value}
    table = measure(_MODEL.value, [int(count) for count in _SEEDS.value], **settings)
    print(table.round(2).to_string(index=False))
    if _OUTPUT.value:
        made_with = {name: str(value) for name, value in environment().items()}
        table = table.assign(model=_MODEL.value, batch_size=_BATCH.value, **made_with)
        table.to_csv(_OUTPUT.value, index=False)


if __name__ == "__main__":
    app.run(main)
