"""TensorFlow's stateless random numbers in JAX, bit for bit.

`tf.random.stateless_*` on CPUs and GPUs is Philox4x32-10 (Salmon et al. 2011, section 3.3), a
counter-based generator: a key and a counter give four words. Key and counter follow from the seed.
So a run draws the same images, crops and flips on both engines.

A seed is the pair of int64 of TensorFlow as four words: uint32 `(4,)`, the lower half of each
number first.
"""

import jax.numpy as jnp
import numpy as np

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_SEED_KEY = (0x3EC8F720, 0x02461E29)
_ROUNDS = 10


def seed_of(first, second):
    """The seed `(first, second)` of two numbers in [0, 2**32)."""
    zero = jnp.zeros((), jnp.uint32)
    words = [jnp.asarray(first, jnp.uint32), zero, jnp.asarray(second, jnp.uint32), zero]
    return jnp.stack(words)


def bits(seed, count: int):
    """uint32 `(count,)`: the words that TensorFlow's operations draw from one after the other."""
    key, counter = _key_and_counter(seed)
    groups = jnp.arange(-(-count // 4), dtype=jnp.uint32)
    zero = jnp.zeros_like(groups)
    words = _philox(key, [groups, zero, counter[0] + zero, counter[1] + zero])
    return jnp.stack(words, axis=1).reshape(-1)[:count]


def uniform(seed, shape):
    """As `tf.random.stateless_uniform(shape, seed)`: float32 in [0, 1)."""
    mantissa = bits(seed, int(np.prod(shape))) & jnp.uint32(0x7FFFFF)
    return (mantissa.astype(jnp.float32) * np.float32(2.0**-23)).reshape(shape)


def integers(seed, shape, limit: int):
    """As `tf.random.stateless_uniform(shape, seed, maxval=limit, dtype=tf.int32)`: 0..limit - 1."""
    numbers = bits(seed, int(np.prod(shape))) % jnp.uint32(limit)
    return numbers.astype(jnp.int32).reshape(shape)


def split(seed, count: int):
    """As `tf.random.experimental.stateless_split`: uint32 `(count, 4)`, a seed in each row."""
    return bits(seed, 4 * count).reshape(count, 4)


def permutation(seed, count: int) -> np.ndarray:
    """As `tf.random.experimental.stateless_shuffle(tf.range(count), seed)`: int32 `(count,)`.

    It runs on the host: each swap depends on those before.
    """
    draws = np.asarray(bits(seed, max(count - 1, 0)))
    steps = draws % np.arange(count, 1, -1, dtype=np.uint32)
    order = list(range(count))
    for index, step in enumerate(steps.tolist()):
        other = index + step
        order[index], order[other] = order[other], order[index]
    return np.array(order, np.int32)


def _key_and_counter(seed):
    """TensorFlow hashes the seed with a fixed key: two words of key, two of the counter."""
    mixed = _philox([jnp.uint32(word) for word in _SEED_KEY], list(seed))
    return mixed[:2], mixed[2:]


def _philox(key, counter):
    for number in range(_ROUNDS):
        round_key = [key[i] + jnp.uint32(number * _WEYL[i] % 2**32) for i in range(2)]
        high, low = zip(*(_product(counter[2 * i], _MULTIPLIERS[i]) for i in range(2)), strict=True)
        counter = [
            high[1] ^ counter[1] ^ round_key[0],
            low[1],
            high[0] ^ counter[3] ^ round_key[1],
            low[0],
        ]
    return counter


def _product(words, factor: int):
    """Upper and lower word of 64-bit products; JAX has no 64-bit integers by default."""
    mask = jnp.uint32(0xFFFF)
    a, b = words >> 16, words & mask
    c, d = jnp.uint32(factor >> 16), jnp.uint32(factor & 0xFFFF)
    middle = a * d + ((b * d) >> 16)
    carry = (middle & mask) + b * c
    return a * c + (middle >> 16) + (carry >> 16), words * jnp.uint32(factor)
