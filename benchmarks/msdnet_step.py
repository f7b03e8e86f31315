"""Compares the speed of MSDNet in this library and in PyTorch, alternating in one run.

    python -m benchmarks.msdnet_step           # needs the extra [bench]

The tasks are the forward pass, which computes the answers of all exits, and the training step. The
networks are the released ILSVRC network with base = step = 4 at 224 pixels, with batches of 1 and 8
images, and the CIFAR network with 7 blocks, with batches of 64 images. The images are random and in
memory. For each network, batch size, and task, the variants take turns as in
`benchmarks.train_step`. The tables show medians over the rounds and their ratios.
"""

import functools

import pandas as pd
from absl import app, flags

from benchmarks import alternating
from benchmarks.msdnet_sizes import NETWORKS
from benchmarks.random_batch import random_batch

_CASES = flags.DEFINE_list(
    "cases", ["imagenet-k4:1", "imagenet-k4:8", "cifar-b7:64"], "Networks and batch sizes."
)
_TASKS = flags.DEFINE_list("tasks", ["forward", "training_step"], "What to time.")
_COMPILED = flags.DEFINE_bool(
    "compiled", False, "Also use PyTorch's compiler, which takes minutes per network."
)
_STEPS = flags.DEFINE_integer("steps", 5, "Steps per turn.")
_ROUNDS = flags.DEFINE_integer("rounds", 7, "Turns per variant.")
_OUTPUT = flags.DEFINE_string("output", None, "CSV to write, if any.")

VARIANTS = (
    "ann float32",
    "ann bfloat16",
    "torch eager float32",
    "torch eager bfloat16 channels_last",
)
COMPILED = ("torch compiled float32", "torch compiled bfloat16 channels_last")


def _step(variant, task, network, batch_size):
    sizes = NETWORKS[network]
    batch = random_batch(batch_size, sizes["input_shape"][0], sizes["num_classes"])
    if variant.startswith("ann"):
        from ann import models
        from benchmarks import ann_steps

        return getattr(ann_steps, task)(lambda: models.msdnet(**sizes), batch, variant)
    import torch

    from benchmarks import torch_steps
    from benchmarks.torch_msdnet import MSDNet

    torch.manual_seed(0)
    return getattr(torch_steps, task)(MSDNet(**sizes), batch, variant)


def measure(variants, *, task, network, batch_size, steps, rounds) -> pd.DataFrame:
    """Calls `alternating.measure` and adds the columns `network`, `batch_size`, and `task`."""
    makers = {
        variant: functools.partial(_step, variant, task, network, batch_size)
        for variant in variants
    }
    table = alternating.measure(makers, batch_size=batch_size, steps=steps, rounds=rounds)
    return table.assign(network=network, batch_size=batch_size, task=task)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"settings must have the form --flag=value. Received: {argv[1:]}")
    from ann.runs.environment import environment

    variants = (*VARIANTS, *(COMPILED if _COMPILED.value else ()))
    tables = []
    ratios = []
    for case in _CASES.value:
        network, batch_size = case.split(":")
        for task in _TASKS.value:
            sizes = {"network": network, "batch_size": int(batch_size), "task": task}
            tables.append(measure(variants, steps=_STEPS.value, rounds=_ROUNDS.value, **sizes))
            ratios.append({**sizes, **alternating.ratios(tables[-1])})
    table = pd.concat(tables)
    print(table.round(1).to_string(index=False))
    print(pd.DataFrame(ratios).round(2).to_string(index=False))
    made_with = environment()
    print(", ".join(f"{name} {value}" for name, value in made_with.items()))
    if _OUTPUT.value:
        table.assign(**{k: str(v) for k, v in made_with.items()}).to_csv(_OUTPUT.value, index=False)


if __name__ == "__main__":
    app.run(main)
