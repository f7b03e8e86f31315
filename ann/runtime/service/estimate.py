"""Moving estimates of what is measured while the service runs."""

import math

_MEAN_SHARE, _DEVIATION_SHARE = 1 / 8, 1 / 4  # of a new measurement
_DEVIATIONS = 4


class Estimate:
    """Moving mean and mean deviation of a measurement, as TCP estimates its round trips (RFC 6298).

    Args:
        mean: where the mean starts.
        most: larger measurements count as this one.

    Attributes:
        mean: moving mean.

    Example:
        >>> estimate = Estimate(1.0)
        >>> estimate.note(2.0)
        >>> estimate.mean, estimate.bound
        (1.125, 2.125)
    """

    def __init__(self, mean: float, most: float = math.inf):
        self.mean, self._deviation, self._most = mean, 0.0, most

    def note(self, value: float) -> None:
        """Takes a measurement into account."""
        value = min(value, self._most)
        self._deviation += _DEVIATION_SHARE * (abs(value - self.mean) - self._deviation)
        self.mean += _MEAN_SHARE * (value - self.mean)

    @property
    def bound(self) -> float:
        """Mean plus four mean deviations, rarely exceeded; at most `most`."""
        return min(self._most, self.mean + _DEVIATIONS * self._deviation)
