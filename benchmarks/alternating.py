"""Variants of a computation timed side by side: each in a process of its own with all cores, taking turns."""

import multiprocessing
import os
import statistics
import time

import pandas as pd
from tqdm import tqdm


def _worker(pipe, make_step):
    """Takes numbers of steps, answers with seconds; the first answer is the warm-up's."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    step = make_step()
    for steps in iter(pipe.recv, None):
        start = time.perf_counter()
        for _ in range(steps):
            step()
        pipe.send(time.perf_counter() - start)


def measure(variants, *, batch_size, steps, rounds) -> pd.DataFrame:
    """Speed of each variant.

    Args:
        variants: name -> function that makes the step, a function without arguments; both are made
            in the variant's process.
        batch_size: images a step takes.
        steps: in a turn.
        rounds: turns of each variant.

    Returns:
        DataFrame: `variant`, `images_per_second` (median over rounds), `slowest`, `fastest`.
    """
    context = multiprocessing.get_context("spawn")
    pipes = {}
    for variant, make_step in tqdm(variants.items(), desc="warm-up"):
        pipes[variant], theirs = context.Pipe()
        context.Process(target=_worker, args=(theirs, make_step), daemon=True).start()
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
        "fastest ann / fastest torch": speed[speed.index.str.startswith("ann")].max()
        / torch_speed.max(),
        "ann bfloat16 / fastest torch": speed["ann bfloat16"] / torch_speed.max(),
        "ann float32 / fastest torch float32": speed["ann float32"] / torch_float32.max(),
    }
