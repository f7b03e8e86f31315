"""The augmentation of `ann.data.augment` in JAX: the same images from the same seed.

Crops and flips are the same bits, blurred images the same to 1e-5 of a gray level. A seed is uint32
`(4,)`, as in `ann.data.philox`.
"""

import jax
import jax.numpy as jnp

from ann.data import philox


def random_crop(images, padding: int, seed):
    """As `augment.random_crop`."""
    batch, height, width, channels = images.shape
    edges = [(0, 0), (padding, padding), (padding, padding), (0, 0)]
    top, left = philox.integers(seed, (2, batch), 2 * padding + 1)
    window = lambda image, row, column: jax.lax.dynamic_slice(
        image, (row, column, 0), (height, width, channels)
    )
    return jax.vmap(window)(jnp.pad(images, edges), top, left)


def random_flip(images, seed):
    """As `augment.random_flip`."""
    flip = philox.uniform(seed, (len(images), 1, 1, 1)) < 0.5
    return jnp.where(flip, images[:, :, ::-1], images)


def random_blur(images, seed, *, max_sigma: float = 1.0):
    """As `augment.random_blur`."""
    low = jnp.float32(1e-2)
    draws = philox.uniform(seed, (len(images), 1, 1, 1))
    sigma = draws * (jnp.float32(max_sigma) - low) + low
    side = jnp.exp(-0.5 / sigma**2)
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
