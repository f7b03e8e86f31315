"""Batches of small images for JAX: made on the device, inside the compiled training step.

They are those of `ann.data.array_pipeline`: the same images in the same order from the same seed,
cropped, flipped, erased and mixed alike. Pixels may differ in the last bit, for XLA divides by
multiplying with the reciprocal; blurred ones and noise by 1e-5. For RandAugment see
`ann.data.jax_randaugment`.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import keras
import numpy as np

from ann.data import jax_augment, philox
from ann.data.arrays import Dataset
from ann.data.jax_randaugment import randaugment


class TrainingBatches(keras.utils.PyDataset):
    """The batches that a training run has left.

    The engine puts `arrays` on the device once. From then on only `draws` travel: which images a
    batch holds, and how each is cropped and flipped. `fit` can use the batches as any PyDataset,
    with `shuffle=False`.

    Args:
        dataset: data set in memory.
        batch_size, seed, first_epoch, first_step, epochs, augmented, augmentation: as in
            `ann.data.training_batches`.

    Attributes:
        arrays: what `make` takes as its first argument.

    Raises:
        ValueError: the images cannot be augmented so (`BatchAugmentation.check`).
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
            augmentation.check(dataset)
        super().__init__()
        self.batch_size, self.seed, self.augmented = batch_size, seed, augmented
        self.augmentation = augmentation
        self._steps_per_epoch = len(dataset.train) // batch_size
        self._first = first_epoch * self._steps_per_epoch + first_step
        self._end = epochs * self._steps_per_epoch
        self._dataset = dataset
        self._normalization = dataset.normalization()
        self.arrays = (dataset.train.images, dataset.train.labels)

    def __len__(self):
        return max(self._end - self._first, 0)

    def __getitem__(self, index):
        one = {name: values[0] for name, values in self.draws(index, 1).items()}
        return tuple(map(np.asarray, self._compiled(self.arrays, one)))

    @functools.cached_property
    def _compiled(self):
        return jax.jit(self.make)

    def draws(self, start: int, count: int) -> dict[str, np.ndarray]:
        """What is random about the batches `start`, `start + 1`, ...

        Returns:
            Arrays `(count, batch_size, ...)`: `which`, the numbers of the images, and what the
            augmentations draw.
        """
        steps = np.arange(start, start + count) + self._first
        places = [divmod(step, self._steps_per_epoch) for step in steps.tolist()]
        draws = {"which": np.stack([self._order(epoch)[step] for epoch, step in places])}
        seeds = philox.seeds_of(self.seed, steps)
        if self.augmented:
            draws |= self._augmentation(seeds)
        if self.augmentation is not None:
            size = self._dataset.image_shape[:2]
            draws |= self.augmentation.draws(seeds, self.batch_size, size)
        return draws

    @functools.lru_cache(maxsize=2)  # noqa: B019 (two epochs; the object lives as long as the run)
    def _order(self, epoch):
        seed = philox.seeds_of(self.seed, [epoch])
        order = philox.permutation(seed, len(self._dataset.train))
        return order[: self._steps_per_epoch * self.batch_size].reshape(-1, self.batch_size)

    def _augmentation(self, seeds):
        """The draws of `ann.data.array_pipeline`, one seed for each step."""
        count, padding = self.batch_size, self._dataset.padding
        crop_seeds, flip_seeds, blur_seeds = philox.split(seeds, 3)
        draws = {}
        if padding:
            corners = philox.integers(crop_seeds, 2 * count, 2 * padding + 1)
            draws["top"], draws["left"] = corners[:, :count], corners[:, count:]
        if self._dataset.flip:
            draws["flip"] = philox.uniform(flip_seeds, count) < 0.5
        if self._dataset.blur:
            low = np.float32(1e-2)
            draws["sigma"] = philox.uniform(blur_seeds, count) * (1 - low) + low
        return draws

    def make(self, arrays, draws):
        """One batch, traced into the training step.

        Args:
            arrays: `self.arrays`, on the device.
            draws: a row of `self.draws`.

        Returns:
            `(images, labels)`, as from `ann.data.training_batches`.
        """
        images, labels = arrays
        mean, std = self._normalization
        x = jnp.take(images, draws["which"], axis=0)
        if "top" in draws:
            x = jax_augment.crop(x, self._dataset.padding, draws["top"], draws["left"])
        if "flip" in draws:
            x = jax_augment.flip(x, draws["flip"])
        if "sigma" in draws:
            x = jax_augment.blur(x.astype(jnp.float32), draws["sigma"])
        x, y = (x.astype(jnp.float32) - mean) / std, jnp.take(labels, draws["which"])
        if "rand_which" in draws:
            pixels = jnp.clip(x * std + mean, 0, 255)
            pixels = randaugment(pixels, draws["rand_which"], draws["rand_strength"])
            x = (pixels - mean) / std
        if "erase_box" in draws:
            x = jax_augment.erase(x, draws["erase_box"], draws["erase_noise"])
        if "mix_box" in draws:
            mixture = {name[4:]: one for name, one in draws.items() if name.startswith("mix_")}
            x, y = jax_augment.mix(x, jax.nn.one_hot(y, self._dataset.num_classes), **mixture)
        return x, y


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
