"""Carries a plan out: trains what the store lacks, several runs at a time, and measures what is
made of several runs.
"""

import concurrent.futures
import contextlib
import multiprocessing
import os
import pathlib
import sys

from ann import data
from ann.runs.folder import RunFolder
from ann.runs.identity import run_name
from ann.runs.signals import Stopped, stop_on_signals
from experiments.harness.catalogue import EXPERIMENTS
from experiments.harness.joined import measure_joined
from experiments.harness.plan import plan, training_macs
from experiments.harness.runs_bar import RunsBar
from experiments.harness.workers import start_worker, train_run

_SECONDS_BETWEEN_LOOKS = 1


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
    with contextlib.closing(bar), contextlib.closing(_results(tasks, workers, bar)) as results:
        for path, seconds, error in results:
            if error:
                failed.append(f"{path.name}: {error}")
                bar.end(path, f"failed: {error}")
                continue
            store.add(RunFolder(path), seconds=seconds, workers=workers, training_macs=macs[path])
            bar.end(path, "finished" if seconds is None else f"finished in {seconds:.0f} s")
    return failed


def _results(tasks, workers, bar):
    """Yields what `train_run` gives for each task as soon as it ends."""
    context = multiprocessing.get_context("spawn")
    stopping = context.Event()
    # A pool that notices when a worker is killed; what the others have finished is in the store by
    # then. It keeps its workers: with max_tasks_per_child, Python 3.11's can wait forever for one
    # that it does not start.
    pool = concurrent.futures.ProcessPoolExecutor(
        workers, context, initializer=start_worker, initargs=(stopping,)
    )
    with pool:
        left = {pool.submit(train_run, config, path) for path, config in tasks.items()}
        try:
            while left:
                ended, left = concurrent.futures.wait(
                    left, _SECONDS_BETWEEN_LOOKS, concurrent.futures.FIRST_COMPLETED
                )
                for future in ended:
                    yield future.result()
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


def run(names, scale: str, *, runs_dir, store, workers: int) -> list[str]:
    """Trains what is missing and measures what is made of several runs. Runs whose data set is not
    prepared are left out, with a line that says so.

    A signal ends the process with its exit code: SIGTERM with 143, Ctrl+C with 130.

    Returns:
        What failed, one line for each run.
    """
    try:
        with stop_on_signals():
            return _run(names, scale, runs_dir, store, workers)
    except Stopped as stopped:
        print(f"{stopped}: all is saved. The same command goes on.", file=sys.stderr)
        raise SystemExit(stopped.exit_code) from None


def _run(names, scale, runs_dir, store, workers):
    plans = {name: plan(EXPERIMENTS[name], scale) for name in names}
    stored = set(store.runs().index)
    wanted = [run for runs in plans.values() for run in runs]
    found, missing = prepared({run.dataset for run in wanted if run_name(run.config) not in stored})
    for line in missing:
        print(line)
    plans = {
        name: [run for run in runs if run.dataset in found or run_name(run.config) in stored]
        for name, runs in plans.items()
    }
    configs = {run_name(run.config): run.config for runs in plans.values() for run in runs}
    failed = train_all(configs, runs_dir, store, workers)
    for name, runs in plans.items():
        try:
            measure_joined(EXPERIMENTS[name], runs, runs_dir, store)
        except FileNotFoundError as error:  # the runs are in the store, their data set is not here
            failed.append(f"{name}: {error}")
    return failed
