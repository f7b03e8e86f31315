"""Batches for JAX. Those for training are made on the device, inside the compiled training step.

They are those of TensorFlow: the same images in the same order from the same seed, augmented alike.
Pixels may differ in the last bit, for XLA divides by multiplying with the reciprocal, and noise by
1e-5. For RandAugment see `ann.data.jax_randaugment`.
"""

from __future__ import annotations

import abc
import functools
import typing

import jax
import jax.numpy as jnp
import keras
import numpy as np

from ann.data import jax_augment, philox
from ann.data.jax_randaugment import randaugment

if typing.TYPE_CHECKING:
    from ann.data.arrays import Dataset
    from ann.data.jpegs import JpegDataset


class TrainingBatches(keras.utils.PyDataset):
    """The batches that a training run has left.

    The engine puts `arrays` on the device once. From then on only `draws` travel. `fit` can use the
    batches as any PyDataset, with `shuffle=False`. Subclasses say what travels and what the images
    of a batch are.

    Args:
        dataset: data set whose training images are used.
        batch_size, seed, first_epoch, first_step, epochs, augmented, augmentation, part: as in
            `ann.data.training_batches`. Each worker sees the whole batch on JAX, but it need not
            hold the images of the others' parts.

    Attributes:
        arrays: what `make` takes as its first argument.
        steps_per_call: how many steps' draws may well travel together to an accelerator.

    Raises:
        ValueError: the images cannot be augmented so (`BatchAugmentation.check`).
    """

    arrays: tuple = ()
    steps_per_call = 50

    def __init__(
        self,
        dataset: Dataset | JpegDataset,
        batch_size,
        *,
        seed,
        first_epoch,
        first_step,
        epochs,
        augmented,
        augmentation=None,
        part=(0, 1),
    ):
        if augmentation is not None:
            augmentation.check(dataset)
        super().__init__()
        self.batch_size, self.seed, self.augmented = batch_size, seed, augmented
        self.augmentation, self.part = augmentation, part
        self.steps_per_epoch = len(dataset.train) // batch_size
        self._first = first_epoch * self.steps_per_epoch + first_step
        self._end = epochs * self.steps_per_epoch
        self.dataset = dataset
        self._normalization = dataset.normalization()

    def __len__(self):
        return max(self._end - self._first, 0)

    def __getitem__(self, index):
        one = {name: values[0] for name, values in self.draws(index, 1).items()}
        return tuple(map(np.asarray, self._compiled(self.arrays, one)))

    @functools.cached_property
    def _compiled(self):
        return jax.jit(self.make)

    def draws(self, start: int, count: int) -> dict[str, np.ndarray]:
        """What tells the batches `start`, `start + 1`, ... from others.

        Returns:
            Arrays `(count, batch_size, ...)`: those of `of_steps`, and what the augmentation draws.
        """
        steps = np.arange(start, start + count) + self._first
        draws = self.of_steps(steps)
        if self.augmentation is not None:
            seeds = philox.seeds_of(self.seed, steps)
            size = self.dataset.image_shape[:2]
            draws |= self.augmentation.draws(seeds, self.batch_size, size)
        return draws

    @abc.abstractmethod
    def of_steps(self, steps: np.ndarray) -> dict[str, np.ndarray]:
        """What `images_and_labels` needs for these steps, counted from the first epoch: arrays
        `(len(steps), batch_size, ...)`."""

    def numbers(self, step: int) -> np.ndarray:
        """The numbers of the images of a step, counted from the first epoch: `(batch_size,)`."""
        epoch, within = divmod(step, self.steps_per_epoch)
        return self._order(epoch)[within]

    @functools.lru_cache(maxsize=2)  # noqa: B019 (two epochs; the object lives as long as the run)
    def _order(self, epoch):
        seed = philox.seeds_of(self.seed, [epoch])
        order = philox.permutation(seed, len(self.dataset.train))
        return order[: self.steps_per_epoch * self.batch_size].reshape(-1, self.batch_size)

    def make(self, arrays, draws):
        """One batch, traced into the training step.

        Args:
            arrays: `self.arrays`, on the device.
            draws: a row of `self.draws`.

        Returns:
            `(images, labels)`, as from `ann.data.training_batches`.
        """
        mean, std = self._normalization
        x, y = self.images_and_labels(arrays, draws)
        x = (x.astype(jnp.float32) - mean) / std
        if "rand_which" in draws:
            pixels = jnp.clip(x * std + mean, 0, 255)
            pixels = randaugment(pixels, draws["rand_which"], draws["rand_strength"])
            x = (pixels - mean) / std
        if "erase_box" in draws:
            x = jax_augment.erase(x, draws["erase_box"], draws["erase_noise"])
        if "mix_box" in draws:
            mixture = {name[4:]: one for name, one in draws.items() if name.startswith("mix_")}
            x, y = jax_augment.mix(x, jax.nn.one_hot(y, self.dataset.num_classes), **mixture)
        return x, y

    @abc.abstractmethod
    def images_and_labels(self, arrays, draws):
        """Images of the batch in pixel values, cropped and flipped, and their labels; traced."""


class EvaluationBatches(keras.utils.PyDataset):
    """All test images in order, normalized, as NumPy arrays. Subclasses say what the images are.

    Args:
        dataset: data set whose test images are used.
        batch_size: images in a batch; the last one may be smaller.
    """

    def __init__(self, dataset: Dataset | JpegDataset, batch_size: int):
        super().__init__()
        self.batch_size, self.dataset = batch_size, dataset
        self._mean, self._std = dataset.normalization()

    def __len__(self):
        return -(-len(self.dataset.test) // self.batch_size)

    def __getitem__(self, index):
        labels = self.dataset.test.labels[self.part(index)]
        return (self.images(index) - self._mean) / self._std, labels

    def part(self, index: int) -> slice:
        """Which of the test images a batch holds."""
        start = index * self.batch_size
        return slice(start, min(start + self.batch_size, len(self.dataset.test)))

    @abc.abstractmethod
    def images(self, index: int) -> np.ndarray:
        """The images of a batch in pixel values, float32 `(batch, height, width, channels)`."""
