"""Batches as tf.data: a pure function of data set, seed and epoch, so that a resumed run sees what it would have seen."""

from __future__ import annotations

import tensorflow as tf

from ann.data.arrays import Dataset
from ann.data.batch_augmentation import BatchAugmentation
from ann.data.jpegs import JpegDataset


def training_batches(
    dataset: Dataset | JpegDataset,
    batch_size: int,
    *,
    seed: int,
    first_epoch: int,
    epochs: int,
    augmented: bool = True,
    augmentation: BatchAugmentation | None = None,
) -> tf.data.Dataset:
    """Shuffled, augmented, normalised training batches of the epochs `first_epoch`..`epochs - 1`,
    one after the other.

    Order and augmentation of an epoch depend on `seed` and its number alone. Incomplete last
    batches are dropped.

    Args:
        dataset: images to draw from.
        batch_size: images in a batch; at most the number of training images.
        seed: of order and augmentation.
        first_epoch, epochs: as `initial_epoch` and `epochs` of `fit`; `steps_per_epoch` is
            `len(dataset.train) // batch_size`.
        augmented: False leaves the images as they are evaluated.
        augmentation: what else is done to each batch.

    Returns:
        tf.data.Dataset of float32 images `(batch, height, width, channels)` and int32 labels
        `(batch,)`; with mixup or CutMix float32 labels `(batch, num_classes)`.

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
    if augmentation is not None:
        first_step = first_epoch * (count // batch_size)
        batches = augmentation.apply(batches, dataset, seed, first_step)
    return batches.prefetch(tf.data.AUTOTUNE)


def evaluation_batches(
    dataset: Dataset | JpegDataset, batch_size: int | None = None
) -> tf.data.Dataset:
    """All test images in order, normalised, the last batch as it comes.

    Args:
        dataset: images to take.
        batch_size: images in a batch; default `dataset.evaluation_batch_size`.

    Returns:
        tf.data.Dataset of float32 images `(batch, height, width, channels)` and int32 labels
        `(batch,)`.
    """
    return dataset.evaluation_batches(batch_size or dataset.evaluation_batch_size).prefetch(
        tf.data.AUTOTUNE
    )
