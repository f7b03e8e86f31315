"""Real handwritten digits that need no download."""

import numpy as np

from ann.data.arrays import Dataset, Split

_TEST_IMAGES = 360


def load_digits(data_dir=None) -> Dataset:
    """Loads scikit-learn's 1,797 handwritten digits, 8x8, gray: 1,437 to train and 360 to test.

    scikit-learn orders the digits by writer. A fixed permutation mixes the writers, so that both
    splits contain all of them.
    """
    del data_dir  # scikit-learn contains the images.
    from sklearn import datasets

    digits = datasets.load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    images = digits.images[order, :, :, None].astype(np.uint8)  # 0..16
    everything = Split(images, digits.target[order].astype(np.int32))
    return Dataset(
        "digits", 10, train=everything[:-_TEST_IMAGES], test=everything[-_TEST_IMAGES:], padding=1
    )
