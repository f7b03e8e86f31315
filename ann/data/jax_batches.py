"""Batches of small images for JAX: made on the device, inside the compiled training step.

They are those of `ann.data.array_pipeline`: the same images in the same order from the same seed.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import keras
import numpy as np

from ann.data import jax_augment, philox
from ann.data.arrays import Dataset


class TrainingBatches(keras.utils.PyDataset):
    """The batches that a training run has left.

    The engine puts `arrays` on the device once; from then on only the numbers of a batch's images
    travel. `fit` can use the batches as any PyDataset, with `shuffle=False`.

    Args:
        dataset: data set in memory.
        batch_size, seed, first_epoch, first_step, epochs, augmented, augmentation: as in
            `ann.data.training_batches`.

    Attributes:
        arrays: what `make` takes as its first argument.

    Raises:
        ValueError: an augmentation beyond that of the data set is wanted.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size,
        *,
        seed,
        first_epoch,
        first_step,
        epochs,
        augmented,
        augmentation=None,
    ):
        if augmentation is not None:
            raise ValueError(
                "a BatchAugmentation needs TensorFlow: it does not run with KERAS_BACKEND=jax. "
                f"Received: augmentation={augmentation}"
            )
        super().__init__()
        self.batch_size, self.seed, self.augmented = batch_size, seed, augmented
        self._steps_per_epoch = len(dataset.train) // batch_size
        self._first = first_epoch * self._steps_per_epoch + first_step
        self._end = epochs * self._steps_per_epoch
        self._dataset = dataset
        # The mean and deviation are arguments: the compiler would multiply by the reciprocal of a
        # constant, which gives other last bits than a division.
        self.arrays = (dataset.train.images, dataset.train.labels, *dataset.normalization())

    def __len__(self):
        return max(self._end - self._first, 0)

    def __getitem__(self, index):
        which, steps = self.numbers(index, 1)
        return tuple(map(np.asarray, self._compiled(self.arrays, which[0], steps[0])))

    @functools.cached_property
    def _compiled(self):
        return jax.jit(self.make)

    def numbers(self, start: int, count: int):
        """Which images the batches `start`, `start + 1`, ... hold.

        Returns:
            `(which, steps)`: int32 `(count, batch_size)`, the numbers of the images, and int32
            `(count,)`, the numbers of the steps since the start of training. Fewer rows where
            the training ends.
        """
        steps = np.arange(start, min(start + count, len(self)), dtype=np.int32) + self._first
        rows = [
            self._order(int(s) // self._steps_per_epoch)[s % self._steps_per_epoch] for s in steps
        ]
        return np.array(rows, np.int32).reshape(-1, self.batch_size), steps

    @functools.lru_cache(maxsize=2)  # noqa: B019 (two epochs; the object lives as long as the run)
    def _order(self, epoch):
        count = len(self._dataset.train)
        order = philox.permutation(philox.seed_of(self.seed, epoch), count)
        return order[: self._steps_per_epoch * self.batch_size].reshape(-1, self.batch_size)

    def make(self, arrays, which, step):
        """One batch, traced into the training step.

        Args:
            arrays: `self.arrays`, on the device.
            which: int32 `(batch_size,)`.
            step: int32 `()`.

        Returns:
            `(images, labels)`, as from `ann.data.training_batches`.
        """
        images, labels, mean, std = arrays
        x = jnp.take(images, which, axis=0)
        if self.augmented:
            x = self._augment(x, philox.seed_of(self.seed, step))
        return (x.astype(jnp.float32) - mean) / std, jnp.take(labels, which)

    def _augment(self, images, seed):
        crop_seed, flip_seed, blur_seed = philox.split(seed, 3)
        if self._dataset.padding:
            images = jax_augment.random_crop(images, self._dataset.padding, crop_seed)
        if self._dataset.flip:
            images = jax_augment.random_flip(images, flip_seed)
        if self._dataset.blur:
            images = jax_augment.random_blur(images.astype(jnp.float32), blur_seed)
        return images


class EvaluationBatches(keras.utils.PyDataset):
    """All test images in order, normalized, as NumPy arrays.

    Args:
        dataset: data set in memory.
        batch_size: images in a batch; the last one may be smaller.
    """

    def __init__(self, dataset: Dataset, batch_size: int):
        super().__init__()
        self.batch_size = batch_size
        self._split = dataset.test
        self._mean, self._std = dataset.normalization()

    def __len__(self):
        return -(-len(self._split) // self.batch_size)

    def __getitem__(self, index):
        part = self._split[index * self.batch_size : (index + 1) * self.batch_size]
        return (part.images.astype(np.float32) - self._mean) / self._std, part.labels
