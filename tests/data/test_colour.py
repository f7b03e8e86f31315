"""The single matrix product against the four changes, one after the other."""

import itertools

import numpy as np
import tensorflow as tf

from ann.data import colour

IMAGE = np.random.default_rng(0).uniform(80, 170, (12, 9, 3)).astype("float32")
CHANGES = {
    "brightness": 12.0,
    "contrast": 1.15,
    "saturation": 0.7,
    "lighting": np.array([0.1, -0.15, 0.2], "float32"),
}


def one_by_one(image, order):
    """Applies the changes in the given order, as they are defined (author_code.md section 3)."""
    values, vectors = np.array([0.2175, 0.0188, 0.0045]) * 255, np.array(colour._COMPONENTS)
    for name in order:
        amount = CHANGES[name]
        if name == "brightness":
            image = image + amount
        if name == "contrast":
            average = image.mean((0, 1))
            image = (image - average) * amount + average
        if name == "saturation":
            grey = image @ [0.299, 0.587, 0.114]
            image = amount * image + (1 - amount) * grey[..., None]
        if name == "lighting":
            image = image + vectors @ (amount * values)
    return image


def test_result_equals_the_changes_one_by_one_and_their_order_hardly_matters():
    changed = colour.change(tf.constant(IMAGE), **CHANGES).numpy()
    order = ["contrast", "saturation", "brightness", "lighting"]
    np.testing.assert_allclose(changed, one_by_one(IMAGE, order), atol=1e-3)
    differences = [
        np.abs(one_by_one(IMAGE, order) - changed).max()
        for order in itertools.permutations(CHANGES)
    ]
    assert max(differences) < 1  # gray level


def test_the_lighting_components_are_orthonormal():
    vectors = np.array(colour._COMPONENTS)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(3), atol=2e-3)


def test_random_changes_stay_in_range_and_agree_inside_map():
    image = tf.constant(np.linspace(0, 255, 12 * 9 * 3, dtype="float32").reshape(12, 9, 3))
    mapped = tf.data.Dataset.range(200).map(
        lambda k: colour.random_change(image, tf.stack([tf.constant(1, tf.int64), k]))
    )
    changed = np.array(list(mapped.as_numpy_iterator()))
    assert (changed.min(), changed.max()) == (0, 255)
    np.testing.assert_allclose(
        colour.random_change(image, tf.constant([1, 5], tf.int64)), changed[5], atol=1e-3
    )
    # Brightness shifts the average by up to 30 gray levels, and lighting by a few more.
    shifts = changed.mean((1, 2, 3)) - image.numpy().mean()
    assert 20 < shifts.max() < 45
    assert -45 < shifts.min() < -20
