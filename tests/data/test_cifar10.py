"""Real CIFAR-10, if it is prepared on this machine."""

import numpy as np
import pytest

from ann import data


@pytest.fixture(scope="module")
def cifar10():
    try:
        return data.load("cifar10")
    except FileNotFoundError as error:
        pytest.skip(f"real CIFAR-10 is not available: {error}")


def test_official_order_and_labels(cifar10):
    assert cifar10.train.images.shape == (50000, 32, 32, 3)
    assert cifar10.test.images.shape == (10000, 32, 32, 3)
    # The first labels in the official files. data_batch_1: frog truck truck deer car. test_batch:
    # cat ship ship plane frog.
    assert cifar10.train.labels[:5].tolist() == [6, 9, 9, 4, 1]
    assert cifar10.test.labels[:5].tolist() == [3, 8, 8, 0, 6]
    assert np.bincount(cifar10.train.labels).tolist() == [5000] * 10
    # The channel means of the training set are widely published as 125.3, 123.0, 113.9.
    np.testing.assert_allclose(cifar10.normalization()[0], [125.3, 123.0, 113.9], atol=0.06)


def test_the_last_5000_images_by_id_are_held_out(cifar10):
    held = data.load("cifar10", hold_out=True)
    assert len(held.train) == 45000
    np.testing.assert_array_equal(held.test.images, cifar10.train.images[45000:])


def test_batches(cifar10):
    batches = data.training_batches(cifar10, 128, seed=0, first_epoch=0, epochs=1)
    images, labels = next(iter(batches))
    assert images.shape == (128, 32, 32, 3)
    assert np.abs(images.numpy().mean()) < 0.3  # normalized, with some black padding
    assert labels.numpy().max() <= 9
