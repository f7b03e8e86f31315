"""Each operation, eagerly and inside `map`, because the two have differed in other projects."""

import numpy as np
import pytest
import tensorflow as tf

from ann.data import augment

IMAGES = np.random.default_rng(0).integers(1, 256, (6, 8, 8, 3)).astype("uint8")


def crop(images, seed):
    return augment.random_crop(images, 2, seed)


def blur(images, seed):
    return augment.random_blur(tf.cast(images, tf.float32), seed)


@pytest.mark.parametrize("operation", [crop, augment.random_flip, blur])
def test_eager_and_mapped_results_agree_and_depend_on_the_seed(operation):
    mapped = tf.data.Dataset.from_tensors(IMAGES).map(lambda images: operation(images, (3, 4)))
    eager = operation(tf.constant(IMAGES), (3, 4)).numpy()
    np.testing.assert_allclose(next(iter(mapped)).numpy(), eager, rtol=1e-6)
    assert mapped.element_spec.shape == IMAGES.shape
    assert (operation(tf.constant(IMAGES), (3, 5)).numpy() != eager).any()


def test_crops_are_windows_of_the_padded_image_and_every_window_occurs():
    images = tf.constant(np.repeat(IMAGES[:1], 400, axis=0))
    padded = np.pad(IMAGES[0], [(2, 2), (2, 2), (0, 0)])
    windows = {padded[r : r + 8, c : c + 8].tobytes() for r in range(5) for c in range(5)}
    assert {crop.tobytes() for crop in augment.random_crop(images, 2, (0, 0)).numpy()} == windows


def test_flips_mirror_about_half_of_the_images():
    images = tf.constant(np.repeat(IMAGES[:1], 400, axis=0))
    flipped = augment.random_flip(images, (0, 0)).numpy()
    mirrored = (flipped == IMAGES[0][:, ::-1]).all((1, 2, 3))
    assert ((flipped == IMAGES[0]).all((1, 2, 3)) ^ mirrored).all()
    assert 150 < mirrored.sum() < 250


def test_blur_keeps_the_mean_and_smooths():
    images = IMAGES.astype("float32")
    blurred = augment.random_blur(tf.constant(images), (0, 0)).numpy()
    np.testing.assert_allclose(blurred.mean((1, 2)), images.mean((1, 2)), rtol=1e-4)
    variation = lambda x: np.abs(np.diff(x, axis=2)).mean((1, 2, 3))
    assert (variation(blurred) <= variation(images) + 1e-3).all()
    assert variation(blurred).mean() < 0.9 * variation(images).mean()


def test_blur_by_hand():
    # One bright pixel. With sigma 1, the taps in each direction are e^-1/2, 1, e^-1/2, divided by
    # their sum. A smaller sigma gives smaller side taps.
    image = np.zeros((1, 5, 5, 1), "float32")
    image[0, 2, 2] = 1
    blurred = augment.random_blur(tf.constant(image), (0, 0), max_sigma=1.0).numpy()[0, :, :, 0]
    side = blurred[2, 1] / blurred[2, 2]
    taps = np.array([0, side, 1, side, 0]) / (1 + 2 * side)
    np.testing.assert_allclose(blurred, np.outer(taps, taps), atol=1e-6)
    assert 0 <= side <= np.exp(-0.5)
