"""A small-image data set in memory."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np
import tensorflow as tf

from ann.data import augment


@dataclasses.dataclass(frozen=True)
class Split:
    """uint8 images `(count, height, width, channels)` and int32 labels `(count,)`."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, which: slice) -> Split:
        return Split(self.images[which], self.labels[which])


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A data set, split for training and evaluation.

    Attributes:
        name: name of the data set, as in `ann.data.names()`.
        num_classes: number of classes. Labels are 0..num_classes - 1.
        train, test: images for training and images for evaluation.
        padding: pixels of padding on each side before the augmentation's random crop.
        flip: whether the augmentation mirrors images left to right.
        blur: whether the augmentation blurs images.
        largest: value of a white pixel.
    """

    name: str
    num_classes: int
    train: Split
    test: Split
    padding: int = 0
    flip: bool = False
    blur: bool = False
    largest: int = 255

    evaluation_batch_size: ClassVar[int] = 500

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.train.images.shape[1:]

    def normalization(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each channel over the training images.

        Returns:
            Two float32 arrays `(channels,)`, in pixel values (0..255).
        """
        pixels = self.train.images.reshape(-1, self.image_shape[-1])
        mean = pixels.mean(0, dtype=np.float64)
        std = pixels.std(0, dtype=np.float64)
        return mean.astype(np.float32), std.astype(np.float32)

    def training_batches(
        self, batch_size: int, seed: tf.Tensor, starts: tf.data.Dataset, augmented: bool, own: slice
    ) -> tf.data.Dataset:
        """See `ann.data.training_batches`. `starts` holds each epoch and its first step.

        The images of a batch are drawn and augmented together. The seed and the step number decide
        how. `own` is the part of each batch to return.
        """
        steps = len(self.train) // batch_size
        images, labels = _on_host(self.train)
        normalize = self._normalizer()

        def shuffled(epoch, first_step):
            order = tf.random.experimental.stateless_shuffle(
                tf.range(len(self.train)), seed=tf.stack([seed, epoch])
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
                x = self._augment(x, tf.stack([seed, step]))
            return normalize(x[own]), tf.gather(labels, which[own])

        return starts.flat_map(shuffled).map(batch, num_parallel_calls=tf.data.AUTOTUNE)

    def evaluation_batches(self, batch_size: int, part: tuple[int, int]) -> tf.data.Dataset:
        """See `ann.data.evaluation_batches`."""
        images, labels = _on_host(self.test)
        normalize = self._normalizer()
        index, count = part
        batches = tf.data.Dataset.range(index, len(self.test), count).batch(batch_size)
        return batches.map(
            lambda which: (normalize(tf.gather(images, which)), tf.gather(labels, which))
        )

    def _normalizer(self):
        mean, std = self.normalization()
        return lambda images: (tf.cast(images, tf.float32) - mean) / std

    def _augment(self, images, seed):
        crop_seed, flip_seed, blur_seed = tf.unstack(
            tf.random.experimental.stateless_split(seed, 3)
        )
        if self.padding:
            images = augment.random_crop(images, self.padding, crop_seed)
        if self.flip:
            images = augment.random_flip(images, flip_seed)
        if self.blur:
            images = augment.random_blur(tf.cast(images, tf.float32), blur_seed)
        return images


def _on_host(split):
    with tf.device("CPU"):
        return tf.constant(split.images), tf.constant(split.labels)
