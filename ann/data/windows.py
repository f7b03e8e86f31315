"""Which part of an image is seen: windows `(top, left, height, width)` in whole pixels, int32 `(4,)`."""

import math

import tensorflow as tf

_ATTEMPTS = 10
_AREA = (0.08, 1.0)
_LOG_ASPECT = (math.log(3 / 4), math.log(4 / 3))
_CENTRE = 224 / 256


def random_window(height, width, seed):
    """A window of 8 to 100 % of the area and aspect 3/4 to 4/3, anywhere in the image; the training
    crop of ILSVRC.

    The area is uniform, the aspect (width over height) uniform in its logarithm. A window that does
    not fit is drawn again; after 10 that do not, it is the whole image (author_code.md section 3).

    Args:
        height, width: of the image, int32 scalars.
        seed: int `(2,)`, as in `ann.data.augment`.
    """
    return window_from_draws(height, width, tf.random.stateless_uniform((_ATTEMPTS, 4), seed))


def window_from_draws(height, width, draws):
    """The first window that fits of those that `draws` describe, else the whole image.

    Args:
        height, width: of the image, int32 scalars.
        draws: float32 `(attempts, 4)` in [0, 1): area, aspect, top and left of each attempt.

    Example: 3/4 of the area of 300x400 is a square of side 300 at aspect 1, here half way along the
        100 columns left over.
        >>> area = (0.75 - 0.08) / 0.92
        >>> window_from_draws(300, 400, tf.constant([[area, 0.5, 0.0, 0.5]])).numpy()
        array([  0,  50, 300, 300], dtype=int32)
    """
    area, aspect, top, left = tf.unstack(draws, axis=1)
    pixels = tf.cast(height * width, tf.float32) * (_AREA[0] + (_AREA[1] - _AREA[0]) * area)
    aspect = tf.exp(_LOG_ASPECT[0] + (_LOG_ASPECT[1] - _LOG_ASPECT[0]) * aspect)
    heights = tf.cast(tf.round(tf.sqrt(pixels / aspect)), tf.int32)
    widths = tf.cast(tf.round(tf.sqrt(pixels * aspect)), tf.int32)
    fits = (heights <= height) & (widths <= width)
    tops = tf.cast(top * tf.cast(height - heights + 1, tf.float32), tf.int32)
    lefts = tf.cast(left * tf.cast(width - widths + 1, tf.float32), tf.int32)
    windows = tf.stack([tops, lefts, heights, widths], axis=1)
    whole = tf.stack([0, 0, height, width])
    return tf.where(tf.reduce_any(fits), windows[tf.argmax(fits)], whole)


def centre_window(height, width):
    """What remains visible of an image that is scaled to a shortest edge of 256 and cut to its
    centre 224x224.

    Example:
        >>> centre_window(375, 500).numpy()  # side 375 * 224 / 256 = 328.1
        array([ 23,  86, 328, 328], dtype=int32)
    """
    side = tf.cast(tf.round(_CENTRE * tf.cast(tf.minimum(height, width), tf.float32)), tf.int32)
    return tf.stack([(height - side) // 2, (width - side) // 2, side, side])
