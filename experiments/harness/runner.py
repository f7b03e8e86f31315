"""Carries a plan out: trains what the store lacks, several runs at a time, and measures what is
made of several runs."""

import concurrent.futures
import multiprocessing
import os
import pathlib
import time

from tqdm import tqdm

from ann import data
from ann.runs.folder import RunFolder
from ann.runs.identity import run_name
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.joined import measure_joined
from experiments.harness.plan import plan, training_macs


def train_all(configs, runs_dir, store, workers: int) -> list[str]:
    """Trains the runs that the store lacks, several at a time, and adds each as soon as it is
    finished.

    Args:
        configs: dictionary from name to config.
        runs_dir: folder of run folders.
        store: a `RunStore`.
        workers: runs at a time, each on its share of the cores.

    Returns:
        What failed, one line for each run; the others are kept.
    """
    finished = set(store.runs().index)
    tasks = [
        (config, pathlib.Path(runs_dir) / name)
        for name, config in configs.items()
        if name not in finished
    ]
    macs = {folder: training_macs(config) for config, folder in tasks}
    for variable in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[variable] = str(max(1, os.cpu_count() // workers))
    failed = []
    # The bar counts MACs: runs differ by much, and so would an estimate of what is left.
    bar = tqdm(total=sum(macs.values()), unit="MAC", unit_scale=True, desc=f"{len(tasks)} runs")
    # A pool that notices when a worker is killed; what the others have finished is in the store by
    # then. It keeps its workers: with max_tasks_per_child, Python 3.11's can wait forever for one
    # that it does not start.
    pool = concurrent.futures.ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"))
    with pool, bar:
        for future in concurrent.futures.as_completed(
            [pool.submit(_train, *task) for task in tasks]
        ):
            path, seconds, error = future.result()
            if error:
                failed.append(f"{path.name}: {error}")
            else:
                store.add(
                    RunFolder(path), seconds=seconds, workers=workers, training_macs=macs[path]
                )
            bar.update(macs[path])
    return failed


def _train(config, path):
    """Trains one run in a worker.

    Returns:
        Its folder, the seconds (none for what was begun before), and what went wrong.
    """
    start, fresh = time.perf_counter(), not path.exists()
    try:
        from ann.runs.train import train_once

        train_once(config, path, verbose=0)
    except Exception as error:  # one run that fails must not end the others
        return path, None, f"{type(error).__name__}: {error}"
    return path, round(time.perf_counter() - start, 1) if fresh else None, None


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


def run(names, scale: str, *, runs_dir, store, workers: int) -> list[str]:
    """Trains what is missing and measures what is made of several runs; data sets that are not
    prepared are left out, with a line that says so.

    Returns:
        What failed, one line for each run.
    """
    plans = {name: plan(EXPERIMENTS[name], scale) for name in names}
    found, missing = prepared({run.dataset for runs in plans.values() for run in runs})
    for line in missing:
        print(line)
    plans = {name: [run for run in runs if run.dataset in found] for name, runs in plans.items()}
    configs = {run_name(run.config): run.config for runs in plans.values() for run in runs}
    failed = train_all(configs, runs_dir, store, workers)
    for name, runs in plans.items():
        measure_joined(EXPERIMENTS[name], runs, runs_dir, store)
    return failed
