"""Batches for the engine that trains: tf.data, or on Keras's JAX backend batches in device memory.

Batches are a pure function of data set, seed, epoch, and step. A resumed run therefore sees the
batches that it would have seen without the interruption, both engines see the same ones, and the
workers of a cluster can each make their own part of a batch without talking to one another.
"""

from __future__ import annotations

import typing

import keras

from ann.data.arrays import Dataset

if typing.TYPE_CHECKING:
    from ann.data.batch_augmentation import BatchAugmentation
    from ann.data.jpegs import JpegDataset


def training_batches(
    dataset: Dataset | JpegDataset,
    batch_size: int,
    *,
    seed: int,
    first_epoch: int,
    epochs: int,
    first_step: int = 0,
    augmented: bool = True,
    augmentation: BatchAugmentation | None = None,
    part: tuple[int, int] = (0, 1),
):
    """Returns the shuffled, augmented, normalized training batches of several epochs.

    The epochs `first_epoch`..`epochs - 1` follow one another. The order and the augmentation of an
    epoch depend only on `seed` and the epoch's number. An incomplete last batch is dropped.

    Args:
        dataset: data set whose training images are used.
        batch_size: images per batch, at most the number of training images.
        seed: decides the order and the augmentation.
        first_epoch, epochs: as `initial_epoch` and `epochs` of `fit`. `steps_per_epoch` is
            `len(dataset.train) // batch_size`.
        first_step: batches of `first_epoch` to leave out, because a run took them before it was
            interrupted.
        augmented: False gives the images as they are for evaluation.
        augmentation: what else is done to each batch. It may mix the images of a batch, so each
            worker reads and augments the whole batch before it takes its part.
        part: number of this worker and of all workers. Each batch is cut into that many equal
            parts, and this worker gets its own: the parts together are the batch of one worker. On
            JAX it gets whole batches, in which it has decoded only its own part of JPEGs.

    Returns:
        tf.data.Dataset of float32 images `(batch, height, width, channels)` and int32 labels
        `(batch,)`; with mixup or CutMix float32 labels `(batch, num_classes)`. On JAX a
        `keras.utils.PyDataset` of the same batches, for `fit` with `shuffle=False`.

    Raises:
        ValueError: `batch_size` exceeds the number of training images or does not divide into
            equal parts, or the engine cannot augment so.
    """
    count = len(dataset.train)
    if batch_size > count:
        raise ValueError(
            f"{dataset.name} has {count} training images. Received: batch_size={batch_size}"
        )
    if keras.config.backend() == "jax":
        return dataset.jax_training_batches(
            batch_size,
            seed=seed,
            first_epoch=first_epoch,
            first_step=first_step,
            epochs=epochs,
            augmented=augmented,
            augmentation=augmentation,
            part=part,
        )
    import tensorflow as tf

    starts = tf.data.Dataset.range(first_epoch, epochs).map(
        lambda epoch: (epoch, tf.where(epoch == first_epoch, tf.constant(first_step, tf.int64), 0))
    )
    own = _own_part(batch_size, part)
    drawn = own if augmentation is None else slice(0, batch_size)
    seed_tensor = tf.constant(seed, tf.int64)
    batches = dataset.training_batches(batch_size, seed_tensor, starts, augmented, drawn)
    if augmentation is not None:
        done = first_epoch * (count // batch_size) + first_step
        batches = augmentation.apply(batches, dataset, seed, done)
        batches = batches.map(lambda images, labels: (images[own], labels[own]))
    return batches.prefetch(tf.data.AUTOTUNE)


def _own_part(batch_size, part):
    index, count = part
    if batch_size % count:
        raise ValueError(
            f"a batch must divide into {count} equal parts. Received: batch_size={batch_size}"
        )
    size = batch_size // count
    return slice(index * size, (index + 1) * size)


def evaluation_batches(
    dataset: Dataset | JpegDataset,
    batch_size: int | None = None,
    part: tuple[int, int] = (0, 1),
):
    """Returns all test images in order, normalized. The last batch may be smaller.

    Args:
        dataset: data set whose test images are used.
        batch_size: images per batch. The default is `dataset.evaluation_batch_size`.
        part: number of this worker and of all workers, which take turns, image by image.

    Returns:
        tf.data.Dataset of float32 images `(batch, height, width, channels)` and int32 labels
        `(batch,)`; on JAX a `keras.utils.PyDataset` of them.
    """
    batch_size = batch_size or dataset.evaluation_batch_size
    if keras.config.backend() == "jax":
        return dataset.jax_evaluation_batches(batch_size)
    import tensorflow as tf

    return dataset.evaluation_batches(batch_size, part).prefetch(tf.data.AUTOTUNE)
