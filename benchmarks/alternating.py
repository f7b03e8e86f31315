"""Times several variants of a computation side by side.

Each variant has its own process, which may use all cores. The variants take turns.
"""

import multiprocessing
import os
import statistics
import time

import pandas as pd
from tqdm import tqdm


def _worker(pipe, make_step):
    """Receives numbers of steps, runs the steps, and sends how many seconds they took."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    step = make_step()
    for steps in iter(pipe.recv, None):
        start = time.perf_counter()
        for _ in range(steps):
            step()
        pipe.send(time.perf_counter() - start)


def measure(variants, *, batch_size, steps, rounds) -> pd.DataFrame:
    """Measures the speed of each variant.

    Args:
        variants: dictionary from name to a function that makes the step. The step is a function
            without arguments. It is made and run in the variant's process.
        batch_size: number of images per step.
        steps: number of steps per turn.
        rounds: number of turns per variant.

    Returns:
        DataFrame with one row per variant and the columns `variant`, `images_per_second` (median
        over the rounds), `slowest`, and `fastest`.
    """
    context = multiprocessing.get_context("spawn")
    pipes = {}
    for variant, make_step in tqdm(variants.items(), desc="warm-up"):
        pipes[variant], theirs = context.Pipe()
        context.Process(target=_worker, args=(theirs, make_step), daemon=True).start()
        theirs.close()  # If the worker fails, `recv` then raises an EOFError.
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
    """Computes the ratios that the project promises from a table of medians."""
    speed = table.set_index("variant").images_per_second
    ann_speed = speed[speed.index.str.startswith("ann")]
    torch_speed = speed[speed.index.str.startswith("torch")]
    torch_float32 = torch_speed[torch_speed.index.str.contains("float32")]
    return {
        "fastest ann / fastest torch": ann_speed.max() / torch_speed.max(),
        "ann bfloat16 / fastest torch": speed["ann bfloat16"] / torch_speed.max(),
        "ann float32 / fastest torch float32": speed["ann float32"] / torch_float32.max(),
    }
