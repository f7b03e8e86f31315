import numpy as np
import pytest

from ann import data


def test_digits_contain_each_real_image_once():
    from sklearn.datasets import load_digits

    dataset = data.load("digits")
    assert (len(dataset.train), len(dataset.test)) == (1437, 360)
    assert dataset.image_shape == (8, 8, 1)
    images = np.concatenate([dataset.train.images, dataset.test.images]).reshape(1797, 64)
    assert sorted(map(bytes, images)) == sorted(map(bytes, load_digits().data.astype("uint8")))
    # The test split contains each class about as often as the whole data set: 36 of 360.
    assert np.bincount(dataset.test.labels, minlength=10).min() >= 25


def test_normalization_by_hand():
    dataset = data.load("synthetic")
    mean, std = dataset.normalization()
    np.testing.assert_allclose(mean, dataset.train.images.astype(float).mean((0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(std, dataset.train.images.astype(float).std((0, 1, 2)), rtol=1e-6)


def test_the_last_training_images_are_held_out():
    whole, held = data.load("digits"), data.load("digits", hold_out=True)
    np.testing.assert_array_equal(held.train.images, whole.train.images[:-200])
    np.testing.assert_array_equal(held.test.labels, whole.train.labels[-200:])


def test_a_subset_contains_the_first_images():
    whole, subset = data.load("digits"), data.load("digits", train_examples=100)
    np.testing.assert_array_equal(subset.train.images, whole.train.images[:100])
    assert len(subset.test) == 360


def test_unknown_names_and_too_many_images_are_refused():
    with pytest.raises(ValueError, match="one of digits, .* Received: dataset='mnist'"):
        data.load("mnist")
    with pytest.raises(ValueError, match="1437 training images. Received: train_examples=1438"):
        data.load("digits", train_examples=1438)


@pytest.mark.parametrize("name", ["cifar10", "cifar100", "svhn"])
def test_the_error_for_missing_data_says_how_to_get_it(name, tmp_path):
    with pytest.raises(
        FileNotFoundError, match=f"{name} is not prepared.*tfds build .* --data_dir={tmp_path}"
    ):
        data.load(name, data_dir=str(tmp_path))
