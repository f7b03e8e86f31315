"""What the time to each exit is now: measured once, then followed by what calls take."""

import numpy as np

_WEIGHT = 0.05  # of one call in the moving average
_LARGEST_STEP = 2.0  # a call that was held up counts as taking at most this many times as long


class LatencyEstimate:
    """A table of the seconds to each exit, scaled to the speed of the latest calls.

    A machine is slower under load and faster after it. The scale is a moving average of what calls
    show: one that computed all it was asked to took `seconds`; one that was stopped has passed an
    exit and not reached the next, which bounds the scale from both sides.

    Args:
        seconds: to each exit, `(num_exits,)`, measured; with lazy heads to each state.
        heads: seconds of each head where it alone is computed, `(num_exits,)`.
    """

    def __init__(self, seconds, heads=0.0):
        states = np.maximum.accumulate(seconds)
        self._measured, self._steps = states + heads, np.diff(states, prepend=0.0) + heads
        self._scale = 1.0

    @property
    def seconds(self) -> np.ndarray:
        """Seconds to each exit by now, `(num_exits,)`."""
        return self._scale * self._measured

    @property
    def step_seconds(self) -> np.ndarray:
        """Seconds from the start of each link to its answer by now, `(num_exits,)`."""
        return self._scale * self._steps

    def follow(self, exit: int, seconds: float, stopped: bool) -> None:
        """Takes in a call for one image.

        Args:
            exit: that it reached.
            seconds: that it took.
            stopped: whether it was stopped before it had computed all it was asked to.
        """
        now = self.seconds
        least = most = seconds / now[exit]
        if stopped:
            least = seconds / now[exit + 1]
        seen = float(np.clip(1.0, least, most))
        seen = min(max(seen, 1 / _LARGEST_STEP), _LARGEST_STEP)
        self._scale *= 1 + _WEIGHT * (seen - 1)
