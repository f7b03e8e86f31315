"""Batches as tf.data.

Batches are a pure function of data set, seed, and epoch. A resumed run therefore sees the batches
that it would have seen without the interruption.
"""

from __future__ import annotations

import tensorflow as tf

from ann.data.arrays import Dataset
from ann.data.jpegs import JpegDataset


def training_batches(
    dataset: Dataset | JpegDataset,
    batch_size: int,
    *,
    seed: int,
    first_epoch: int,
    epochs: int,
    augmented: bool = True,
) -> tf.data.Dataset:
    """Returns the shuffled, augmented, normalized training batches of several epochs.

    The epochs `first_epoch`..`epochs - 1` follow one another. The order and the augmentation of an
    epoch depend only on `seed` and the epoch's number. An incomplete last batch is dropped.

    Args:
        dataset: data set whose training images are used.
        batch_size: images per batch, at most the number of training images.
        seed: decides the order and the augmentation.
        first_epoch, epochs: as `initial_epoch` and `epochs` of `fit`. `steps_per_epoch` is
            `len(dataset.train) // batch_size`.
        augmented: False gives the images as they are for evaluation.

    Returns:
        tf.data.Dataset of float32 images `(batch, height, width, channels)` and int32 labels
        `(batch,)`.

    Raises:
        ValueError: `batch_size` exceeds the number of training images.
    """
    count = len(dataset.train)
    if batch_size > count:
        raise ValueError(
            f"{dataset.name} has {count} training images. Received: batch_size={batch_size}"
        )
    numbers = tf.data.Dataset.range(first_epoch, epochs)
    batches = dataset.training_batches(batch_size, tf.constant(seed, tf.int64), numbers, augmented)
    return batches.prefetch(tf.data.AUTOTUNE)


def evaluation_batches(
    dataset: Dataset | JpegDataset, batch_size: int | None = None
) -> tf.data.Dataset:
    """Returns all test images in order, normalized. The last batch may be smaller.

    Args:
        dataset: data set whose test images are used.
        batch_size: images per batch. The default is `dataset.evaluation_batch_size`.

    Returns:
        tf.data.Dataset of float32 images `(batch, height, width, channels)` and int32 labels
        `(batch,)`.
    """
    return dataset.evaluation_batches(batch_size or dataset.evaluation_batch_size).prefetch(
        tf.data.AUTOTUNE
    )
