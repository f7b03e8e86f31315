"""Real handwritten digits that need no download."""

import numpy as np

from ann.data.arrays import Dataset, Split

_TEST_IMAGES = 360


def load_digits(data_dir=None) -> Dataset:
    """scikit-learn's 1,797 handwritten digits, 8x8, grey: 1,437 to train and 360 to test.

    They come in the order of the writers; a fixed permutation makes both splits of all of them.
    """
    del data_dir  # embedded in scikit-learn
    from sklearn import datasets

    digits = datasets.load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    images = digits.images[order, :, :, None].astype(np.uint8)  # 0..16
    everything = Split(images, digits.target[order].astype(np.int32))
    return Dataset(
        "digits",
        10,
        train=everything[:-_TEST_IMAGES],
        test=everything[-_TEST_IMAGES:],
        padding=1,
        largest=16,
    )
