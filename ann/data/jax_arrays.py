"""Batches of small images for JAX: the images stay in the memory of the device.

They are those of `ann.data.array_pipeline`; blurred ones within 1e-5.
"""

import jax.numpy as jnp
import numpy as np

from ann.data import jax_augment, philox
from ann.data.arrays import Dataset
from ann.data.jax_batches import EvaluationBatches, TrainingBatches


class ArrayTrainingBatches(TrainingBatches):
    """Which images a batch holds, and how each is cropped and flipped, is all that travels."""

    def __init__(self, dataset: Dataset, batch_size: int, **options):
        super().__init__(dataset, batch_size, **options)
        self.arrays = (dataset.train.images, dataset.train.labels)

    def of_steps(self, steps):
        draws = {"which": np.stack([self.numbers(step) for step in steps.tolist()])}
        return draws | self._augmentation(steps) if self.augmented else draws

    def _augmentation(self, steps):
        """The draws of `ann.data.array_pipeline`, one seed for each step."""
        count, padding = self.batch_size, self.dataset.padding
        crop_seeds, flip_seeds, blur_seeds = philox.split(philox.seeds_of(self.seed, steps), 3)
        draws = {}
        if padding:
            corners = philox.integers(crop_seeds, 2 * count, 2 * padding + 1)
            draws["top"], draws["left"] = corners[:, :count], corners[:, count:]
        if self.dataset.flip:
            draws["flip"] = philox.uniform(flip_seeds, count) < 0.5
        if self.dataset.blur:
            low = np.float32(1e-2)
            draws["sigma"] = philox.uniform(blur_seeds, count) * (1 - low) + low
        return draws

    def images_and_labels(self, arrays, draws):
        images, labels = arrays
        x = jnp.take(images, draws["which"], axis=0)
        if "top" in draws:
            x = jax_augment.crop(x, self.dataset.padding, draws["top"], draws["left"])
        if "flip" in draws:
            x = jax_augment.flip(x, draws["flip"])
        if "sigma" in draws:
            x = jax_augment.blur(x.astype(jnp.float32), draws["sigma"])
        return x, jnp.take(labels, draws["which"])


class ArrayEvaluationBatches(EvaluationBatches):
    """The test images of a data set in memory."""

    def images(self, index):
        return self.dataset.test.images[self.part(index)].astype(np.float32)
