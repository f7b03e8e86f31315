"""A data set of JPEG images of any size, read from disk and decoded as they are needed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import ClassVar, Protocol

import numpy as np
import tensorflow as tf

from ann.data import colour, windows


class JpegSplit(Protocol):
    """Encoded images with their labels, on disk. A slice of it is a split, too."""

    def __len__(self) -> int: ...

    def __getitem__(self, which: slice) -> JpegSplit: ...

    def elements(self, seed: tf.Tensor | None = None) -> tf.data.Dataset:
        """What `reader()` takes, one element an image, in order; or shuffled by a seed int64 `(2,)`."""

    def reader(self) -> Callable:
        """A function from an element to the image's name, its encoded bytes (both string scalars) and label (int32)."""


@dataclasses.dataclass(frozen=True)
class JpegDataset:
    """A data set, split for training and evaluation.

    A training image is a random window (`windows.random_window`), resized to a square and mirrored
    half of the time; an evaluation image is the centre (`windows.centre_window`). Only the window
    is decoded; resizing is bilinear.

    Attributes:
        name: as in `ann.data.names()`.
        num_classes: number of classes; labels are 0..num_classes - 1.
        train, test: the images to train on and those to evaluate on.
        size: pixels of an edge of what the network is given.
        change_colours: whether the augmentation changes colours (`colour.random_change`).
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
        """Mean and standard deviation of each channel, float32 `(3,)`, in pixel values: ILSVRC's, as everybody has them."""
        mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        return 255 * np.array(mean, np.float32), 255 * np.array(std, np.float32)

    def training_batches(
        self, batch_size: int, seed: tf.Tensor, epochs: tf.data.Dataset, augmented: bool
    ) -> tf.data.Dataset:
        """See `ann.data.training_batches`. Each image is augmented by seed and its number since the first epoch."""
        count = len(self.train) // batch_size * batch_size
        read = self.train.reader()

        def shuffled(epoch):
            numbers = tf.data.Dataset.range(epoch * count, (epoch + 1) * count)
            return tf.data.Dataset.zip(numbers, self.train.elements(tf.stack([seed, epoch])))

        def example(number, element):
            name, encoded, label = read(element)
            return self.image(encoded, name, tf.stack([seed, number]) if augmented else None), label

        examples = epochs.flat_map(shuffled).map(example, num_parallel_calls=tf.data.AUTOTUNE)
        return examples.batch(batch_size, drop_remainder=True, num_parallel_calls=tf.data.AUTOTUNE)

    def evaluation_batches(self, batch_size: int) -> tf.data.Dataset:
        """See `ann.data.evaluation_batches`."""
        read = self.test.reader()

        def example(element):
            name, encoded, label = read(element)
            return self.image(encoded, name), label

        examples = self.test.elements().map(example, num_parallel_calls=tf.data.AUTOTUNE)
        return examples.batch(batch_size, num_parallel_calls=tf.data.AUTOTUNE)

    def image(self, encoded, name, seed=None):
        """One image as the network is given it.

        Args:
            encoded: bytes of the file, a string scalar.
            name: of the file, for the message if it cannot be decoded.
            seed: int `(2,)` of the augmentation; None for the evaluation view.

        Returns:
            Normalised float32 `(size, size, 3)`.

        Raises:
            tf.errors.InvalidArgumentError, tf.errors.UnknownError: see `as_jpeg`.
        """
        encoded = as_jpeg(encoded, name)
        height, width = tf.unstack(tf.io.extract_jpeg_shape(encoded)[:2])
        if seed is None:
            return self._normalize(self._decode(encoded, windows.centre_window(height, width)))
        window_seed, flip_seed, colour_seed = tf.unstack(
            tf.random.experimental.stateless_split(seed, 3)
        )
        image = self._decode(encoded, windows.random_window(height, width, window_seed))
        flip = tf.random.stateless_uniform((), flip_seed) < 0.5
        image = tf.cond(flip, lambda: tf.reverse(image, axis=[1]), lambda: image)
        if self.change_colours:
            image = colour.random_change(image, colour_seed)
        return self._normalize(image)

    def _decode(self, encoded, window):
        # TensorFlow's default, the fast DCT, is no faster with libjpeg-turbo, and a grey level off.
        image = tf.io.decode_and_crop_jpeg(
            encoded, window, channels=3, dct_method="INTEGER_ACCURATE"
        )
        return tf.image.resize(image, (self.size, self.size))

    def _normalize(self, image):
        mean, std = (np.tile(values, self.size) for values in self.normalization())
        rows = tf.reshape(
            image, (self.size, -1)
        )  # whole rows: several times faster than broadcasting over 3 channels
        return tf.reshape((rows - mean) / std, self.image_shape)


def as_jpeg(encoded, name):
    """An image file as a whole JPEG: itself as a rule; images of other formats (ILSVRC has a PNG
    named .JPEG) are encoded anew.

    CMYK needs no care: TensorFlow decodes it to RGB. The beginning and end of a file are looked at,
    not what is between: damage there goes unnoticed, or shows as wrong pixels.

    Args:
        encoded, name: bytes and name of the file, string scalars.

    Raises:
        tf.errors.InvalidArgumentError, tf.errors.UnknownError: no image, or cut short; the message
            names the file.
    """
    end = tf.strings.substr(encoded, tf.maximum(tf.strings.length(encoded) - 2, 0), 2)
    whole = tf.io.is_jpeg(encoded) & (end == b"\xff\xd9")
    return tf.cond(
        whole,
        lambda: encoded,
        lambda: tf.ensure_shape(tf.numpy_function(_recode, [encoded, name], tf.string), ()),
    )


def _recode(encoded, name):
    try:
        image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
    except tf.errors.InvalidArgumentError as error:
        raise ValueError(
            f"{name.decode()} is not an image that can be decoded, or is cut short: {error.message}"
        ) from None
    if tf.io.is_jpeg(encoded):  # with something after its end
        return encoded
    return tf.io.encode_jpeg(image, quality=100, chroma_downsampling=False).numpy()
