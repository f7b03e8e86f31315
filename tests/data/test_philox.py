"""The random numbers of TensorFlow, to the bit."""

import numpy as np
import pytest
import tensorflow as tf

from ann.data import philox

PAIRS = [(0, 0), (7, 3), (2**32 - 1, 2**33 + 1)]


@pytest.mark.parametrize("pair", PAIRS)
def test_the_numbers_of_tensorflow(pair):
    seed = tf.constant(pair, tf.int64)
    seeds = philox.seeds_of(pair[0], [5, pair[1]])  # of the second
    np.testing.assert_array_equal(
        philox.uniform(seeds, 14)[1], tf.random.stateless_uniform((14,), seed)
    )
    np.testing.assert_array_equal(
        philox.integers(seeds, 14, 9)[1],
        tf.random.stateless_uniform((14,), seed, maxval=9, dtype=tf.int32),
    )
    folded = tf.random.experimental.stateless_fold_in(seed, tf.constant(1, tf.int64)).numpy()
    np.testing.assert_array_equal(philox.fold_in(seeds, 1)[1], folded.view(np.uint32))
    split = tf.random.experimental.stateless_split(seed, 3).numpy()
    np.testing.assert_array_equal(philox.split(seeds, 3)[:, 1], split.view(np.uint32).reshape(3, 4))


@pytest.mark.parametrize("count", [1, 2, 10, 1000])
def test_the_order_of_tensorflow(count):
    order = tf.random.experimental.stateless_shuffle(tf.range(count), (7, 3))
    np.testing.assert_array_equal(philox.permutation(philox.seeds_of(7, [3]), count), order)
