"""Erasing and mixing: shares by hand, and equal in eager code and in `map`."""

import numpy as np
import pytest
import tensorflow as tf

from ann import data
from ann.data import mixing

SEED = (3, 5)
COUNT = 400


def plain(count=COUNT, size=8):
    """Image k is k all over, and its label is class k."""
    images = np.broadcast_to(
        np.arange(count, dtype="float32")[:, None, None, None], (count, size, size, 3)
    )
    return tf.constant(images), tf.eye(count)


def test_mixup_mixes_images_and_labels_by_the_same_share():
    images, labels = mixing.mixup(*plain(), 1.0, SEED)
    assert (np.ptp(images, axis=(1, 2, 3)) < 1e-3).all()
    np.testing.assert_allclose(np.sum(labels, axis=1), 1, rtol=1e-5)
    # Image k is k all over: its value is the mean class of its label.
    mean_class = np.asarray(labels) @ np.arange(COUNT)
    np.testing.assert_allclose(images[:, 0, 0, 0], mean_class, rtol=1e-3, atol=1e-2)
    share = np.diag(labels)
    assert share.mean() == pytest.approx(0.5, abs=0.05)  # Beta(1, 1) is uniform
    assert share.std() == pytest.approx(np.sqrt(1 / 12), abs=0.03)


def test_a_small_alpha_leaves_one_image_nearly_alone():
    labels = mixing.mixup(*plain(), 0.1, SEED)[1]
    nearly = np.max(labels, axis=1)
    # Beta(0.1, 0.1) is below 0.05 or above 0.95 with probability 0.76.
    assert (nearly > 0.95).mean() == pytest.approx(0.76, abs=0.06)


def test_cutmix_labels_are_the_pixels_that_are_left():
    images, labels = mixing.cutmix(*plain(), 1.0, SEED)
    own = np.mean(images[..., 0] == np.arange(COUNT)[:, None, None], axis=(1, 2))
    np.testing.assert_allclose(np.diag(labels), own, atol=1e-6)
    np.testing.assert_allclose(np.sum(labels, axis=1), 1, rtol=1e-5)
    assert 0.2 < (own < 1).mean() <= 1
    for index, image in enumerate(images[:50, ..., 0].numpy()):
        pasted = np.argwhere(image != index)
        if len(pasted):  # one rectangle of one other image
            assert len(set(image[image != index])) == 1
            assert np.prod(np.ptp(pasted, axis=0) + 1) == len(pasted)


def test_erasing_changes_one_rectangle_of_the_right_share_of_images():
    images = tf.fill((COUNT, 20, 20, 3), 7.0)
    erased = np.any(mixing.erase(images, 0.5, SEED) != images, axis=-1)
    changed = erased.any(axis=(1, 2))
    assert changed.mean() == pytest.approx(0.5, abs=0.08)
    areas = []
    for image in erased[changed]:
        places = np.argwhere(image)
        assert np.prod(np.ptp(places, axis=0) + 1) == len(places)
        areas.append(len(places) / 400)
    assert 0.01 <= min(areas) < 0.06
    assert 0.3 < max(areas) <= 0.43
    noise = mixing.erase(images, 1.0, SEED).numpy()
    noise = noise[noise != 7]
    assert noise.mean() == pytest.approx(0, abs=0.02)
    assert noise.std() == pytest.approx(1, abs=0.02)


def test_nothing_is_erased_with_probability_0():
    images = tf.random.stateless_normal((8, 5, 5, 1), SEED)
    np.testing.assert_array_equal(mixing.erase(images, 0.0, SEED), images)


EVERYTHING = data.BatchAugmentation(operations=1, erasing=0.5, mixup=0.4, cutmix=1.0)


def batches(augmentation, first_epoch=0):
    options = {"seed": 0, "first_epoch": first_epoch, "epochs": 2}
    dataset = data.load("synthetic", train_examples=128)
    found = data.training_batches(dataset, 32, augmentation=augmentation, **options)
    return [(x.numpy(), y.numpy()) for x, y in found]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"erasing": 1.0},
        {"mixup": 1.0},
        {"operations": 1, "erasing": 0.5, "mixup": 0.4, "cutmix": 1.0},
    ],
)
def test_batches_depend_on_seed_and_step_alone(options):
    augmentation = data.BatchAugmentation(**options)
    whole, resumed, bare = batches(augmentation), batches(augmentation, 1), batches(None)
    for (x, y), (x_resumed, y_resumed) in zip(whole[4:], resumed, strict=True):
        np.testing.assert_array_equal(x, x_resumed)
        np.testing.assert_array_equal(y, y_resumed)
    mixed = "mixup" in options or "cutmix" in options
    for (x, y), (x_bare, y_bare) in zip(whole, bare, strict=True):
        assert x.shape == x_bare.shape
        assert x.dtype == np.float32
        assert np.isfinite(x).all()
        assert y.shape == ((32, 10) if mixed else (32,))
        assert (np.abs(x - x_bare).max() > 0.01) == bool(options)
        if not mixed:
            np.testing.assert_array_equal(y, y_bare)


def test_eager_and_mapped_are_equal():
    dataset = data.load("synthetic")
    images = tf.constant((dataset.train.images[:16] - 128.0) / 60, tf.float32)
    labels = tf.constant(dataset.train.labels[:16])
    options = {"normalization": (128.0, 60.0), "num_classes": 10}
    augment = lambda x, y: EVERYTHING.augment(x, y, tf.constant(SEED), **options)
    eager = augment(images, labels)
    (mapped,) = tf.data.Dataset.from_tensors((images, labels)).map(augment)
    for one, other in zip(eager, mapped, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_randaugment_of_grey_images_is_refused():
    with pytest.raises(ValueError, match=r"digits have 1 channel. Received: randaugment=2"):
        data.BatchAugmentation(operations=2).check(data.load("digits"))
