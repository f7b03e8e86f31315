"""Artificial images for tests: small, easy to learn, the same every time."""

import numpy as np

from ann.data.arrays import Dataset, Split


def load_synthetic(data_dir=None) -> Dataset:
    """Makes images from 10 random 8x8 color patterns: 512 to train and 256 to test.

    Each image is one of the patterns with added noise.
    """
    del data_dir
    random = np.random.default_rng(0)
    patterns = random.uniform(0, 255, (10, 8, 8, 3))

    def split(count):
        labels = random.integers(0, 10, count).astype(np.int32)
        noisy = patterns[labels] + random.normal(0, 60, (count, 8, 8, 3))
        return Split(noisy.clip(0, 255).astype(np.uint8), labels)

    return Dataset("synthetic", 10, train=split(512), test=split(256), padding=1, flip=False)
