"""SIGTERM and SIGINT: stop at the next step, with everything saved."""

import contextlib
import signal
import threading

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopped(KeyboardInterrupt):
    """A signal ended training.

    Like the `KeyboardInterrupt` that it is, no `except Exception` on the way catches it.

    Args:
        signum: of the signal.
        reason: default: the name of the signal.

    Attributes:
        exit_code: what a process ends with after this signal by convention: 143 or 130.
    """

    def __init__(self, signum: int, reason: str | None = None):
        super().__init__(reason or f"stopped by {signal.Signals(signum).name}")
        self.signum = signum
        self.exit_code = 128 + signum


class StopRequest:
    """Whether a signal has come, and what is to happen then.

    Outside of `at_next_step` a signal raises `Stopped` where the program is: nothing is lost there.
    Inside, it is only noted, and the training loop looks at `requested`. A second signal ends the
    process at once.
    """

    def __init__(self):
        self.signum = None
        self._deferred = False

    def requested(self) -> bool:
        """Whether a signal has come."""
        return self.signum is not None

    @contextlib.contextmanager
    def at_next_step(self):
        """Signals wait for the training loop inside this block.

        Raises:
            Stopped: at the end of the block, if a signal came.
        """
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False
        if self.requested():
            raise Stopped(self.signum)

    def handle(self, signum, frame):
        """The signal handler."""
        del frame
        self.signum = signum
        for one in _SIGNALS:
            if signal.getsignal(one) == self.handle:
                signal.signal(one, signal.SIG_DFL)
        if not self._deferred:
            raise Stopped(signum)


@contextlib.contextmanager
def stop_on_signals():
    """Gives a `StopRequest` that SIGTERM and SIGINT set; their handlers come back at the end.

    A signal that the process ignores stays ignored. Python allows handlers in the main thread only:
    elsewhere signals do what they did before.
    """
    request, before = StopRequest(), {}
    if threading.current_thread() is threading.main_thread():
        for one in _SIGNALS:
            if signal.getsignal(one) not in (signal.SIG_IGN, None):
                before[one] = signal.signal(one, request.handle)
    try:
        yield request
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
