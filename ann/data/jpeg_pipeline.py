"""The tf.data batches of JPEGs, which are decoded when needed."""

import re

import numpy as np
import tensorflow as tf

from ann.data import colour, windows
from ann.data.jpegs import JpegDataset


def training_batches(
    dataset: JpegDataset, batch_size: int, seed, starts, augmented: bool, own: slice
) -> tf.data.Dataset:
    """See `ann.data.training_batches`. `starts` holds each epoch and its first step.

    The seed and an image's number, counted from the first epoch, decide its augmentation. Only
    the images of `own`, the part of each batch to return, are decoded.
    """
    count = len(dataset.train) // batch_size * batch_size
    read = dataset.train.reader()

    def shuffled(epoch, first_step):
        numbers = tf.data.Dataset.range(epoch * count, (epoch + 1) * count)
        elements = tf.data.Dataset.zip(numbers, dataset.train.elements(tf.stack([seed, epoch])))
        return elements.skip(first_step * batch_size)

    def is_own(number, element):
        place = number % batch_size
        return (own.start <= place) & (place < own.stop)

    def example(number, element):
        name, encoded, label = read(element)
        return image(dataset, encoded, name, tf.stack([seed, number]) if augmented else None), label

    examples = (
        starts.flat_map(shuffled).filter(is_own).map(example, num_parallel_calls=tf.data.AUTOTUNE)
    )
    size = own.stop - own.start
    return examples.batch(size, drop_remainder=True, num_parallel_calls=tf.data.AUTOTUNE)


def evaluation_batches(
    dataset: JpegDataset, batch_size: int, part: tuple[int, int]
) -> tf.data.Dataset:
    """See `ann.data.evaluation_batches`."""
    read = dataset.test.reader()

    def example(element):
        name, encoded, label = read(element)
        return image(dataset, encoded, name), label

    index, count = part
    elements = dataset.test.elements().shard(count, index)
    examples = elements.map(example, num_parallel_calls=tf.data.AUTOTUNE)
    return examples.batch(batch_size, num_parallel_calls=tf.data.AUTOTUNE)


def image(dataset: JpegDataset, encoded, name, seed=None):
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
        return _normalize(dataset, _decode(dataset, encoded, windows.centre_window(height, width)))
    window_seed, flip_seed, colour_seed = tf.unstack(
        tf.random.experimental.stateless_split(seed, 3)
    )
    found = _decode(dataset, encoded, windows.random_window(height, width, window_seed))
    flip = tf.random.stateless_uniform((), flip_seed) < 0.5
    found = tf.cond(flip, lambda: tf.reverse(found, axis=[1]), lambda: found)
    if dataset.change_colours:
        found = colour.random_change(found, colour_seed)
    return _normalize(dataset, found)


def _decode(dataset, encoded, window):
    # TensorFlow's default, the fast DCT, is no faster with libjpeg-turbo, and its results are a
    # gray level off.
    found = tf.io.decode_and_crop_jpeg(encoded, window, channels=3, dct_method="INTEGER_ACCURATE")
    return tf.image.resize(found, (dataset.size, dataset.size))


def _normalize(dataset, image):
    mean, std = (np.tile(values, dataset.size) for values in dataset.normalization())
    # Working on whole rows is several times faster than broadcasting over 3 channels.
    rows = tf.reshape(image, (dataset.size, -1))
    return tf.reshape((rows - mean) / std, dataset.image_shape)


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
