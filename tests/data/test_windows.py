"""Window arithmetic against numbers computed by hand, eagerly and inside `map`."""

import numpy as np
import pytest
import tensorflow as tf

from ann.data import windows


@pytest.mark.parametrize(
    ("size", "window"),
    [
        # Side 375 * 224 / 256 = 328.1, top (375 - 328) / 2 = 23.5, left (500 - 328) / 2 = 86.
        ((375, 500), [23, 86, 328, 328]),
        ((500, 335), [103, 21, 293, 293]),  # Side 293.1, top 103.5, left 21.
        ((256, 256), [16, 16, 224, 224]),
    ],
)
def test_center_window(size, window):
    assert windows.centre_window(*size).numpy().tolist() == window


def draw(area, aspect, top, left):
    """Returns the draw that leads to this share of the area and this aspect ratio."""
    return [(area - 0.08) / 0.92, np.log(aspect / 0.75) / np.log(16 / 9), top, left]


def test_window_from_draws():
    # A fifth of 300x400 is 24,000 pixels. With an aspect ratio of 1.2, the window has a height of
    # sqrt(24000 / 1.2) = 141.4 and a width of sqrt(24000 * 1.2) = 169.7. It can start at 160 rows
    # and 231 columns. A draw of 0.999 gives the last row, and a draw of 0.5 gives column 115.
    draws = tf.constant([draw(0.2, 1.2, 0.999, 0.5)], tf.float32)
    assert windows.window_from_draws(300, 400, draws).numpy().tolist() == [159, 115, 141, 170]


def test_the_first_window_that_fits_is_used_or_else_the_whole_image():
    # With an aspect ratio of 3/4, nine tenths of 300x400 have a height of 379, which is too much.
    too_high = draw(0.9, 0.75, 0, 0)
    fits = draw(0.75, 1, 0, 0)
    later = draw(0.1, 1, 0, 0)

    def window(draws):
        return windows.window_from_draws(300, 400, tf.constant(draws, tf.float32)).numpy().tolist()

    assert window([too_high, fits, later]) == [0, 0, 300, 300]
    assert window([too_high] * 10) == [0, 0, 300, 400]


def test_random_windows_are_inside_the_image_and_cover_the_ranges():
    mapped = tf.data.Dataset.range(1000).map(
        lambda k: windows.random_window(375, 500, tf.stack([tf.constant(7, tf.int64), k]))
    )
    found = np.array(list(mapped.as_numpy_iterator()))
    assert windows.random_window(375, 500, (7, 12)).numpy().tolist() == found[12].tolist()
    top, left, height, width = found.T
    assert min(top.min(), left.min()) >= 0
    assert (top + height).max() <= 375
    assert (left + width).max() <= 500
    area = height * width / (375 * 500)
    aspect = width / height
    assert 0.078 < area.min() < 0.1 < 0.9 < area.max() <= 1
    assert 0.74 < aspect.min() < 0.77 < 1.3 < aspect.max() < 1.35
    # Where both fit, portrait windows are as frequent as landscape windows.
    assert abs(np.log(aspect[area < 0.5]).mean()) < 0.03


def test_the_whole_image_is_used_if_it_is_too_narrow_for_any_window():
    assert windows.random_window(10, 1000, (0, 0)).numpy().tolist() == [0, 0, 10, 1000]
