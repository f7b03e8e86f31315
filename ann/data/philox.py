"""TensorFlow's stateless random numbers in NumPy, bit for bit.

`tf.random.stateless_*` on CPUs and GPUs is Philox4x32-10 (Salmon et al. 2011, section 3.3), a
counter-based generator: a key and a counter give four words. Key and counter follow from the seed.
So a run draws the same images, crops and flips on both engines.

A seed is TensorFlow's pair of int64 as four words, the lower half of each number first. Every
function takes many seeds at a time: uint32 `(seeds, 4)`.
"""

import numpy as np

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_SEED_KEY = (0x3EC8F720, 0x02461E29)
_ROUNDS = 10


def seeds_of(first: int, second) -> np.ndarray:
    """The seeds `(first, second[0])`, `(first, second[1])`, ...

    Args:
        first: in [0, 2**32).
        second: integers `(seeds,)` in [0, 2**63).
    """
    second = np.asarray(second, np.uint64)
    words = [np.full_like(second, first), np.zeros_like(second), second, second >> np.uint64(32)]
    return np.stack(words, axis=1).astype(np.uint32)


def bits(seeds, count: int) -> np.ndarray:
    """uint32 `(seeds, count)`: the words that TensorFlow's operations draw one after the other."""
    # TensorFlow hashes the seed with a fixed key: two words of key, two of the counter.
    mixed = _philox(_SEED_KEY, [word[:, None] for word in np.transpose(seeds)])
    groups = np.arange(-(-count // 4), dtype=np.uint32)[None]
    words = _philox(mixed[:2], [groups, np.zeros_like(groups), *mixed[2:]])
    return np.stack(words, axis=2).reshape(len(seeds), -1)[:, :count]


def uniform(seeds, count: int) -> np.ndarray:
    """As `tf.random.stateless_uniform((count,), seed)`: float32 `(seeds, count)` in [0, 1)."""
    mantissa = bits(seeds, count) & np.uint32(0x7FFFFF)
    return mantissa.astype(np.float32) * np.float32(2.0**-23)


def integers(seeds, count: int, limit: int) -> np.ndarray:
    """As `tf.random.stateless_uniform((count,), seed, maxval=limit, dtype=tf.int32)`: int32
    `(seeds, count)` in 0..limit - 1.
    """
    return (bits(seeds, count) % np.uint32(limit)).astype(np.int32)


def split(seeds, count: int) -> np.ndarray:
    """As `tf.random.experimental.stateless_split`: `count` arrays of seeds."""
    return bits(seeds, 4 * count).reshape(len(seeds), count, 4).swapaxes(0, 1)


def permutation(seeds, count: int) -> np.ndarray:
    """As `tf.random.experimental.stateless_shuffle(tf.range(count), seed)`, for one seed: int32
    `(count,)`.
    """
    (draws,) = bits(seeds, max(count - 1, 0))
    steps = draws % np.arange(count, 1, -1, dtype=np.uint32)
    order = list(range(count))
    for index, step in enumerate(steps.tolist()):  # each swap depends on those before
        other = index + step
        order[index], order[other] = order[other], order[index]
    return np.array(order, np.int32)


def _philox(key, counter):
    """Four words from two words of key and four of counter; any shapes that broadcast."""
    for number in range(_ROUNDS):
        first, second = (
            np.asarray(key[i], np.uint32) + np.uint32(number * _WEYL[i] % 2**32) for i in range(2)
        )
        products = [counter[2 * i].astype(np.uint64) * _MULTIPLIERS[i] for i in range(2)]
        high = [(product >> np.uint64(32)).astype(np.uint32) for product in products]
        low = [product.astype(np.uint32) for product in products]
        counter = [high[1] ^ counter[1] ^ first, low[1], high[0] ^ counter[3] ^ second, low[0]]
    return np.broadcast_arrays(*counter)
