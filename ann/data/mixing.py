"""Augmentation of whole normalized batches that erases or mixes: pure functions of images and seed.

Keras has layers of these names. They draw their random numbers from a state that counts calls, so a
resumed run would see other images than an uninterrupted one; and the share that `CutMix` gives to
labels is the area before it is rounded to pixels. Hence our own.
"""

import tensorflow as tf

from ann.data.beta import INTERVALS, quantiles


def erase(images, probability: float, seed):
    """Replaces a random rectangle of some images by noise from N(0, 1) (random erasing, Zhong et
    al. 2020, Algorithm 1).

    The rectangle has 0.02 to 0.4 of the area, a ratio of height to width from 0.3 to 1 / 0.3, and
    a random place at which it fits; edges longer than the image's are cut to it.

    Args:
        images: normalized float32 `(batch, height, width, channels)`.
        probability: of an image to be changed.
        seed: int `(2,)`, as in `ann.data.augment`.

    Returns:
        Images of the same shape.
    """
    which_seed, area_seed, ratio_seed, place_seed, noise_seed = _split(seed, 5)
    batch, height, width = tf.unstack(tf.shape(images)[:3])
    area = tf.random.stateless_uniform((batch,), area_seed, minval=0.02, maxval=0.4)
    edge = tf.math.log(0.3)
    log_ratio = tf.random.stateless_uniform((batch,), ratio_seed, minval=edge, maxval=-edge)
    sides = tf.stack([tf.exp(log_ratio / 2), tf.exp(-log_ratio / 2)])
    size = tf.cast(tf.stack([height, width]), tf.float32)[:, None]
    # Relative to the image, so that the area is a share of the image's whatever its shape.
    lengths = tf.minimum(tf.sqrt(area) * sides * size, size)
    lengths = tf.cast(tf.round(lengths), tf.int32)
    space = tf.stack([height, width])[:, None] - lengths + 1
    shares = tf.random.stateless_uniform((2, batch), place_seed)
    starts = tf.cast(shares * tf.cast(space, tf.float32), tf.int32)
    chosen = tf.random.stateless_uniform((batch, 1, 1, 1), which_seed) < probability
    noise = tf.random.stateless_normal(tf.shape(images), noise_seed)
    inside = _rectangles(starts, starts + lengths, height, width)
    return tf.where(chosen & inside, noise, images)


def mixup(images, labels, alpha: float, seed):
    """Mixes each image and its label with another of the batch: x = b x_i + (1 - b) x_j, and so the
    labels, with b from Beta(alpha, alpha) (Zhang et al. 2018, Eq. 1).

    The papers' code draws one b per batch; here each image has its own.

    Args:
        images: normalized float32 `(batch, height, width, channels)`.
        labels: distributions over the classes, float32 `(batch, num_classes)`.
        alpha: positive; 1 makes all shares equally likely, small values stay near one image.
        seed: int `(2,)`.

    Returns:
        `(images, labels)` of the same shapes.
    """
    share_seed, partner_seed = _split(seed, 2)
    share = _beta(tf.shape(images)[0], alpha, share_seed)
    partner = _partners(images, partner_seed)
    return (
        _between(images, tf.gather(images, partner), share[:, None, None, None]),
        _between(labels, tf.gather(labels, partner), share[:, None]),
    )


def cutmix(images, labels, alpha: float, seed):
    """Pastes a rectangle of another image of the batch into each image, and mixes the labels by
    area (Yun et al. 2019, section 3.1 and appendix A).

    The rectangle has the image's shape and the area 1 - b, with b from Beta(alpha, alpha); its
    center is anywhere, and what is outside the image is cut off. Labels are mixed by the pixels
    that are left.

    Arguments and result as in `mixup`.
    """
    share_seed, partner_seed, place_seed = _split(seed, 3)
    batch, height, width = tf.unstack(tf.shape(images)[:3])
    side = tf.sqrt(1 - _beta(batch, alpha, share_seed))
    size = tf.stack([height, width])[:, None]
    lengths = tf.cast(side * tf.cast(size, tf.float32), tf.int32)
    shares = tf.random.stateless_uniform((2, batch), place_seed)
    starts = tf.cast(shares * tf.cast(size, tf.float32), tf.int32) - lengths // 2
    inside = _rectangles(starts, starts + lengths, height, width)
    partner = _partners(images, partner_seed)
    own = 1 - tf.reduce_mean(tf.cast(inside, tf.float32), axis=(1, 2))
    return (
        tf.where(inside, tf.gather(images, partner), images),
        _between(labels, tf.gather(labels, partner), own),
    )


def _between(one, other, share):
    return share * one + (1 - share) * other


def _beta(count, alpha, seed):
    place = tf.random.stateless_uniform((count,), seed) * INTERVALS
    index, table = tf.cast(place, tf.int32), tf.constant(quantiles(alpha))
    low, high = tf.gather(table, index), tf.gather(table, index + 1)
    return low + (place - tf.cast(index, tf.float32)) * (high - low)


def _partners(images, seed):
    return tf.random.experimental.stateless_shuffle(tf.range(tf.shape(images)[0]), seed)


def _rectangles(starts, ends, height, width):
    """True inside of each image's rectangle, `(batch, height, width, 1)`; rows and columns in
    `(2, batch)`."""
    inside = [
        (tf.range(length) >= start[:, None]) & (tf.range(length) < end[:, None])
        for length, start, end in zip(
            (height, width), tf.unstack(starts), tf.unstack(ends), strict=True
        )
    ]
    return (inside[0][:, :, None] & inside[1][:, None, :])[..., None]


def _split(seed, count):
    return tf.unstack(tf.random.experimental.stateless_split(seed, count))
