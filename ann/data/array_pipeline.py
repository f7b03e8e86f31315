"""The tf.data batches of a data set in memory."""

import tensorflow as tf

from ann.data import augment
from ann.data.arrays import Dataset


def training_batches(
    dataset: Dataset, batch_size: int, seed, starts, augmented: bool, own: slice
) -> tf.data.Dataset:
    """See `ann.data.training_batches`. `starts` holds each epoch and its first step.

    The images of a batch are drawn and augmented together. The seed and the step number decide how.
    `own` is the part of each batch to return.
    """
    steps = len(dataset.train) // batch_size
    images, labels = _on_host(dataset.train)
    normalize = _normalizer(dataset)

    def shuffled(epoch, first_step):
        order = tf.random.experimental.stateless_shuffle(
            tf.range(len(dataset.train)), seed=tf.stack([seed, epoch])
        )
        batches = (
            tf.data.Dataset.from_tensor_slices(order)
            .batch(batch_size, drop_remainder=True)
            .enumerate()
        )
        left = batches.skip(first_step)
        return left.map(lambda step, which: (epoch * steps + step, which))

    def batch(step, which):
        x = tf.gather(images, which)
        if augmented:
            x = _augmented(dataset, x, tf.stack([seed, step]))
        return normalize(x[own]), tf.gather(labels, which[own])

    return starts.flat_map(shuffled).map(batch, num_parallel_calls=tf.data.AUTOTUNE)


def evaluation_batches(dataset: Dataset, batch_size: int, part: tuple[int, int]) -> tf.data.Dataset:
    """See `ann.data.evaluation_batches`."""
    images, labels = _on_host(dataset.test)
    normalize = _normalizer(dataset)
    index, count = part
    batches = tf.data.Dataset.range(index, len(dataset.test), count).batch(batch_size)
    return batches.map(
        lambda which: (normalize(tf.gather(images, which)), tf.gather(labels, which))
    )


def _normalizer(dataset):
    mean, std = dataset.normalization()
    return lambda images: (tf.cast(images, tf.float32) - mean) / std


def _augmented(dataset, images, seed):
    crop_seed, flip_seed, blur_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
    if dataset.padding:
        images = augment.random_crop(images, dataset.padding, crop_seed)
    if dataset.flip:
        images = augment.random_flip(images, flip_seed)
    if dataset.blur:
        images = augment.random_blur(tf.cast(images, tf.float32), blur_seed)
    return images


def _on_host(split):
    with tf.device("CPU"):
        return tf.constant(split.images), tf.constant(split.labels)
