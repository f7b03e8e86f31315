"""The augmentation of `ann.data.augment` in JAX, from numbers that are already drawn."""

import math

import jax
import jax.numpy as jnp

from ann.data import philox


def crop(images, padding: int, top, left):
    """Pads each image with zeros on all sides, then crops it to its old size.

    Args:
        images: `(batch, height, width, channels)`, any dtype.
        padding: pixels to add on each side.
        top, left: int32 `(batch,)`, where each window starts.

    Returns:
        Images of the same shape and dtype.
    """
    _, height, width, channels = images.shape
    edges = [(0, 0), (padding, padding), (padding, padding), (0, 0)]
    window = lambda image, row, column: jax.lax.dynamic_slice(
        image, (row, column, 0), (height, width, channels)
    )
    return jax.vmap(window)(jnp.pad(images, edges), top, left)


def flip(images, which):
    """Mirrors the images left to right for which `which`, bool `(batch,)`, is True."""
    return jnp.where(which[:, None, None, None], images[:, :, ::-1], images)


def blur(images, sigma):
    """Blurs each image with a Gaussian filter of 3 taps in each direction.

    Args:
        images: float `(batch, height, width, channels)`.
        sigma: float32 `(batch,)`, in pixels.

    Returns:
        Images of the same shape and dtype.
    """
    side = jnp.exp(-0.5 / sigma**2)[:, None, None, None]
    for axis in (1, 2):
        edges = [(0, 0)] * 4
        edges[axis] = (1, 1)
        padded = jnp.pad(images, edges, mode="symmetric")
        size = images.shape[axis]
        before, after = (
            jax.lax.slice_in_dim(padded, shift, size + shift, axis=axis) for shift in (0, 2)
        )
        images = (images + side * (before + after)) / (1 + 2 * side)
    return images


def erase(images, box, noise):
    """Replaces a rectangle of each image by noise from N(0, 1), as `ann.data.mixing.erase`.

    Args:
        images: normalized float32 `(batch, height, width, channels)`.
        box, noise: a step of `ann.data.mixing_draws.erasing`.
    """
    return jnp.where(_inside(images, box), _normal(noise[0], images.shape), images)


def mix(images, labels, partner, box, of_pixels, of_label):
    """Mixes each image and its label with another one of the batch, as `ann.data.mixing`.

    Args:
        images: normalized float32 `(batch, height, width, channels)`.
        labels: distributions over the classes, float32 `(batch, num_classes)`.
        partner, box, of_pixels, of_label: a step of `ann.data.mixing_draws.mixture`.

    Returns:
        `(images, labels)` of the same shapes.
    """
    others = jnp.take(images, partner, axis=0)
    mixed = _between(images, others, of_pixels[:, None, None, None])
    images = jnp.where(_inside(images, box), others, mixed)
    return images, _between(labels, jnp.take(labels, partner, axis=0), of_label[:, None])


def _between(one, other, share):
    return share * one + (1 - share) * other


def _inside(images, box):
    """True inside of each image's rectangle: `(batch, height, width, 1)`."""
    rows, columns = (jnp.arange(length)[None] for length in images.shape[1:3])
    top, left, bottom, right = (box[:, index, None] for index in range(4))
    inside = ((rows >= top) & (rows < bottom))[:, :, None]
    return (inside & ((columns >= left) & (columns < right))[:, None, :])[..., None]


def _normal(key, shape):
    """As `tf.random.stateless_normal`, from `philox.key_of` the seed: Box and Muller's method."""
    count = math.prod(shape)
    groups = jnp.arange(-(-count // 4), dtype=jnp.uint32)
    numbers = [_unit(word) for word in philox.words(list(key), groups)]
    found = []
    for first, second in (numbers[:2], numbers[2:]):
        radius = jnp.sqrt(-2 * jnp.log(jnp.maximum(first, 1e-7)))
        angle = jnp.float32(2 * math.pi) * second
        found += [radius * jnp.sin(angle), radius * jnp.cos(angle)]
    return jnp.stack(found, axis=1).reshape(-1)[:count].reshape(shape)


def _unit(bits):
    """In [0, 1), as `philox.uniform`."""
    return (bits & jnp.uint32(0x7FFFFF)).astype(jnp.float32) * jnp.float32(2.0**-23)
