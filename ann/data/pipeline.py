"""Batches as tf.data: a pure function of data set, seed and epoch, so that a resumed run sees what it would have seen."""

import tensorflow as tf

from ann.data import augment
from ann.data.arrays import Dataset


def training_batches(dataset: Dataset, batch_size: int, *, seed: int, first_epoch: int, epochs: int, augmented: bool = True):
    """Shuffled, augmented, normalised training batches of the epochs `first_epoch`..`epochs - 1`, one after the other.

    Order and augmentation of an epoch depend on `seed` and its number alone. Incomplete last batches are dropped.

    Args:
        dataset: images to draw from.
        batch_size: images in a batch; at most the number of training images.
        seed: of order and augmentation.
        first_epoch, epochs: as `initial_epoch` and `epochs` of `fit`; `steps_per_epoch` is `len(dataset.train) // batch_size`.
        augmented: False leaves the images as they are.

    Returns:
        tf.data.Dataset of float32 images `(batch, height, width, channels)` and int32 labels `(batch,)`.

    Raises:
        ValueError: `batch_size` exceeds the number of training images.
    """
    count = len(dataset.train)
    if batch_size > count:
        raise ValueError(f"{dataset.name} has {count} training images. Received: batch_size={batch_size}")
    images, labels = _on_host(dataset.train)
    normalize = _normalizer(dataset)

    def shuffled(epoch):
        order = tf.random.experimental.stateless_shuffle(tf.range(count), seed=tf.stack([tf.constant(seed, tf.int64), epoch]))
        batches = tf.data.Dataset.from_tensor_slices(order).batch(batch_size, drop_remainder=True).enumerate()
        return batches.map(lambda step, which: (epoch * (count // batch_size) + step, which))

    def batch(step, which):
        x = tf.gather(images, which)
        if augmented:
            x = _augment(dataset, x, tf.stack([tf.constant(seed, tf.int64), step]))
        return normalize(x), tf.gather(labels, which)

    batches = tf.data.Dataset.range(first_epoch, epochs).flat_map(shuffled)
    return batches.map(batch, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def evaluation_batches(dataset: Dataset, batch_size: int = 500):
    """All test images in order, normalised, the last batch as it comes.

    Returns:
        tf.data.Dataset of float32 images `(batch, height, width, channels)` and int32 labels `(batch,)`.
    """
    images, labels = _on_host(dataset.test)
    normalize = _normalizer(dataset)
    batches = tf.data.Dataset.range(len(dataset.test)).batch(batch_size)
    batches = batches.map(lambda which: (normalize(tf.gather(images, which)), tf.gather(labels, which)))
    return batches.prefetch(tf.data.AUTOTUNE)


def _on_host(split):
    with tf.device("CPU"):
        return tf.constant(split.images), tf.constant(split.labels)


def _normalizer(dataset):
    mean, std = dataset.normalization()
    return lambda images: (tf.cast(images, tf.float32) - mean) / std


def _augment(dataset, images, seed):
    crop_seed, flip_seed, blur_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
    if dataset.padding:
        images = augment.random_crop(images, dataset.padding, crop_seed)
    if dataset.flip:
        images = augment.random_flip(images, flip_seed)
    if dataset.blur:
        images = augment.random_blur(tf.cast(images, tf.float32), blur_seed)
    return images
