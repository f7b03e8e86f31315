"""Training images/s of our step against the same ResANN in PyTorch, alternating in one run.

    python -m benchmarks.train_step            # needs the extra [bench]

Each variant lives in a process of its own with all cores; they take turns, a few steps at a time, and the table gives medians
over the rounds and their ratios. CONST weights, SGD with momentum and L2, batch 128, random CIFAR-sized images in memory.
"""

import multiprocessing
import os
import statistics
import time

import pandas as pd
from absl import app, flags
from tqdm import tqdm

from benchmarks.random_batch import random_batch

_N = flags.DEFINE_integer("n", 3, "Units per stage.")
_C = flags.DEFINE_integer("c", 16, "First width.")
_BATCH = flags.DEFINE_integer("batch_size", 128, "Images in a batch.")
_STEPS = flags.DEFINE_integer("steps", 8, "Steps in a turn.")
_ROUNDS = flags.DEFINE_integer("rounds", 7, "Turns of each variant.")
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


def _ann_step(variant, n, c, batch_size):
    import keras
    import tensorflow as tf

    from ann import models, training
    from ann.layers import BatchNormalization

    if "bfloat16" in variant:
        keras.config.set_dtype_policy("mixed_bfloat16")
    if "stock" in variant:
        BatchNormalization.call = keras.layers.BatchNormalization.call
    model = models.build(f"resann-n{n}-c{c}", s=1)
    model.compile(optimizer=training.L2SGD(1e-3, momentum=0.9, l2=1e-4), weighting="const")
    batches = iter(tf.data.Dataset.from_tensors(random_batch(batch_size)).cache().repeat().prefetch(2))
    model.make_train_function()
    return lambda: float(model.train_function(batches)["loss"])


def _torch_step(variant, n, c, batch_size):
    import torch
    from torch.nn import functional

    from benchmarks.torch_resann import ResANN

    torch.manual_seed(0)
    model = ResANN(n, c)
    x, y = (torch.from_numpy(value) for value in random_batch(batch_size))
    x = x.permute(0, 3, 1, 2).contiguous()
    if "channels_last" in variant:
        model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)

    def loss_of(x, y):
        return sum(functional.cross_entropy(logits.float(), y) for logits in model(x))

    if "compiled" in variant:
        loss_of = torch.compile(loss_of)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled="bfloat16" in variant):
            loss = loss_of(x, y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def _worker(pipe, variant, n, c, batch_size):
    """Takes numbers of steps, answers with seconds; the first answer is the warm-up's."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    step = (_ann_step if variant.startswith("ann") else _torch_step)(variant, n, c, batch_size)
    for steps in iter(pipe.recv, None):
        start = time.perf_counter()
        for _ in range(steps):
            step()
        pipe.send(time.perf_counter() - start)


def measure(variants, *, n, c, batch_size, steps, rounds) -> pd.DataFrame:
    """Training speed of each variant.

    Returns:
        DataFrame: `variant`, `images_per_second` (median over rounds), `slowest`, `fastest`.
    """
    context = multiprocessing.get_context("spawn")
    pipes = {}
    for variant in tqdm(variants, desc="warm-up"):
        pipes[variant], theirs = context.Pipe()
        context.Process(target=_worker, args=(theirs, variant, n, c, batch_size), daemon=True).start()
        theirs.close()  # so that a worker that fails is an EOFError here
        pipes[variant].send(3)
        pipes[variant].recv()
    speeds = {variant: [] for variant in variants}
    for _ in tqdm(range(rounds), desc="rounds"):
        for variant, pipe in pipes.items():
            pipe.send(steps)
            speeds[variant].append(steps * batch_size / pipe.recv())
    for pipe in pipes.values():
        pipe.send(None)
    rows = [(v, statistics.median(s), min(s), max(s)) for v, s in speeds.items()]
    return pd.DataFrame(rows, columns=["variant", "images_per_second", "slowest", "fastest"])


def ratios(table: pd.DataFrame) -> dict[str, float]:
    """The ratios the project promises, from one table of medians."""
    speed = table.set_index("variant").images_per_second
    torch_speed = speed[speed.index.str.startswith("torch")]
    torch_float32 = torch_speed[torch_speed.index.str.contains("float32")]
    return {
        "ann bfloat16 / fastest torch": speed["ann bfloat16"] / torch_speed.max(),
        "ann float32 / fastest torch float32": speed["ann float32"] / torch_float32.max(),
        "fused / stock batch norm, float32": speed["ann float32"] / speed["ann float32, stock batch norm"],
        "fused / stock batch norm, bfloat16": speed["ann bfloat16"] / speed["ann bfloat16, stock batch norm"],
    }


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    from experiments.environment import environment

    table = measure(VARIANTS, n=_N.value, c=_C.value, batch_size=_BATCH.value, steps=_STEPS.value, rounds=_ROUNDS.value)
    print(table.round(0).to_string(index=False))
    for name, ratio in ratios(table).items():
        print(f"{name}: {ratio:.2f}")
    made_with = environment()
    print(", ".join(f"{name} {value}" for name, value in made_with.items()))
    if _OUTPUT.value:
        settings = {"n": _N.value, "c": _C.value, "batch_size": _BATCH.value}
        table.assign(**settings, **{k: str(v) for k, v in made_with.items()}).to_csv(_OUTPUT.value, index=False)


if __name__ == "__main__":
    app.run(main)
