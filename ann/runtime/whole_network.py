"""Engines that compute the whole network in one call, and stop in the middle of it.

Such an engine looks between any two operations whether it shall stop, and writes an output into the
caller's memory as soon as it is computed. So a run over the whole network with a buffer for every
exit costs no more than the network, ends within one operation of the deadline, and leaves all
answers made so far. This needs exits that are computed in order: each engine proves it when it
loads an export, and otherwise goes link by link.
"""

import abc
import contextlib
import threading
import time

import numpy as np

from ann.runtime.engine import Engine
from ann.runtime.watchdog import watchdog

_WAIT_FOR_FIRST_SECONDS = 1e-4
_MAX_STOP_SECONDS = 1e-3
_SPREADS = 2.0  # of what a stop takes, beyond the mean: few deadlines are missed then
_MISSING = 0x7FC0FFEE  # bits of a number not written yet: a NaN that arithmetic does not make


class WholeNetworkEngine(Engine):
    """Runs in one call where the exits come in order, and link by link where they do not.

    Subclasses set `in_one_call` and make the runs.
    """

    def __init__(self, num_exits):
        self._num_exits = num_exits
        self._free = []  # runs of one image to be used again; list methods are atomic
        # What it takes to stop a run: the mean, and the mean distance from it, both moving.
        self._stop_mean = self._stop_spread = 0.0

    @property
    def _stop_seconds(self):
        """So long before its deadline is a run told to stop."""
        return self._stop_mean + _SPREADS * self._stop_spread

    @abc.abstractmethod
    def new_run(self, batch_size: int) -> "WholeRun":
        """Memory for one run at a time over the whole network."""

    def run(self, inputs, last_exit, request):
        # The call cannot leave out the later exits: a budget is kept link by link.
        if not self.in_one_call or last_exit < self._num_exits - 1:
            self.run_links(inputs, last_exit, request)
            return
        run = self._take_run(len(inputs[0]))
        asked = None if request.ends is None else request.ends - self._stop_seconds
        request.newest, asked = run(inputs, request, asked)
        if asked is not None and request.newest[0] < last_exit:
            self._follow_stop(time.perf_counter() - asked)
        if len(inputs[0]) == 1:
            self._free.append(run)

    def _follow_stop(self, seconds):
        """Takes in how long a run went on after it was to stop; one that was interrupted before
        tells nothing."""
        if seconds >= 0:
            error = min(seconds, _MAX_STOP_SECONDS) - self._stop_mean
            self._stop_mean += 0.1 * error
            self._stop_spread += 0.1 * (abs(error) - self._stop_spread)

    def _take_run(self, batch_size):
        if batch_size == 1:
            with contextlib.suppress(IndexError):  # none is free
                return self._free.pop()
        return self.new_run(batch_size)

    def exit_seconds(self, inputs, num_exits):
        if not self.in_one_call:
            return super().exit_seconds(inputs, num_exits)
        shares = self.exit_shares(inputs)
        run = self._take_run(len(inputs[0]))
        started = time.perf_counter()
        run.compute(inputs)
        return shares * (time.perf_counter() - started)

    @abc.abstractmethod
    def exit_shares(self, inputs) -> np.ndarray:
        """Share of the time of a whole run at which each exit comes, `(num_exits,)`."""


class WholeRun(abc.ABC):
    """Memory for one run at a time.

    Args:
        shape: `(exits, batch, ..., num_classes)` of the answers.
    """

    def __init__(self, shape):
        self.answers = np.empty(shape, np.float32)
        self._bits = self.answers.view(np.uint32)

    @abc.abstractmethod
    def compute(self, inputs) -> bool:
        """Fills `answers` in order, until the end or until stopped; whether it got to the end."""

    @abc.abstractmethod
    def stop(self) -> None:
        """Ends `compute` after the operation in progress; from another thread."""

    def __call__(self, inputs, request, stop_at):
        """The deepest exit reached with a copy of its logits, and when the run was to stop.

        Args:
            inputs: list of a batch `(batch, ...)` of each input.
            request: may be interrupted.
            stop_at: when to stop, in seconds of `time.perf_counter`, or None. If there is no answer
                by then, it becomes the first time at which there may be one.
        """
        self._bits.fill(_MISSING)
        stop = _Stop(self, request, stop_at)
        request.on_interrupt(stop)
        if stop_at is not None:
            watchdog().call_at(stop_at, stop)
        try:
            whole = self.compute(inputs)
        finally:
            stop.forget()
        deepest = len(self.answers) - 1
        if not whole:
            deepest = (
                int(np.argmax((self._bits == _MISSING).reshape(len(self.answers), -1).any(axis=1)))
                - 1
            )
        return (deepest, self.answers[deepest].copy()), stop.due

    def stop_if_answered(self) -> bool:
        """Ends the run if the first answer is there; whether it is."""
        if (self._bits[0] == _MISSING).any():
            return False
        self.stop()
        return True


class _Stop:
    """Ends one call of a `WholeRun`.

    It does nothing once the call is over, since the run may serve another one by then.

    Attributes:
        due: when it is to end the call, None while nobody asked.
    """

    def __init__(self, run, request, due):
        self._run, self._request, self._watchdog, self.due = run, request, watchdog(), due
        self._lock = threading.Lock()

    def __call__(self):
        with self._lock:
            if self._run is not None and not self._run.stop_if_answered():
                self._request.note_no_answer()
                self.due = time.perf_counter() + _WAIT_FOR_FIRST_SECONDS
                self._watchdog.call_at(self.due, self)

    def forget(self):
        with self._lock:
            self._run = None
        self._watchdog.forget(self)
