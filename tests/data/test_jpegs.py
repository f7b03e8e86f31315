"""One image: which part of it is used, and how files that are not plain JPEGs are treated."""

import io

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from ann.data import JpegDataset, jpeg_pipeline, windows

ROWS, COLUMNS = np.mgrid[:300, :450]
CHANNELS = [20 + COLUMNS / 2, 40 + 0.4 * ROWS, np.full_like(ROWS, 90)]
SMOOTH = np.stack(CHANNELS, axis=-1).astype("uint8")


def encoded(pixels, image_format="JPEG", mode="RGB"):
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).convert(mode).save(file, image_format, quality=95)
    return file.getvalue()


JPEG = encoded(SMOOTH)
DATASET = JpegDataset("one", 1, train=None, test=None)
MEAN, STD = DATASET.normalization()


def decoded():
    return tf.io.decode_jpeg(JPEG, dct_method="INTEGER_ACCURATE")


def seen(data, seed=None, dataset=DATASET):
    """Returns the image that the network receives, in pixel values."""
    image = jpeg_pipeline.image(dataset, tf.constant(data), tf.constant("some/file.JPEG"), seed)
    return image.numpy() * STD + MEAN


def test_evaluation_uses_the_center_of_the_image_at_a_shortest_edge_of_256():
    whole = tf.image.resize(decoded(), (256, 384)).numpy()
    difference = seen(JPEG) - whole[16:240, 80:304]
    # The network should see 262.5 of 300 pixels, but 262 are decoded. On each side, a quarter of a
    # pixel is missing, which is an eighth of a gray level.
    edges = [difference[:30], difference[-30:], difference[:, :30], difference[:, -30:]]
    for part in (difference, *edges):
        assert np.abs(part.mean((0, 1))).max() < 0.2


def test_training_uses_a_resized_window_and_mirrors_half_of_the_images():
    mirrored = 0
    for number in range(20):
        window_seed = tf.random.experimental.stateless_split((3, number), 3)[0]
        top, left, height, width = windows.random_window(300, 450, window_seed).numpy()
        window = decoded()[top : top + height, left : left + width]
        expected = tf.image.resize(window, (224, 224)).numpy()
        image = seen(JPEG, (3, number))
        flipped = image[0, 0, 0] > image[0, -1, 0]  # Red increases from left to right.
        mirrored += flipped
        difference = np.abs((image[:, ::-1] if flipped else image) - expected)
        assert difference[:, 8:-8].max() < 1e-3
        # At the edges, libjpeg cannot blend colors with the pixels outside the window.
        assert difference.max() < 3
    assert 5 <= mirrored <= 15


@pytest.mark.parametrize("change_colours", [False, True])
def test_eager_and_mapped_results_agree_and_depend_on_the_seed(change_colours):
    dataset = JpegDataset("one", 1, train=None, test=None, size=64, change_colours=change_colours)
    view = lambda seed: jpeg_pipeline.image(
        dataset, JPEG, "", tf.stack([tf.constant(2, tf.int64), seed])
    )
    mapped = tf.data.Dataset.range(2).map(view)
    assert mapped.element_spec == tf.TensorSpec((64, 64, 3), tf.float32)
    first, second = mapped.as_numpy_iterator()
    np.testing.assert_allclose(first, view(tf.constant(0, tf.int64)), atol=1e-4)
    assert np.abs(first - second).max() > 0.1


def test_images_in_other_formats_are_read_correctly():
    reference = seen(JPEG)
    # ILSVRC's n02105855_2933.JPEG is a PNG, and 22 of its images are CMYK.
    np.testing.assert_allclose(seen(encoded(SMOOTH, "PNG")), reference, atol=4)
    np.testing.assert_allclose(seen(encoded(SMOOTH, mode="CMYK")), reference, atol=6)
    grey = seen(encoded(SMOOTH, mode="L"))
    np.testing.assert_allclose(grey.mean(-1), reference @ [0.299, 0.587, 0.114], atol=3)
    np.testing.assert_array_equal(seen(JPEG + b"and a comment"), reference)


@pytest.mark.parametrize("data", [JPEG[: len(JPEG) // 2], JPEG[:-2], JPEG[:20], b"<html>", b""])
def test_errors_name_the_broken_file(data):
    mapped = tf.data.Dataset.from_tensors(data).map(
        lambda x: jpeg_pipeline.as_jpeg(x, "some/file.JPEG")
    )
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"some/file.JPEG is not an image.*or is cut short"
    ):
        next(iter(mapped))
