"""Augmentation of training batches beyond that of a data set, all off by default."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np

from ann.data import mixing_draws, philox

if typing.TYPE_CHECKING:
    import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class BatchAugmentation:
    """RandAugment, then random erasing, then mixup or CutMix.

    What a batch becomes depends on the seed and the number of its training step alone, so that a
    resumed run sees what it would have seen.

    Attributes:
        operations, magnitude: of `randaugment`; 0 operations for none.
        erasing: probability of `mixing.erase`.
        mixup, cutmix: alpha of `mixing.mixup` and `mixing.cutmix`; 0 for none. With both, each
            batch has one of the two, with equal chances.
    """

    operations: int = 0
    magnitude: float = 0.5
    erasing: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0

    def check(self, dataset) -> None:
        """Raises where the images of a data set cannot be augmented so.

        Raises:
            ValueError: RandAugment for images that are not RGB.
        """
        if self.operations and dataset.image_shape[-1] != 3:
            raise ValueError(
                f"randaugment is for RGB images; those of {dataset.name} have "
                f"{dataset.image_shape[-1]} channel. Received: randaugment={self.operations}"
            )

    def augment(self, images, labels, seed, *, normalization, num_classes: int):
        """One batch.

        Args:
            images: normalized float32 `(batch, height, width, channels)`.
            labels: int32 `(batch,)`.
            seed: int `(2,)`.
            normalization: mean and standard deviation of each channel in pixel values, by which the
                images are normalized.
            num_classes: number of classes.

        Returns:
            `(images, labels)`; with mixup or CutMix the labels are distributions, float32 `(batch,
            num_classes)`.
        """
        import tensorflow as tf  # JAX needs the draws alone

        from ann.data import mixing
        from ann.data.randaugment import randaugment

        rand_seed, erase_seed, mix_seed = tf.unstack(
            tf.random.experimental.stateless_split(seed, 3)
        )
        if self.operations:
            mean, std = normalization
            pixels = tf.clip_by_value(images * std + mean, 0.0, 255.0)
            pixels = randaugment(pixels, self.operations, self.magnitude, rand_seed)
            images = (pixels - mean) / std
        if self.erasing:
            images = mixing.erase(images, self.erasing, erase_seed)
        if self.mixup or self.cutmix:
            return self._mixed(images, tf.one_hot(labels, num_classes), mix_seed)
        return images, labels

    def _mixed(self, images, labels, seed):
        import tensorflow as tf

        from ann.data import mixing

        which_seed, seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        mix = lambda: mixing.mixup(images, labels, self.mixup, seed)
        cut = lambda: mixing.cutmix(images, labels, self.cutmix, seed)
        if not self.cutmix:
            return mix()
        if not self.mixup:
            return cut()
        return tf.cond(tf.random.stateless_uniform((), which_seed) < 0.5, mix, cut)

    def apply(self, batches, dataset, seed: int, first_step: int) -> tf.data.Dataset:
        """All batches of a training.

        Args:
            batches: tf.data.Dataset of images and labels, as `Dataset.training_batches` gives.
            dataset: where they come from.
            seed: of the run.
            first_step: number of the first batch since the start of training.

        Raises:
            ValueError: as `check`.
        """
        import tensorflow as tf

        self.check(dataset)
        options = {"normalization": dataset.normalization(), "num_classes": dataset.num_classes}

        def augment(step, batch):
            # Apart from the seeds of the data set's own augmentation, which are (seed, step).
            one = tf.constant(1, tf.int64)
            own = tf.random.experimental.stateless_fold_in(tf.stack([seed, step]), one)
            return self.augment(*batch, own, **options)

        numbered = batches.enumerate(start=first_step)
        return numbered.map(augment, num_parallel_calls=tf.data.AUTOTUNE)

    def draws(self, seeds, count: int, size) -> dict[str, np.ndarray]:
        """What `apply` draws for its batches, for `jax_augment` and `jax_randaugment`.

        Args:
            seeds: of the steps, uint32 `(steps, 4)`, as in `ann.data.philox`.
            count: images in a batch.
            size: height and width of an image.

        Returns:
            Arrays `(steps, count, ...)`, those of `mixing_draws` by names of their own.
        """
        rand_seeds, erase_seeds, mix_seeds = philox.split(philox.fold_in(seeds, 1), 3)
        drawn = {}
        if self.operations:
            drawn["rand"] = mixing_draws.operations(
                rand_seeds, count, self.operations, self.magnitude
            )
        if self.erasing:
            drawn["erase"] = mixing_draws.erasing(erase_seeds, count, size, self.erasing)
        if self.mixup or self.cutmix:
            drawn["mix"] = mixing_draws.mixture(mix_seeds, count, size, self.mixup, self.cutmix)
        return {
            f"{kind}_{name}": values
            for kind, arrays in drawn.items()
            for name, values in arrays.items()
        }
