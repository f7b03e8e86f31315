"""The augmentation of `ann.data.augment` in JAX, from numbers that are already drawn."""

import jax
import jax.numpy as jnp


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
