"""The distribution Beta(alpha, alpha), as a table that every engine reads alike.

The samplers of frameworks reject numbers until one fits, each in its own way. A number in [0, 1)
looked up in a table of quantiles takes one draw, and gives the same share everywhere.
"""

import functools

import numpy as np

INTERVALS = 4096  # a power of two: a place in the table has no rounding error


@functools.cache
def quantiles(alpha: float) -> np.ndarray:
    """The quantiles of 0, 1/4096, ..., 1, for linear interpolation: float32 `(INTERVALS + 1,)`.

    Args:
        alpha: positive.
    """
    from scipy import special

    places = np.linspace(0, 1, INTERVALS + 1)
    return special.betaincinv(alpha, alpha, places).astype(np.float32)
