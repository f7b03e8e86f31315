"""RandAugment's operations against Pillow's, and warps by hand."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageEnhance, ImageOps

from ann.data.randaugment import OPERATIONS, apply, randaugment

PILLOW = {
    "identity": lambda image, s: image,
    "autocontrast": lambda image, s: ImageOps.autocontrast(image),
    "equalize": lambda image, s: ImageOps.equalize(image),
    "posterize": lambda image, s: ImageOps.posterize(image, 8 - round(4 * abs(s))),
    "solarize": lambda image, s: ImageOps.solarize(image, 256 * (1 - abs(s))),
    "brightness": lambda image, s: ImageEnhance.Brightness(image).enhance(1 + 0.9 * s),
    "contrast": lambda image, s: ImageEnhance.Contrast(image).enhance(1 + 0.9 * s),
    "color": lambda image, s: ImageEnhance.Color(image).enhance(1 + 0.9 * s),
    "sharpness": lambda image, s: ImageEnhance.Sharpness(image).enhance(1 + 0.9 * s),
}


def applied(name, images, strength):
    count = len(images)
    which = np.full(count, OPERATIONS.index(name), np.int32)
    return apply(images, which, np.full(count, strength, np.float32)).numpy()


@pytest.fixture
def pictures(random):
    ramp = 4 * np.arange(12)[None, None, :, None]
    return (random.integers(20, 200, (3, 10, 12, 3)) + ramp).astype("uint8")


@pytest.mark.parametrize("name", PILLOW)
@pytest.mark.parametrize("strength", [0.5, -1.0])
def test_values_are_those_of_pillow(name, strength, pictures):
    expected = [PILLOW[name](Image.fromarray(picture), strength) for picture in pictures]
    difference = np.abs(applied(name, pictures, strength) - np.stack(expected).astype("float32"))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.02


def test_a_flat_image_is_left_alone():
    flat = np.full((1, 6, 6, 3), 90, np.uint8)
    for name in ("autocontrast", "equalize", "contrast", "color", "sharpness"):
        np.testing.assert_array_equal(applied(name, flat, 0.7), flat)


def test_translation_moves_by_a_share_of_the_edge(random):
    images = random.integers(0, 256, (1, 331, 331, 3)).astype("uint8")
    moved = applied("translate_x", images, 1.0)
    np.testing.assert_array_equal(moved[:, :, :-150], images[:, :, 150:])
    assert (moved[:, :, -150:] == 128).all()
    moved = applied("translate_y", images, -1.0)
    np.testing.assert_array_equal(moved[:, 150:], images[:, :-150])


def test_rotation_and_shear_keep_the_center():
    images = np.zeros((1, 31, 31, 3), np.uint8)
    images[0, 15, 15] = 255  # the center
    images[0, 15, 25] = 200  # ten pixels to the right
    turned = applied("rotate", images, 1.0)[0, :, :, 0]
    assert turned[15, 15] == 255
    row, column = np.argwhere(turned == 200)[0] - 15
    assert np.hypot(row, column) == pytest.approx(10, abs=1)
    assert abs(np.degrees(np.arctan2(row, column))) == pytest.approx(30, abs=3)
    for name in ("shear_x", "shear_y"):
        assert applied(name, images, 1.0)[0, 15, 15, 0] == 255


def test_each_image_has_its_own_operations(pictures):
    images = np.repeat(pictures[:1], 64, axis=0)
    found = randaugment(images, 1, 0.7, (0, 1)).numpy()
    assert len({one.tobytes() for one in found}) > 10
    assert ((found >= 0) & (found <= 255) & (found == np.round(found))).all()
    np.testing.assert_array_equal(found, randaugment(images, 1, 0.7, (0, 1)))
    assert (found != randaugment(images, 1, 0.7, (0, 2)).numpy()).any()


def test_no_strength_leaves_all_but_the_tables_alone(pictures):
    for name in set(OPERATIONS) - {"autocontrast", "equalize"}:
        np.testing.assert_array_equal(applied(name, pictures, 0.0), tf.cast(pictures, tf.float32))
