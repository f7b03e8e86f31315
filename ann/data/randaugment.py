"""RandAugment: a few operations, drawn for each image, at one strength.

Keras's layer of this name draws the operations for a whole batch and takes no seed for a step. Here
each image has its own, and the 14 operations are done in three passes over the batch: those that
map each value to another by a table, those that blend the image with another made of it, and those
that move pixels.
"""

import math

import tensorflow as tf

from ann.data.randaugment_operations import OPERATIONS


def randaugment(images, operations: int, magnitude: float, seed):
    """Applies random operations to each image, one after the other (Cubuk et al. 2020, section 3).

    Args:
        images: `(batch, height, width, 3)`, RGB, 0..255; values are rounded.
        operations: how many for each image (the paper's N).
        magnitude: strength, a share from 0 to 1 of each operation's range (the paper's M).
        seed: int `(2,)`, as in `ann.data.augment`.

    Returns:
        float32 images of the same shape, whole numbers in 0..255.
    """
    for one in tf.unstack(tf.random.experimental.stateless_split(seed, operations)):
        which_seed, sign_seed = tf.unstack(tf.random.experimental.stateless_split(one, 2))
        batch = (tf.shape(images)[0],)
        which = tf.random.stateless_uniform(
            batch, which_seed, maxval=len(OPERATIONS), dtype=tf.int32
        )
        up = tf.random.stateless_uniform(batch, sign_seed) < 0.5
        images = apply(images, which, magnitude * tf.where(up, 1.0, -1.0))
    return images


def apply(images, which, strength):
    """One operation on each image.

    Args:
        images: `(batch, height, width, 3)`, RGB, 0..255.
        which: indices into `OPERATIONS`, int32 `(batch,)`.
        strength: float32 `(batch,)`, -1 to 1; identity, autocontrast and equalize have none, and
            posterize and solarize take its absolute value. At 1: a rotation by 30 degrees, shears
            by 0.3, translations by 150 / 331 of the edge, enhancements by 1.9 (0.1 at -1), 4 bits
            less per channel, all values inverted.

    Returns:
        float32 images of the same shape, whole numbers in 0..255.
    """
    images = tf.ensure_shape(tf.round(tf.cast(images, tf.float32)), images.shape)
    chosen = {name: tf.equal(which, index) for index, name in enumerate(OPERATIONS)}
    images = _mapped(images, chosen, strength)
    images = _blended(images, chosen, strength)
    return _moved(images, chosen, strength)


def _mapped(images, chosen, strength):
    """Operations that look each value up in a table: `(batch, 3, 256)`."""
    pixels = tf.cast(images, tf.int32)
    values = tf.range(256, dtype=tf.float32)
    amount = tf.abs(strength)[:, None, None]
    lost_bits = tf.round(4 * amount)
    step = 2.0**lost_bits
    factor = 1 + 0.9 * strength[:, None, None]
    grey = tf.round(tf.reduce_mean(tf.round(_grey(images)), axis=(1, 2, 3)))[:, None, None]
    tables = {
        "autocontrast": _autocontrast(images, values),
        "equalize": _equalize(pixels),
        "posterize": tf.floor(values / step) * step,
        "solarize": tf.where(values >= 256 * (1 - amount), 255 - values, values),
        "brightness": factor * values,
        "contrast": grey + factor * (values - grey),
    }
    table = tf.broadcast_to(values, (tf.shape(images)[0], 3, 256))
    for name, one in tables.items():
        table = tf.where(chosen[name][:, None, None], tf.broadcast_to(one, tf.shape(table)), table)
    table = tf.clip_by_value(tf.floor(table), 0, 255)
    offsets = 256 * tf.range(3) + 768 * tf.range(tf.shape(images)[0])[:, None, None, None]
    return tf.ensure_shape(tf.gather(tf.reshape(table, (-1,)), pixels + offsets), images.shape)


