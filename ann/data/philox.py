"""TensorFlow's stateless random numbers in NumPy, bit for bit.

`tf.random.stateless_*` on CPUs and GPUs is Philox4x32-10 (Salmon et al. 2011, section 3.3), a
counter-based generator: a key and a counter give four words. Key and counter follow from the seed.
So a run draws the same images, crops and flips on both engines.

A seed is TensorFlow's pair of int64 as four words, the lower half of each number first. Every
function takes many seeds at a time: uint32 `(seeds, 4)`.
"""

import numpy as np

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
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


def key_of(seeds) -> np.ndarray:
    """What `words` needs of seeds: two words of key, two of the counter, uint32 `(seeds, 4)`."""
    # TensorFlow hashes the seed with a fixed key.
    key = np.array(_SEED_KEY, np.uint32)[:, None]
    return np.stack(_philox(key, np.transpose(seeds)), axis=1)


def words(key, groups) -> list:
    """Four words for each group, by number: the words that operations draw one after the other.

    Args:
        key: two words of key and two of the counter, each uint32, of shapes that broadcast.
        groups: uint32, numbers of groups of four words.

    Returns:
        Four uint32 arrays, of NumPy or of JAX as the arguments are.
    """
    return _philox(key[:2], [groups, groups ^ groups, *key[2:]])


def bits(seeds, count: int) -> np.ndarray:
    """uint32 `(seeds, count)`: the words that TensorFlow's operations draw one after the other."""
    groups = np.arange(-(-count // 4), dtype=np.uint32)[None]
    drawn = words([word[:, None] for word in np.transpose(key_of(seeds))], groups)
    return np.stack(drawn, axis=2).reshape(len(seeds), -1)[:, :count]


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


def fold_in(seeds, number: int) -> np.ndarray:
    """As `tf.random.experimental.stateless_fold_in(seed, number)` for int64: other seeds."""
    drawn = bits(seeds, 4)
    drawn[:, 2:] = number, 0
    return drawn


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
        first, second = (key[i] + np.uint32(number * _WEYL[i] % 2**32) for i in range(2))
        (high, low), (other_high, other_low) = (
            _product(_MULTIPLIERS[i], counter[2 * i]) for i in range(2)
        )
        counter = [other_high ^ counter[1] ^ first, other_low, high ^ counter[3] ^ second, low]
    return counter


def _product(factor, numbers):
    """High and low word of a product; by halves of words, for JAX has no larger integers."""
    half, all_ones = np.uint32(16), np.uint32(0xFFFF)
    low, high = np.uint32(factor % 2**16), np.uint32(factor // 2**16)
    numbers_low, numbers_high = numbers & all_ones, numbers >> half
    middle = high * numbers_low + (low * numbers_low >> half)
    other_middle = low * numbers_high + (middle & all_ones)
    carried = (middle >> half) + (other_middle >> half)
    return high * numbers_high + carried, np.uint32(factor) * numbers
