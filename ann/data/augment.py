"""Augmentation of whole batches, each a pure function of images and seed.

Seeds are the pairs of integers of `tf.random.stateless_uniform`: equal seeds give equal images, in
eager code and in `map`.
"""

import tensorflow as tf


def random_crop(images, padding: int, seed):
    """Pads with zeros on all sides and crops back at a random place.

    Args:
        images: `(batch, height, width, channels)`, any dtype.
        padding: pixels on each side.
        seed: int `(2,)`.

    Returns:
        Images of the same shape and dtype.
    """
    batch, height, width = tf.unstack(tf.shape(images)[:3])
    padded = tf.pad(images, [[0, 0], [padding, padding], [padding, padding], [0, 0]])
    top, left = tf.unstack(
        tf.random.stateless_uniform((2, batch), seed, maxval=2 * padding + 1, dtype=tf.int32)
    )
    rows = tf.gather(padded, top[:, None] + tf.range(height), axis=1, batch_dims=1)
    cropped = tf.gather(rows, left[:, None] + tf.range(width), axis=2, batch_dims=1)
    return tf.ensure_shape(cropped, images.shape)


def random_flip(images, seed):
    """Mirrors each image left to right with probability 1/2; arguments and result as in `random_crop`."""
    flip = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), seed) < 0.5
    return tf.where(flip, tf.reverse(images, axis=[2]), images)


def random_blur(images, seed, *, max_sigma: float = 1.0):
    """Gaussian blur of each image with its own sigma, uniform in 0..max_sigma pixels, by 3 taps in
    each direction.

    The papers blur SVHN's images and do not say how much (001 section 5.1).

    Args:
        images: float `(batch, height, width, channels)`.
    """
    sigma = tf.random.stateless_uniform(
        (tf.shape(images)[0], 1, 1, 1), seed, minval=1e-2, maxval=max_sigma
    )
    side = tf.exp(-0.5 / sigma**2)
    for axis in (1, 2):
        edges = [[0, 0], [0, 0], [0, 0], [0, 0]]
        edges[axis] = [1, 1]
        padded = tf.pad(images, edges, mode="SYMMETRIC")
        size = tf.shape(images)[axis]
        before, after = (tf.gather(padded, tf.range(size) + shift, axis=axis) for shift in (0, 2))
        images = (images + side * (before + after)) / (1 + 2 * side)
    return images
