"""Augmentation of whole batches. Each operation is a pure function of images and a seed.

A seed is a pair of integers, as for `tf.random.stateless_uniform`. Equal seeds give equal images,
both in eager code and inside `map`.
"""

import tensorflow as tf


def random_crop(images, padding: int, seed):
    """Pads each image with zeros on all sides, then crops it to its old size at a random place.

    Args:
        images: `(batch, height, width, channels)`, any dtype.
        padding: pixels to add on each side.
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
    """Mirrors each image left to right with probability 1/2.

    Arguments and result are as in `random_crop`.
    """
    flip = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), seed) < 0.5
    return tf.where(flip, tf.reverse(images, axis=[2]), images)


def random_blur(images, seed, *, max_sigma: float = 1.0):
    """Blurs each image with a Gaussian filter of 3 taps in each direction.

    Each image has its own sigma, drawn uniformly from 0..max_sigma pixels. The papers blur SVHN's
    images but do not say how much (001 section 5.1).

    Args:
        images: float `(batch, height, width, channels)`.
        seed: int `(2,)`.
        max_sigma: largest sigma, in pixels.

    Returns:
        Images of the same shape and dtype.
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
