"""Random images and labels."""

import numpy as np


def random_batch(batch_size: int, pixels: int = 32, num_classes: int = 10):
    """Returns float32 images `(batch, pixels, pixels, 3)` and labels, the same at each call."""
    random = np.random.default_rng(0)
    images = random.normal(size=(batch_size, pixels, pixels, 3)).astype("float32")
    return images, random.integers(0, num_classes, batch_size)
