"""A small-image data set in memory."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np


@dataclasses.dataclass(frozen=True)
class Split:
    """uint8 images `(count, height, width, channels)` and int32 labels `(count,)`."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, which: slice) -> Split:
        return Split(self.images[which], self.labels[which])

    def identity(self):
        """See `ann.data.fingerprint`."""
        yield str(self.images.shape).encode()
        yield self.labels.tobytes()


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

    def training_batches(self, batch_size: int, seed, starts, augmented: bool, own: slice):
        """See `ann.data.array_pipeline.training_batches`."""
        from ann.data import array_pipeline  # JAX needs the arrays alone

        return array_pipeline.training_batches(self, batch_size, seed, starts, augmented, own)

    def evaluation_batches(self, batch_size: int, part: tuple[int, int]):
        """See `ann.data.evaluation_batches`."""
        from ann.data import array_pipeline

        return array_pipeline.evaluation_batches(self, batch_size, part)

    def jax_training_batches(self, batch_size: int, **options):
        """See `ann.data.jax_arrays.ArrayTrainingBatches`."""
        from ann.data.jax_arrays import ArrayTrainingBatches

        return ArrayTrainingBatches(self, batch_size, **options)

    def jax_evaluation_batches(self, batch_size: int):
        """See `ann.data.jax_arrays.ArrayEvaluationBatches`."""
        from ann.data.jax_arrays import ArrayEvaluationBatches

        return ArrayEvaluationBatches(self, batch_size)
