"""Window arithmetic by hand, eagerly and inside `map`."""

import numpy as np
import pytest
import tensorflow as tf

from ann.data import windows


@pytest.mark.parametrize(
    ("size", "window"),
    [
        (
            (375, 500),
            [23, 86, 328, 328],
        ),  # 375 * 224 / 256 = 328.1; (375 - 328) / 2 = 23.5, (500 - 328) / 2 = 86
        ((500, 335), [103, 21, 293, 293]),  # 293.1; 103.5 and 21
        ((256, 256), [16, 16, 224, 224]),
    ],
)
def test_centre(size, window):
    assert windows.centre_window(*size).numpy().tolist() == window


def draw(area, aspect, top, left):
    """What has to be drawn for a share of the area and an aspect."""
    return [(area - 0.08) / 0.92, np.log(aspect / 0.75) / np.log(16 / 9), top, left]


def test_window_from_draws():
    # A fifth of 300x400 at aspect 1.2: 24,000 pixels, sqrt(24000 / 1.2) = 141.4 high and sqrt(24000
    # * 1.2) = 169.7 wide. 160 rows and 231 columns to begin at: 0.999 of the way is the last row,
    # half is column 115.
    draws = tf.constant([draw(0.2, 1.2, 0.999, 0.5)], tf.float32)
    assert windows.window_from_draws(300, 400, draws).numpy().tolist() == [159, 115, 141, 170]


def test_the_first_that_fits_else_the_whole_image():
    # Nine tenths of 300x400 at aspect 3/4 are 379 high: too much.
    too_high, fits, later = draw(0.9, 0.75, 0, 0), draw(0.75, 1, 0, 0), draw(0.1, 1, 0, 0)
    window = windows.window_from_draws(300, 400, tf.constant([too_high, fits, later], tf.float32))
    assert window.numpy().tolist() == [0, 0, 300, 300]
    assert windows.window_from_draws(
        300, 400, tf.constant([too_high] * 10, tf.float32)
    ).numpy().tolist() == [0, 0, 300, 400]


def test_random_windows_lie_inside_and_span_the_ranges():
    mapped = tf.data.Dataset.range(1000).map(
        lambda k: windows.random_window(375, 500, tf.stack([tf.constant(7, tf.int64), k]))
    )
    top, left, height, width = np.array(list(mapped.as_numpy_iterator())).T
    assert windows.random_window(375, 500, (7, 12)).numpy().tolist() == [
        top[12],
        left[12],
        height[12],
        width[12],
    ]
    assert min(top.min(), left.min()) >= 0
    assert (top + height).max() <= 375
    assert (left + width).max() <= 500
    area, aspect = height * width / (375 * 500), width / height
    assert 0.078 < area.min() < 0.1 < 0.9 < area.max() <= 1
    assert 0.74 < aspect.min() < 0.77 < 1.3 < aspect.max() < 1.35
    assert (
        abs(np.log(aspect[area < 0.5]).mean()) < 0.03
    )  # as often upright as lying, where both fit


def test_no_window_fits_a_ribbon():
    assert windows.random_window(10, 1000, (0, 0)).numpy().tolist() == [0, 0, 10, 1000]
