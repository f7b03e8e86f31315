"""A thread that calls back at given times."""

import os
import threading
import time


class Watchdog:
    """Calls functions at their time, on one daemon thread for all of them. They must be quick."""

    def __init__(self):
        self._due = {}  # callback -> when; as many as there are runs
        self._changed = threading.Condition()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def call_at(self, when: float, callback) -> None:
        """Calls `callback()` once, at `when`, in seconds of `time.perf_counter`.

        An earlier time set for the same callback is forgotten.
        """
        with self._changed:
            self._due[callback] = when
            self._changed.notify()

    def forget(self, callback) -> None:
        """Does not call `callback` any more."""
        with self._changed:
            self._due.pop(callback, None)

    def _watch(self):
        while True:
            with self._changed:
                callback, when = min(
                    self._due.items(), key=lambda item: item[1], default=(None, float("inf"))
                )
                left = when - time.perf_counter()
                if left > 0:
                    self._changed.wait(min(left, threading.TIMEOUT_MAX))
                    continue
                del self._due[callback]
            callback()


_OF_PROCESS = {}  # process id -> its watchdog: threads do not survive a fork


def watchdog() -> Watchdog:
    """The watchdog of this process, shared by all predictors."""
    # setdefault would start a thread at each call; two threads that come here at once start two
    # watchdogs, and both work.
    if os.getpid() not in _OF_PROCESS:
        _OF_PROCESS[os.getpid()] = Watchdog()
    return _OF_PROCESS[os.getpid()]
