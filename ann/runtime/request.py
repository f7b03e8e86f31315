"""One request: until when it may run, and the newest answer to it."""

import time


class Request:
    """Shared by the thread that runs the links and whoever may interrupt it.

    Args:
        ends: `time.perf_counter()` at which the answer is wanted, or None.
        step_seconds: seconds that each link takes, `(num_exits,)`: a link that would not end in
            time is not started. Default: any link may start before `ends`.

    Attributes:
        newest: exit and logits of the newest answer, or None.
        interrupted: whether the newest answer is wanted now.
        late: whether there was no answer when it was wanted.
    """

    def __init__(self, ends=None, step_seconds=None):
        self.ends, self.newest, self.interrupted = ends, None, False
        self.late = ends is not None and time.perf_counter() >= ends
        self._step_seconds, self._callbacks = step_seconds, []

    def may_start(self, index: int) -> bool:
        """Whether link `index` may start now."""
        if self.interrupted or self.ends is None:
            return not self.interrupted
        seconds = 0.0 if self._step_seconds is None else self._step_seconds[index]
        return time.perf_counter() + seconds <= self.ends

    def note_no_answer(self) -> None:
        """Says that there is no answer by now."""
        self.late = self.late or (self.ends is not None and time.perf_counter() > self.ends)

    def interrupt(self) -> None:
        """Asks for the newest answer; from any thread."""
        self.interrupted = True
        for callback in self._callbacks:
            callback()

    def on_interrupt(self, callback) -> None:
        """Calls `callback` when the request is interrupted, at once if it was."""
        self._callbacks.append(callback)
        if self.interrupted:
            callback()
