"""Carries a plan out: trains what the store lacks, several runs at a time, and measures what is
made of several runs.
"""

import concurrent.futures
import contextlib
import math
import multiprocessing
import os
import pathlib
import sys
import time

from ann import data
from ann.runs.folder import RunFolder
from ann.runs.signals import Stopped, stop_on_signals
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.plan import training_macs
from experiments.harness.runs_bar import RunsBar
from experiments.harness.wanted import most_wanted_first
from experiments.harness.workers import FAILED, FINISHED, STOPPED, STORED, start_worker, train_run

_SECONDS_BETWEEN_LOOKS = 1


def train_all(configs, runs_dir, store, workers: int, deadline: float = math.inf) -> list[str]:
    """Trains the runs that the store lacks, several at a time, and adds each as soon as it is
    finished.

    Args:
        configs: dictionary from name to config, in the order in which they are begun.
        runs_dir: folder of run folders.
        store: a `RunStore`.
        workers: runs at a time, each on its share of the cores.
        deadline: `time.monotonic()` at which the runs in progress are saved and left.

    Returns:
        What failed, one line for each run; the others are kept.

    Raises:
        Stopped: a signal came. The workers have saved their runs and ended.
    """
    finished = set(store.runs().index)
    tasks = {
        pathlib.Path(runs_dir) / name: config
        for name, config in configs.items()
        if name not in finished
    }
    macs = {path: training_macs(config) for path, config in tasks.items()}
    for variable in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[variable] = str(max(1, os.cpu_count() // workers))
    failed = []
    bar = RunsBar({path: config.training.epochs for path, config in tasks.items()}, macs)
    results = _results(tasks, workers, store, bar, deadline)
    with contextlib.closing(bar), contextlib.closing(results):
        for path, how, seconds, why in results:
            if how == FINISHED and path.name in store.runs().index:  # meanwhile, by another process
                bar.end(path, STORED)
            elif how == FINISHED:
                facts = {"workers": workers, "training_macs": macs[path]}
                store.add(RunFolder(path), seconds=seconds, **facts)
                bar.end(path, f"finished in {seconds:.0f} s")
            elif how != STOPPED:
                bar.end(path, f"{how}: {why}" if why else how)
            if how == FAILED:
                failed.append(f"{path.name}: {why}")
    return failed


def _results(tasks, workers, store, bar, deadline):
    """Yields what `train_run` returns for each task as soon as it ends."""
    context = multiprocessing.get_context("spawn")
    stopping = context.Event()
    # A pool that notices when a worker is killed; what the others have finished is in the store by
    # then. It keeps its workers: with max_tasks_per_child, Python 3.11's can wait forever for one
    # that it does not start.
    pool = concurrent.futures.ProcessPoolExecutor(
        workers, context, initializer=start_worker, initargs=(stopping,)
    )
    with pool:
        left = {pool.submit(train_run, config, path, store) for path, config in tasks.items()}
        try:
            while left:
                ended, left = concurrent.futures.wait(
                    left, _SECONDS_BETWEEN_LOOKS, concurrent.futures.FIRST_COMPLETED
                )
                for future in ended:
                    yield future.result()
                if time.monotonic() > deadline:
                    stopping.set()
                    left = {future for future in left if not future.cancel()}
                bar.show()
        except BaseException:
            stopping.set()
            pool.shutdown(cancel_futures=True)
            raise


def prepared(datasets) -> tuple[set, list[str]]:
    """Which data sets are there, and why the others are not."""
    found, missing = set(), []
    for name in sorted(datasets):
        try:
            data.load(name)
            found.add(name)
        except FileNotFoundError as error:
            missing.append(f"{name} is left out: {error}")
    return found, missing


def run(plans, scale: str, *, runs_dir, store, workers: int, hours: float = math.inf) -> list[str]:
    """Trains what is missing, most wanted first, and measures what is made of several runs. Runs
    whose data set is not prepared are left out, with a line that says so.

    A signal ends the process with its exit code: SIGTERM with 143, Ctrl+C with 130.

    Args:
        plans: dictionary from the name of an experiment to its runs, as returned by `plan`.
        scale: of the plans.
        runs_dir: folder of run folders.
        store: a `RunStore`.
        workers: runs at a time.
        hours: after which the runs in progress are saved at their next step, and no other begins.

    Returns:
        What failed, one line for each run.
    """
    deadline = time.monotonic() + 3600 * hours
    try:
        with stop_on_signals():
            return _run(plans, scale, runs_dir, store, workers, deadline)
    except Stopped as stopped:
        print(f"{stopped}: all is saved. The same command goes on.", file=sys.stderr)
        raise SystemExit(stopped.exit_code) from None


def _run(plans, scale, runs_dir, store, workers, deadline):
    stored = set(store.runs().index)
    wanted = [run for runs in plans.values() for run in runs]
    found, missing = prepared({run.dataset for run in wanted if run.name not in stored})
    for line in missing:
        print(line)
    plans = {
        name: [run for run in runs if run.dataset in found or run.name in stored]
        for name, runs in plans.items()
    }
    configs = {name: run.config for name, run in most_wanted_first(plans, scale).items()}
    failed = train_all(configs, runs_dir, store, workers, deadline)
    if time.monotonic() > deadline:
        print("the time is up: all is saved. The same command goes on.")
    from experiments.harness.joined import measure_joined  # with it comes TensorFlow

    for name, runs in plans.items():
        try:
            measure_joined(EXPERIMENTS[name], runs, runs_dir, store)
        except FileNotFoundError as error:  # the runs are in the store, their data set is not here
            failed.append(f"{name}: {error}")
    return failed
