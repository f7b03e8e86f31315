"""A data set of JPEG images of any size, which are read from disk and decoded when needed."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Callable, Iterator
from typing import ClassVar, Protocol

import numpy as np

if typing.TYPE_CHECKING:
    import tensorflow as tf

# A random window: tries, shares of the area, and logarithms of width over height.
ATTEMPTS = 10
AREA = (0.08, 1.0)
LOG_ASPECT = (math.log(3 / 4), math.log(4 / 3))
# The window for evaluation: its edge as a share of the image's shortest edge.
CENTRE = 224 / 256


class JpegSplit(Protocol):
    """Encoded images on disk with their labels. A slice of a split is a split."""

    def __len__(self) -> int: ...

    def __getitem__(self, which: slice) -> JpegSplit: ...

    def identity(self) -> Iterator[bytes]:
        """What tells this split from another one; see `ann.data.fingerprint`."""

    def elements(self, seed: tf.Tensor | None = None) -> tf.data.Dataset:
        """The elements that `reader()` takes, one per image.

        Args:
            seed: int64 `(2,)` to shuffle the elements. None keeps their order.
        """

    def reader(self) -> Callable:
        """Returns a function that reads one element.

        The function returns the image's name and its encoded bytes, both string scalars, and its
        int32 label.
        """


@dataclasses.dataclass(frozen=True)
class JpegDataset:
    """A data set, split for training and evaluation.

    For training, an image is a random window (`windows.random_window`), resized to a square and
    mirrored half of the time. For evaluation, it is the center (`windows.centre_window`). Only the
    window is decoded. Resizing is bilinear.

    Attributes:
        name: name of the data set, as in `ann.data.names()`.
        num_classes: number of classes. Labels are 0..num_classes - 1.
        train, test: images for training and images for evaluation.
        size: height and width of the network's input, in pixels.
        change_colours: whether the augmentation changes colors (`colour.random_change`).
    """

    name: str
    num_classes: int
    train: JpegSplit
    test: JpegSplit
    size: int = 224
    change_colours: bool = False

    evaluation_batch_size: ClassVar[int] = 100
    largest: ClassVar[int] = 255  # value of a white pixel

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return (self.size, self.size, 3)

    def normalization(self) -> tuple[np.ndarray, np.ndarray]:
        """The widely used mean and standard deviation of ILSVRC's channels.

        Returns:
            Two float32 arrays `(3,)`, in pixel values (0..255).
        """
        mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        return 255 * np.array(mean, np.float32), 255 * np.array(std, np.float32)

    def training_batches(self, batch_size: int, seed, starts, augmented: bool, own: slice):
        """See `ann.data.jpeg_pipeline.training_batches`."""
        from ann.data import jpeg_pipeline  # JAX decodes without TensorFlow

        return jpeg_pipeline.training_batches(self, batch_size, seed, starts, augmented, own)

    def evaluation_batches(self, batch_size: int, part: tuple[int, int]):
        """See `ann.data.evaluation_batches`."""
        from ann.data import jpeg_pipeline

        return jpeg_pipeline.evaluation_batches(self, batch_size, part)

    def jax_training_batches(self, batch_size: int, **options):
        """See `ann.data.jax_jpegs.JpegTrainingBatches`."""
        from ann.data.jax_jpegs import JpegTrainingBatches

        return JpegTrainingBatches(self, batch_size, **options)

    def jax_evaluation_batches(self, batch_size: int):
        """See `ann.data.jax_jpegs.JpegEvaluationBatches`."""
        from ann.data.jax_jpegs import JpegEvaluationBatches

        return JpegEvaluationBatches(self, batch_size)