def _autocontrast(images, values):
    low = tf.reduce_min(images, axis=(1, 2))[..., None]
    high = tf.reduce_max(images, axis=(1, 2))[..., None]
    stretched = (values - low) * (255 / tf.maximum(high - low, 1.0))
    return tf.where(high > low, stretched, values)


def _equalize(pixels):
    """The table that makes a channel's histogram flat, after its highest value is left out."""
    batch = tf.shape(pixels)[0]
    offsets = 256 * tf.range(3) + 768 * tf.range(batch)[:, None, None, None]
    counts = tf.math.bincount(tf.reshape(pixels + offsets, (-1,)), minlength=batch * 768)
    counts = tf.reshape(counts[: batch * 768], (batch, 3, 256))
    highest = tf.reduce_max(pixels, axis=(1, 2))[..., None]
    last = tf.reduce_sum(tf.where(tf.range(256) == highest, counts, 0), axis=-1, keepdims=True)
    step = (tf.reduce_sum(counts, axis=-1, keepdims=True) - last) // 255
    before = tf.cumsum(counts, axis=-1, exclusive=True)
    flat = (before + step // 2) // tf.maximum(step, 1)
    flat = tf.where(step > 0, flat, tf.range(256))
    return tf.cast(flat, tf.float32)


def _blended(images, chosen, strength):
    """Operations that move each image away from another one made of it, or towards it."""
    other = tf.where(_for(chosen["color"]), tf.round(_grey(images)), images)
    other = tf.where(_for(chosen["sharpness"]), _smooth(images), other)
    factor = 1 + 0.9 * strength[:, None, None, None]
    return tf.clip_by_value(tf.floor(other + factor * (images - other)), 0, 255)


def _smooth(images):
    """Blurred by a 3x3 filter inside, the edge as it is."""
    kernel = tf.constant([[1, 1, 1], [1, 5, 1], [1, 1, 1]], tf.float32) / 13
    kernel = tf.tile(kernel[:, :, None, None], (1, 1, 3, 1))
    inner = tf.nn.depthwise_conv2d(images, kernel, strides=(1, 1, 1, 1), padding="VALID")
    height, width = tf.unstack(tf.shape(images)[1:3])
    rows = tf.minimum(tf.range(height), height - 1 - tf.range(height)) > 0
    columns = tf.minimum(tf.range(width), width - 1 - tf.range(width)) > 0
    padded = tf.pad(tf.round(inner), [[0, 0], [1, 1], [1, 1], [0, 0]])
    return tf.where((rows[:, None] & columns)[None, :, :, None], padded, images)


def _moved(images, chosen, strength):
    """Rotation, shear and translation, as one warp of each image about its center; what comes from
    outside is middle grey."""
    height, width = tf.unstack(tf.cast(tf.shape(images)[1:3], tf.float32))

    def amount(name, most):
        return tf.where(chosen[name], most * strength, 0.0)

    angle = amount("rotate", math.radians(30))
    shear_x, shear_y = amount("shear_x", 0.3), amount("shear_y", 0.3)
    shift_x = amount("translate_x", 150 / 331) * width
    shift_y = amount("translate_y", 150 / 331) * height
    # Row and column that an output pixel is read from: x' = a x + b y + c, y' = d x + e y + f.
    a, b = tf.cos(angle), shear_x - tf.sin(angle)
    d, e = shear_y + tf.sin(angle), tf.cos(angle)
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    c = middle_x - a * middle_x - b * middle_y + shift_x
    f = middle_y - d * middle_x - e * middle_y + shift_y
    zero = tf.zeros_like(a)
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([a, b, c, d, e, f, zero, zero], axis=1),
        output_shape=tf.shape(images)[1:3],
        interpolation="NEAREST",
        fill_mode="CONSTANT",
        fill_value=128.0,
    )
    return tf.ensure_shape(moved, images.shape)


def _grey(images):
    """Luma of ITU-R BT.601."""
    return tf.tensordot(images, tf.constant([[0.299], [0.587], [0.114]]), axes=1)


def _for(which):
    return which[:, None, None, None]
