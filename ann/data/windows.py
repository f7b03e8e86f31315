"""Windows: which part of an image the network sees.

A window is `(top, left, height, width)` in whole pixels, int32 `(4,)`.
"""

import tensorflow as tf

from ann.data.jpegs import AREA, ATTEMPTS, CENTRE, LOG_ASPECT


def random_window(height, width, seed):
    """Draws the training crop of ILSVRC: 8 to 100 % of the area, aspect ratio 3/4 to 4/3.

    The window can be anywhere in the image. Its area is distributed uniformly, and so is the
    logarithm of its aspect ratio (width over height). A window that does not fit is drawn again.
    After 10 windows that do not fit, the result is the whole image (author_code.md section 3).

    Args:
        height, width: size of the image, int32 scalars.
        seed: int `(2,)`, as in `ann.data.augment`.
    """
    return window_from_draws(height, width, tf.random.stateless_uniform((ATTEMPTS, 4), seed))


def window_from_draws(height, width, draws):
    """Returns the first window in `draws` that fits, or the whole image if none fits.

    Args:
        height, width: size of the image, int32 scalars.
        draws: float32 `(attempts, 4)` in [0, 1): area, aspect ratio, top, and left per attempt.

    Example:
        With an aspect ratio of 1, 3/4 of the area of a 300x400 image is a square with a side of
        300. Here it starts halfway along the 100 remaining columns.

        >>> area = (0.75 - 0.08) / 0.92
        >>> window_from_draws(300, 400, tf.constant([[area, 0.5, 0.0, 0.5]])).numpy()
        array([  0,  50, 300, 300], dtype=int32)
    """
    area, aspect, top, left = tf.unstack(draws, axis=1)
    pixels = tf.cast(height * width, tf.float32) * (AREA[0] + (AREA[1] - AREA[0]) * area)
    aspect = tf.exp(LOG_ASPECT[0] + (LOG_ASPECT[1] - LOG_ASPECT[0]) * aspect)
    heights = tf.cast(tf.round(tf.sqrt(pixels / aspect)), tf.int32)
    widths = tf.cast(tf.round(tf.sqrt(pixels * aspect)), tf.int32)
    fits = (heights <= height) & (widths <= width)
    tops = tf.cast(top * tf.cast(height - heights + 1, tf.float32), tf.int32)
    lefts = tf.cast(left * tf.cast(width - widths + 1, tf.float32), tf.int32)
    windows = tf.stack([tops, lefts, heights, widths], axis=1)
    whole = tf.stack([0, 0, height, width])
    return tf.where(tf.reduce_any(fits), windows[tf.argmax(fits)], whole)


def centre_window(height, width):
    """Returns the center crop for evaluation, in pixels of the original image.

    It is the part that remains visible when the image is scaled to a shortest edge of 256 and then
    cropped to the center 224x224.

    Example:
        >>> centre_window(375, 500).numpy()  # side 375 * 224 / 256 = 328.1
        array([ 23,  86, 328, 328], dtype=int32)
    """
    side = tf.cast(tf.round(CENTRE * tf.cast(tf.minimum(height, width), tf.float32)), tf.int32)
    return tf.stack([(height - side) // 2, (width - side) // 2, side, side])
