"""What `BatchAugmentation` draws, in NumPy, for many steps at a time.

The numbers are those of TensorFlow bit by bit (`ann.data.philox`). A rectangle is computed from
them by functions that may differ in the last bit, so one in a million may have another edge.
"""

import numpy as np

from ann.data import philox
from ann.data.beta import INTERVALS, quantiles
from ann.data.randaugment_operations import OPERATIONS


def operations(seeds, count: int, number: int, magnitude: float) -> dict[str, np.ndarray]:
    """The draws of `randaugment.randaugment`.

    Args:
        seeds: uint32 `(steps, 4)`, as in `ann.data.philox`.
        count: images in a batch.
        number: operations for each image.
        magnitude: their strength.

    Returns:
        `which`, int32 `(steps, count, number)`, and `strength`, float32 of the same shape.
    """
    which, strength = [], []
    for one in philox.split(seeds, number):
        which_seeds, sign_seeds = philox.split(one, 2)
        which.append(philox.integers(which_seeds, count, len(OPERATIONS)))
        up = philox.uniform(sign_seeds, count) < 0.5
        strength.append(np.float32(magnitude) * np.where(up, np.float32(1), np.float32(-1)))
    return {"which": np.stack(which, axis=2), "strength": np.stack(strength, axis=2)}


def erasing(seeds, count: int, size, probability: float) -> dict[str, np.ndarray]:
    """The draws of `mixing.erase`.

    Args:
        seeds: uint32 `(steps, 4)`, as in `ann.data.philox`.
        count: images in a batch.
        size: height and width of an image.
        probability: of an image to be changed.

    Returns:
        `box`, int32 `(steps, count, 4)`: top, left, bottom and right, all 0 for an image that is
        not changed; and `noise`, uint32 `(steps, count, 4)`: `philox.key_of` the noise of the
        batch, for each of its images.
    """
    which_seeds, area_seeds, ratio_seeds, place_seeds, noise_seeds = philox.split(seeds, 5)
    low, high, edge = np.float32(0.02), np.float32(0.4), np.log(np.float32(0.3))
    area = philox.uniform(area_seeds, count) * (high - low) + low
    log_ratio = philox.uniform(ratio_seeds, count) * (-edge - edge) + edge
    sides = np.stack([np.exp(log_ratio / 2), np.exp(-log_ratio / 2)], axis=1)
    whole = np.asarray(size, np.float32)[:, None]
    lengths = np.round(np.minimum(np.sqrt(area)[:, None] * sides * whole, whole))
    space = whole - lengths + 1
    starts = (_pairs(place_seeds, count) * space).astype(np.int32)
    chosen = philox.uniform(which_seeds, count) < probability
    box = _box(starts, starts + lengths.astype(np.int32)) * chosen[..., None]
    noise = np.repeat(philox.key_of(noise_seeds)[:, None], count, axis=1)
    return {"box": box, "noise": noise}


def mixture(seeds, count: int, size, mixup: float, cutmix: float) -> dict[str, np.ndarray]:
    """The draws of `mixing.mixup`, or of `mixing.cutmix`, or of one of them for each step.

    Args:
        seeds, count, size: as in `erasing`.
        mixup, cutmix: alpha of each; 0 for none.

    Returns:
        `partner`, int32 `(steps, count)`: with which image of the batch each is mixed; `box`, int32
        `(steps, count, 4)`: where the partner takes its place, as in `erasing`; and the shares that
        are its own, float32 `(steps, count)`, of the pixels outside of the box (`of_pixels`) and
        of the label (`of_label`).
    """
    which_seeds, seeds = philox.split(seeds, 2)
    mixed = _mixup(seeds, count, mixup) if mixup else None
    cut = _cutmix(seeds, count, size, cutmix) if cutmix else None
    if not mixed or not cut:
        return mixed or cut or {}
    is_mixed = philox.uniform(which_seeds, 1)[:, 0] < 0.5
    return {name: _chosen(is_mixed, mixed[name], cut[name]) for name in mixed}


def _chosen(which: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of each step what `one` has, or what `other` has."""
    return np.where(which.reshape(-1, *[1] * (one.ndim - 1)), one, other)


def _mixup(seeds, count, alpha):
    share_seeds, partner_seeds = philox.split(seeds, 2)
    share = _shares(share_seeds, count, alpha)
    return {
        "partner": _partners(partner_seeds, count),
        "box": np.zeros((len(seeds), count, 4), np.int32),
        "of_pixels": share,
        "of_label": share,
    }


def _cutmix(seeds, count, size, alpha):
    share_seeds, partner_seeds, place_seeds = philox.split(seeds, 3)
    side = np.sqrt(1 - _shares(share_seeds, count, alpha))[:, None]
    whole = np.asarray(size, np.float32)[:, None]
    lengths = (side * whole).astype(np.int32)
    starts = (_pairs(place_seeds, count) * whole).astype(np.int32) - lengths // 2
    limits = np.asarray(size, np.int32)[:, None]
    box = _box(np.clip(starts, 0, limits), np.clip(starts + lengths, 0, limits))
    pixels = (box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1])
    share = pixels.astype(np.float32) / np.float32(size[0] * size[1])
    return {
        "partner": _partners(partner_seeds, count),
        "box": box,
        "of_pixels": np.ones_like(share),
        "of_label": 1 - share,
    }


def _shares(seeds, count, alpha):
    """As `mixing`'s draws from Beta(alpha, alpha)."""
    place = philox.uniform(seeds, count) * np.float32(INTERVALS)
    index, table = place.astype(np.int32), quantiles(alpha)
    return table[index] + (place - index.astype(np.float32)) * (table[index + 1] - table[index])


def _pairs(seeds, count):
    """Numbers in [0, 1) for rows and columns: `(steps, 2, count)`."""
    return philox.uniform(seeds, 2 * count).reshape(-1, 2, count)


def _partners(seeds, count):
    return np.stack([philox.permutation(seed[None], count) for seed in seeds])


def _box(starts, ends):
    """Top, left, bottom and right of each image, from rows and columns `(steps, 2, count)`."""
    return np.concatenate([starts, ends], axis=1).swapaxes(1, 2)
