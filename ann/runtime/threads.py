"""How many threads serve one image best: found by measurement."""

import os
import time

_RUNS = 5
_WORTH_SECONDS = 1e-3  # a network this fast gains nothing from a second thread
_WORTH_SHARE = 0.8  # twice the threads must take at most this share of the time


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fastest(open_engine, run):
    """The engine with the number of threads that serves best.

    Starts with one thread and doubles it as long as that pays.

    Args:
        open_engine: function from a number of threads to an engine.
        run: function that lets an engine compute one image.

    Returns:
        The engine, and its number of threads.
    """
    threads, engine = 1, open_engine(1)
    seconds = _seconds(run, engine)
    while seconds > _WORTH_SECONDS and 2 * threads <= available_cores():
        other = open_engine(2 * threads)
        others_seconds = _seconds(run, other)
        if others_seconds > _WORTH_SHARE * seconds:
            break
        threads, engine, seconds = 2 * threads, other, others_seconds
    return engine, threads


def _seconds(run, engine) -> float:
    """The least of a few runs, which other work on the machine disturbs least."""
    run(engine)
    times = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        run(engine)
        times.append(time.perf_counter() - started)
    return min(times)
