"""Random numbers as a pure function of a seed and a counter.

Keras's generators keep their state in variables and differ between backends. A scheme's state is
its own, so it needs numbers that follow from what it remembers: equal on all replicas and backends,
and after a resume.
"""

import numpy as np

from ann.losses.backend import ops


def uniform(seed: int, counter, count: int):
    """Numbers in (0, 1), independent of each other and of those for another seed or counter.

    Args:
        seed: Python integer.
        counter: integer tensor of shape `()`, for example the number of steps done.
        count: how many.

    Returns:
        float32 `(count,)`.
    """
    numbers = ops.cast(counter, "uint32") * ops.cast(0x9E3779B9, "uint32") + np.arange(
        count, dtype="uint32"
    )
    bits = _mix(_mix(numbers) + ops.cast((seed * 0x85EBCA77 + 1) % 2**32, "uint32"))
    return (ops.cast(ops.right_shift(bits, ops.cast(8, "uint32")), "float32") + 0.5) / 2**24


def normal(seed: int, counter, count: int):
    """Standard normal numbers (Box-Muller), arguments and result as `uniform`."""
    numbers = uniform(seed, counter, 2 * count)
    return ops.sqrt(-2 * ops.log(numbers[:count])) * ops.cos(
        2 * 3.141592653589793 * numbers[count:]
    )


def _mix(bits):
    """The finalizer of MurmurHash3: each bit of the result depends on all bits of the argument."""
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        bits = ops.bitwise_xor(bits, ops.right_shift(bits, ops.cast(shift, "uint32"))) * ops.cast(
            factor, "uint32"
        )
    return bits
