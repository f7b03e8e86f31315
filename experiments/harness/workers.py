"""Training runs in processes of their own.

They stop when their parent says so, and end when it is gone.
"""

import multiprocessing
import os
import pathlib
import signal
import threading
import time
import typing

from ann.runs.folder import FolderInUse, RunFolder
from ann.runs.signals import Stopped
from experiments.harness.store import RunStore

FINISHED, STORED, STOPPED, IN_USE, FAILED = "finished", "stored", "stopped", "in use", "failed"
_SECONDS_BETWEEN_LOOKS = 0.5
# A worker whose parent was killed saves its run and ends in that time.
_SECONDS_TO_WAIT_FOR_A_FOLDER = 30
_stopping = None
_busy = False


class Ended(typing.NamedTuple):
    """How a run ended in a worker.

    Attributes:
        path: its folder.
        how: `FINISHED`; `STORED`, another process has finished it; `STOPPED`, to be gone on with;
            `IN_USE`, another process trains it; `FAILED`.
        seconds: that it took, if it is finished; of one that was interrupted, those of its epochs.
        why: in words, if it is in use or has failed.
    """

    path: pathlib.Path
    how: str
    seconds: float | None = None
    why: str = ""


def start_worker(stopping) -> None:
    """Prepares a worker process.

    Args:
        stopping: a `multiprocessing.Event` that the parent sets: the run in progress is saved at
            its next step, and no other is begun.
    """
    global _stopping
    _stopping = stopping
    # A terminal sends Ctrl+C to every process; the parent passes it on.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, daemon=True).start()


def _watch():
    """Stops the training when the parent says so, or is gone."""
    parent = multiprocessing.parent_process()
    while True:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
        if not _stopping.is_set() and parent.is_alive():
            continue
        if callable(signal.getsignal(signal.SIGTERM)):  # it trains, and no signal has come yet
            os.kill(os.getpid(), signal.SIGTERM)
        elif not _busy and not parent.is_alive():
            os._exit(128 + signal.SIGTERM)


def train_run(config, path: pathlib.Path, store: RunStore) -> Ended:
    """Trains one run in a worker, unless another process has finished it or trains it."""
    global _busy
    if _stopping.is_set():
        return Ended(path, STOPPED)
    start, fresh, _busy = time.perf_counter(), not path.exists(), True
    try:
        RunFolder(path).wait_until_free(_SECONDS_TO_WAIT_FOR_A_FOLDER)
        if path.name in store.runs().index:
            return Ended(path, STORED)
        from ann.runs.train import train_once

        folder = train_once(config, path, verbose=0)
        seconds = time.perf_counter() - start if fresh else _training_seconds(folder)
        return Ended(path, FINISHED, round(seconds, 1))
    except Stopped:
        return Ended(path, STOPPED)
    except FolderInUse as error:
        return Ended(path, IN_USE, why=str(error))
    except Exception as error:  # one run that fails must not end the others
        return Ended(path, FAILED, why=f"{type(error).__name__}: {error}")
    finally:
        _busy = False


def _training_seconds(folder) -> float:
    import pandas as pd

    return pd.read_csv(folder.epochs).seconds.sum()
