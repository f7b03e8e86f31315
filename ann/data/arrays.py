"""A small-image data set in memory."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Split:
    """Images uint8 `(count, height, width, channels)` and labels int32 `(count,)`."""

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
        name: as in `ann.data.names()`.
        num_classes: number of classes; labels are 0..num_classes - 1.
        train, test: the images to train on and those to evaluate on.
        padding: pixels of padding before the random crop of the augmentation.
        flip: whether the augmentation mirrors images.
        blur: whether the augmentation blurs images.
    """

    name: str
    num_classes: int
    train: Split
    test: Split
    padding: int = 0
    flip: bool = False
    blur: bool = False

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.train.images.shape[1:]

    def normalization(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each channel over the training images, float32 `(channels,)`, in pixel values."""
        pixels = self.train.images.reshape(-1, self.image_shape[-1])
        return pixels.mean(0, dtype=np.float64).astype(np.float32), pixels.std(0, dtype=np.float64).astype(np.float32)
