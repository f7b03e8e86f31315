"""A data set of JPEG images of any size, which are read from disk and decoded when needed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import ClassVar, Protocol

import numpy as np
import tensorflow as tf

from ann.data import colour, windows


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

    def training_batches(
        self, batch_size: int, seed: tf.Tensor, starts: tf.data.Dataset, augmented: bool, own: slice
    ) -> tf.data.Dataset:
        """See `ann.data.training_batches`. `starts` holds each epoch and its first step.

        The seed and an image's number, counted from the first epoch, decide its augmentation. Only
        the images of `own`, the part of each batch to return, are decoded.
        """
        count = len(self.train) // batch_size * batch_size
        read = self.train.reader()

        def shuffled(epoch, first_step):
            numbers = tf.data.Dataset.range(epoch * count, (epoch + 1) * count)
            elements = tf.data.Dataset.zip(numbers, self.train.elements(tf.stack([seed, epoch])))
            return elements.skip(first_step * batch_size)

        def is_own(number, element):
            place = number % batch_size
            return (own.start <= place) & (place < own.stop)

        def example(number, element):
            name, encoded, label = read(element)
            return self.image(encoded, name, tf.stack([seed, number]) if augmented else None), label

        examples = (
            starts.flat_map(shuffled)
            .filter(is_own)
            .map(example, num_parallel_calls=tf.data.AUTOTUNE)
        )
        size = own.stop - own.start
        return examples.batch(size, drop_remainder=True, num_parallel_calls=tf.data.AUTOTUNE)

    def evaluation_batches(self, batch_size: int, part: tuple[int, int]) -> tf.data.Dataset:
        """See `ann.data.evaluation_batches`."""
        read = self.test.reader()

        def example(element):
            name, encoded, label = read(element)
            return self.image(encoded, name), label

        index, count = part
        elements = self.test.elements().shard(count, index)
        examples = elements.map(example, num_parallel_calls=tf.data.AUTOTUNE)
        return examples.batch(batch_size, num_parallel_calls=tf.data.AUTOTUNE)

    def image(self, encoded, name, seed=None):
        """Returns one image as the network receives it.

        Args:
            encoded: contents of the file, a string scalar.
            name: name of the file, for the error message if it cannot be decoded.
            seed: int `(2,)` for the augmentation. None gives the image for evaluation.

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
        # TensorFlow's default, the fast DCT, is no faster with libjpeg-turbo, and its results are a
        # gray level off.
        image = tf.io.decode_and_crop_jpeg(
            encoded, window, channels=3, dct_method="INTEGER_ACCURATE"
        )
        return tf.image.resize(image, (self.size, self.size))

    def _normalize(self, image):
        mean, std = (np.tile(values, self.size) for values in self.normalization())
        # Working on whole rows is several times faster than broadcasting over 3 channels.
        rows = tf.reshape(image, (self.size, -1))
        return tf.reshape((rows - mean) / std, self.image_shape)


def as_jpeg(encoded, name):
    """Returns an image file as a complete JPEG.

    A complete JPEG is returned unchanged. An image in another format is encoded again as a JPEG:
    ILSVRC has a PNG named .JPEG. CMYK needs no special care, since TensorFlow decodes it to RGB.
    Only the beginning and the end of a file are checked. Damage between them goes unnoticed or
    shows as wrong pixels.

    Args:
        encoded, name: contents and name of the file, string scalars.

    Raises:
        tf.errors.InvalidArgumentError, tf.errors.UnknownError: the file is not an image or is cut
            short. The message names the file.
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
        reason = re.sub(r"\{\{.*?\}\} | *\[Op:\w+\]", "", error.message)  # where in TensorFlow
        raise ValueError(
            f"{name.decode()} is not an image that can be decoded, or is cut short: {reason}"
        ) from None
    if tf.io.is_jpeg(encoded):  # It is complete, with extra bytes after its end.
        return encoded
    return tf.io.encode_jpeg(image, quality=100, chroma_downsampling=False).numpy()
