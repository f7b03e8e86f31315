"""The operations of `ann.data.randaugment` in JAX, from numbers that are already drawn.

Values are whole numbers after each operation. Compiled, about one in 1,000 differs by a gray level,
where the last bit of a sum decides how it is rounded.
"""

import math

import jax.numpy as jnp

from ann.data.randaugment_operations import OPERATIONS


def randaugment(images, which, strength):
    """Applies operations to each image, one after the other.

    Args:
        images: `(batch, height, width, 3)`, RGB, 0..255; values are rounded.
        which: indices into `OPERATIONS`, int32 `(batch, operations)`.
        strength: float32 `(batch, operations)`, as in `ann.data.randaugment.apply`.

    Returns:
        float32 images of the same shape, whole numbers in 0..255.
    """
    images = jnp.round(images.astype(jnp.float32))
    for index in range(which.shape[1]):
        chosen = {name: which[:, index] == number for number, name in enumerate(OPERATIONS)}
        images = _mapped(images, chosen, strength[:, index])
        images = _blended(images, chosen, strength[:, index])
        images = _moved(images, chosen, strength[:, index])
    return images


def _mapped(images, chosen, strength):
    """Operations that look each value up in a table: `(batch, 3, 256)`."""
    batch = len(images)
    pixels = images.astype(jnp.int32).reshape(batch, -1, 3).swapaxes(1, 2)
    values = jnp.arange(256, dtype=jnp.float32)
    amount = jnp.abs(strength)[:, None, None]
    step = 2.0 ** jnp.round(4 * amount)
    factor = 1 + 0.9 * strength[:, None, None]
    grey = jnp.round(jnp.mean(jnp.round(_grey(images)), axis=(1, 2, 3)))[:, None, None]
    tables = {
        "autocontrast": _autocontrast(pixels, values),
        "equalize": _equalize(pixels),
        "posterize": jnp.floor(values / step) * step,
        "solarize": jnp.where(values >= 256 * (1 - amount), 255 - values, values),
        "brightness": factor * values,
        "contrast": grey + factor * (values - grey),
    }
    table = jnp.broadcast_to(values, (batch, 3, 256))
    for name, one in tables.items():
        table = jnp.where(chosen[name][:, None, None], one, table)
    table = jnp.clip(jnp.floor(table), 0, 255)
    return jnp.take_along_axis(table, pixels, axis=2).swapaxes(1, 2).reshape(images.shape)


def _autocontrast(pixels, values):
    low, high = (of(pixels, axis=2, keepdims=True).astype(jnp.float32) for of in (jnp.min, jnp.max))
    stretched = (values - low) * (255 / jnp.maximum(high - low, 1.0))
    return jnp.where(high > low, stretched, values)


def _equalize(pixels):
    """The table that makes a channel's histogram flat, after its highest value is left out."""
    batch = len(pixels)
    images, channels = jnp.arange(batch)[:, None, None], jnp.arange(3)[:, None]
    counts = jnp.zeros((batch, 3, 256), jnp.int32).at[images, channels, pixels].add(1)
    highest = jnp.max(pixels, axis=2, keepdims=True)
    last = jnp.take_along_axis(counts, highest, axis=2)
    step = (counts.sum(axis=2, keepdims=True) - last) // 255
    before = jnp.cumsum(counts, axis=2) - counts
    flat = (before + step // 2) // jnp.maximum(step, 1)
    return jnp.where(step > 0, flat, jnp.arange(256)).astype(jnp.float32)


def _blended(images, chosen, strength):
    """Operations that move each image away from another one made of it, or towards it."""
    other = jnp.where(_for(chosen["color"]), jnp.round(_grey(images)), images)
    other = jnp.where(_for(chosen["sharpness"]), _smooth(images), other)
    factor = 1 + 0.9 * strength[:, None, None, None]
    return jnp.clip(jnp.floor(other + factor * (images - other)), 0, 255)


def _smooth(images):
    """Blurred by a 3x3 filter inside, the edge as it is."""
    rows = images[:, :-2] + images[:, 1:-1] + images[:, 2:]
    sums = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    blurred = jnp.round((sums + 4 * images[:, 1:-1, 1:-1]) / 13)
    return images.at[:, 1:-1, 1:-1].set(blurred)


def _moved(images, chosen, strength):
    """Rotation, shear and translation, as one warp of each image about its center; what comes from
    outside is middle grey."""
    batch, height, width, _ = images.shape

    def amount(name, most):
        return jnp.where(chosen[name], most * strength, 0.0)

    angle = amount("rotate", math.radians(30))
    a, b = jnp.cos(angle), amount("shear_x", 0.3) - jnp.sin(angle)
    d, e = amount("shear_y", 0.3) + jnp.sin(angle), jnp.cos(angle)
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    c = middle_x - a * middle_x - b * middle_y + amount("translate_x", 150 / 331) * width
    f = middle_y - d * middle_x - e * middle_y + amount("translate_y", 150 / 331) * height
    a, b, c, d, e, f = (one[:, None, None] for one in (a, b, c, d, e, f))
    x, y = jnp.arange(width, dtype=jnp.float32), jnp.arange(height, dtype=jnp.float32)[:, None]
    column, row = _nearest(a * x + b * y + c), _nearest(d * x + e * y + f)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    place = jnp.clip(row, 0, height - 1) * width + jnp.clip(column, 0, width - 1)
    moved = jnp.take_along_axis(
        images.reshape(batch, -1, 3), place.reshape(batch, -1, 1), axis=1
    ).reshape(images.shape)
    return jnp.where(inside[..., None], moved, 128.0)


def _nearest(coordinates):
    """The nearest whole number, as TensorFlow's warp rounds: halves away from zero."""
    return (jnp.sign(coordinates) * jnp.floor(jnp.abs(coordinates) + 0.5)).astype(jnp.int32)


def _grey(images):
    """Luma of ITU-R BT.601."""
    weights = jnp.array([0.299, 0.587, 0.114], jnp.float32)
    return jnp.sum(images * weights, axis=-1, keepdims=True)


def _for(which):
    return which[:, None, None, None]
