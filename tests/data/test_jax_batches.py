"""The batches that JAX makes on the device are those of tf.data."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from ann import data
from ann.data import randaugment

pytest.importorskip("jax")

from ann.data.jax_arrays import ArrayEvaluationBatches, ArrayTrainingBatches
from ann.data.jax_randaugment import randaugment as jax_randaugment

OPTIONS = {"seed": 2**32 - 1, "first_epoch": 1, "first_step": 5, "epochs": 3}
AUGMENTATIONS = {
    "none": {"padding": 0, "flip": False},
    "crop and flip": {"padding": 4, "flip": True},
    "crop and blur": {"padding": 2, "flip": False, "blur": True},
}


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_training_batches(name):
    dataset = dataclasses.replace(data.load("synthetic"), **AUGMENTATIONS[name])
    mine = ArrayTrainingBatches(dataset, 48, **OPTIONS, augmented=True)
    theirs = list(data.training_batches(dataset, 48, **OPTIONS))
    assert len(mine) == len(theirs) == 5 + 10
    for (x, y), (tf_x, tf_y) in zip(mine, theirs, strict=True):
        assert (x.dtype, y.dtype) == (np.float32, np.int32)
        np.testing.assert_array_equal(y, tf_y)
        # XLA multiplies with the reciprocal of the standard deviation: one bit, but for the blur.
        np.testing.assert_allclose(x, tf_x, rtol=1e-5 if "blur" in name else 2.5e-7, atol=1e-6)


MIXTURES = [
    {"erasing": 0.7},
    {"mixup": 0.2},
    {"cutmix": 1.0},
    {"erasing": 0.5, "mixup": 0.4, "cutmix": 1.0},
]


@pytest.mark.parametrize("options", MIXTURES)
def test_erased_and_mixed_batches(options):
    """Bit by bit but for the last bits of noise and shares: the same rectangles and partners."""
    dataset = dataclasses.replace(data.load("synthetic"), padding=2, flip=True)
    options = {**OPTIONS, "augmentation": data.BatchAugmentation(**options)}
    mine = ArrayTrainingBatches(dataset, 48, **options, augmented=True)
    theirs = list(data.training_batches(dataset, 48, **options))
    assert len(mine) == len(theirs)
    for (x, y), (tf_x, tf_y) in zip(mine, theirs, strict=True):
        assert (x.dtype, y.dtype) == (tf_x.dtype, tf_y.dtype)
        np.testing.assert_allclose(y, tf_y, rtol=0, atol=1e-6)
        np.testing.assert_allclose(x, tf_x, rtol=1e-5, atol=1e-5)


def test_evaluation_batches():
    dataset = data.load("digits")
    mine = ArrayEvaluationBatches(dataset, 100)
    theirs = list(data.evaluation_batches(dataset, 100))
    assert [len(y) for _, y in mine] == [100, 100, 100, 60]
    for (x, y), (tf_x, tf_y) in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(x, tf_x)
        np.testing.assert_array_equal(y, tf_y)


def test_operations_of_randaugment():
    """Each of the 14, up and down: TensorFlow's numbers."""
    images = data.load("synthetic").train.images[:140]
    which = np.repeat(np.arange(14, dtype="int32"), 10)
    strength = np.tile(np.float32([0.5, -0.5, 0.9, -0.9, 0.31]), 28)
    expected = randaugment.apply(tf.constant(images), which, tf.constant(strength))
    found = jax_randaugment(images, which[:, None], strength[:, None])
    np.testing.assert_array_equal(found, expected)


def test_batches_with_randaugment():
    """Compiled, a sum may round to the next gray level, and a later operation may spread it."""
    dataset = data.load("synthetic")
    options = {**OPTIONS, "augmentation": data.BatchAugmentation(operations=2, magnitude=0.7)}
    mine = ArrayTrainingBatches(dataset, 48, **options, augmented=True)
    theirs = list(data.training_batches(dataset, 48, **options))
    assert len(mine) == len(theirs)
    differences = [np.abs(x - tf_x) for (x, _), (tf_x, _) in zip(mine, theirs, strict=True)]
    gray_levels = np.stack(differences) * dataset.normalization()[1]
    assert (gray_levels > 1e-2).mean() < 1e-2


def test_randaugment_of_grey_images_is_refused():
    augmentation = data.BatchAugmentation(operations=2)
    with pytest.raises(ValueError, match="randaugment is for RGB images"):
        ArrayTrainingBatches(
            data.load("digits"), 64, **OPTIONS, augmented=True, augmentation=augmentation
        )
