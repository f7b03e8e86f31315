"""Images decoded without TensorFlow are those that TensorFlow decodes."""

import io

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from ann.data import JpegDataset, decode, jpeg_pipeline, windows

ROWS, COLUMNS = np.mgrid[:300, :450]
SMOOTH = np.stack([20 + COLUMNS / 2, 40 + 0.4 * ROWS, np.full_like(ROWS, 90)], -1).astype("uint8")
SIZES = [(375, 500), (500, 335), (256, 256), (1, 3), (16, 20)]


def encoded(mode="RGB", image_format="JPEG"):
    file = io.BytesIO()
    PIL.Image.fromarray(SMOOTH).convert(mode).save(file, image_format, quality=95)
    return file.getvalue()


@pytest.mark.parametrize("size", SIZES)
def test_windows(size):
    assert decode.centre_window(*size) == tuple(windows.centre_window(*size).numpy())
    for draws in np.random.default_rng(0).random((50, 10, 4), "float32"):
        expected = windows.window_from_draws(*size, tf.constant(draws)).numpy()
        assert decode.window_from_draws(*size, draws) == tuple(expected)


@pytest.mark.parametrize("shape", [(7, 5, 3), (64, 224, 3), (500, 300, 3), (1, 1, 3)])
@pytest.mark.parametrize("size", [1, 32, 224])
def test_resized(shape, size):
    image = np.random.default_rng(0).integers(0, 256, shape, "uint8")
    expected = tf.image.resize(image, (size, size))
    np.testing.assert_allclose(decode.resized(image, size), expected, atol=2e-4)


@pytest.mark.parametrize(
    ("content", "gray_levels"),
    [
        (encoded(), 1e-3),
        (encoded("L"), 1e-3),
        (encoded("CMYK"), 3),
        (encoded(image_format="PNG"), 3),  # TensorFlow makes a JPEG of it first
    ],
)
def test_view(content, gray_levels):
    """Inside: at the edge of the window, TensorFlow does not see the colors around it."""
    dataset = JpegDataset("one", 1, train=None, test=None)
    mean, std = dataset.normalization()
    expected = jpeg_pipeline.image(dataset, content, "file").numpy() * std + mean
    difference = np.abs(decode.view(content, "file", 224) - expected)
    assert difference[8:-8, 8:-8].max() < gray_levels
    assert difference.max() < max(gray_levels, 3)


@pytest.mark.parametrize("content", [b"", b"no image", encoded()[:-2000]])
def test_what_is_no_image_is_named(content):
    with pytest.raises(ValueError, match="^some/file.JPEG is not an image that can be decoded"):
        decode.view(content, "some/file.JPEG", 224)
