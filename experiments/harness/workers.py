"""Training runs in processes of their own.

They stop when their parent says so, and end when it is gone.
"""

import multiprocessing
import os
import signal
import threading
import time

from ann.runs.signals import Stopped

STOPPED = "stopped"
_SECONDS_BETWEEN_LOOKS = 0.5
_stopping = None
_busy = False


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


def train_run(config, path):
    """Trains one run in a worker.

    Returns:
        Its folder, the seconds it took (None for what was begun before), and what went wrong.
    """
    global _busy
    if _stopping.is_set():
        return path, None, STOPPED
    start, fresh, _busy = time.perf_counter(), not path.exists(), True
    try:
        from ann.runs.train import train_once

        train_once(config, path, verbose=0)
    except Stopped:
        return path, None, STOPPED
    except Exception as error:  # one run that fails must not end the others
        return path, None, f"{type(error).__name__}: {error}"
    finally:
        _busy = False
    return path, round(time.perf_counter() - start, 1) if fresh else None, None
