"""One image: what is seen of it, and what becomes of files that are no plain JPEG."""

import io

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from ann.data import JpegDataset, jpegs, windows

ROWS, COLUMNS = np.mgrid[:300, :450]
SMOOTH = np.stack([20 + COLUMNS / 2, 40 + 0.4 * ROWS, np.full_like(ROWS, 90)], axis=-1).astype(
    "uint8"
)


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
    """The image in pixel values."""
    return (
        dataset.image(tf.constant(data), tf.constant("some/file.JPEG"), seed).numpy() * STD + MEAN
    )


def test_evaluation_is_the_centre_of_the_whole_image_at_shortest_edge_256():
    whole = tf.image.resize(decoded(), (256, 384)).numpy()
    difference = seen(JPEG) - whole[16:240, 80:304]
    # 262.5 pixels of 300 are seen, and 262 decoded: on all sides a quarter of a pixel is missing,
    # an eighth of a grey level.
    for part in (
        difference,
        difference[:30],
        difference[-30:],
        difference[:, :30],
        difference[:, -30:],
    ):
        assert np.abs(part.mean((0, 1))).max() < 0.2


def test_training_is_the_resized_window_half_of_them_mirrored():
    mirrored = 0
    for number in range(20):
        window_seed = tf.random.experimental.stateless_split((3, number), 3)[0]
        top, left, height, width = windows.random_window(300, 450, window_seed).numpy()
        window = decoded()[top : top + height, left : left + width]
        expected, image = tf.image.resize(window, (224, 224)).numpy(), seen(JPEG, (3, number))
        flipped = image[0, 0, 0] > image[0, -1, 0]  # red grows from left to right
        mirrored += flipped
        difference = np.abs((image[:, ::-1] if flipped else image) - expected)
        assert difference[:, 8:-8].max() < 1e-3
        assert (
            difference.max() < 3
        )  # libjpeg cannot blend colours with the pixels beyond the window
    assert 5 <= mirrored <= 15


@pytest.mark.parametrize("change_colours", [False, True])
def test_eager_and_mapped_agree_and_seeds_decide(change_colours):
    dataset = JpegDataset("one", 1, train=None, test=None, size=64, change_colours=change_colours)
    view = lambda seed: dataset.image(JPEG, "", tf.stack([tf.constant(2, tf.int64), seed]))
    mapped = tf.data.Dataset.range(2).map(view)
    assert mapped.element_spec == tf.TensorSpec((64, 64, 3), tf.float32)
    first, second = mapped.as_numpy_iterator()
    np.testing.assert_allclose(first, view(tf.constant(0, tf.int64)), atol=1e-4)
    assert np.abs(first - second).max() > 0.1


def test_other_formats_are_read_as_the_images_they_are():
    reference = seen(JPEG)
    np.testing.assert_allclose(
        seen(encoded(SMOOTH, "PNG")), reference, atol=4
    )  # ILSVRC: n02105855_2933.JPEG
    np.testing.assert_allclose(
        seen(encoded(SMOOTH, mode="CMYK")), reference, atol=6
    )  # 22 images of ILSVRC
    grey = seen(encoded(SMOOTH, mode="L"))
    np.testing.assert_allclose(grey.mean(-1), reference @ [0.299, 0.587, 0.114], atol=3)
    np.testing.assert_array_equal(seen(JPEG + b"and a comment"), reference)


@pytest.mark.parametrize("data", [JPEG[: len(JPEG) // 2], JPEG[:-2], JPEG[:20], b"<html>", b""])
def test_broken_files_are_named(data):
    mapped = tf.data.Dataset.from_tensors(data).map(lambda x: jpegs.as_jpeg(x, "some/file.JPEG"))
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"some/file.JPEG is not an image.*or is cut short"
    ):
        next(iter(mapped))
