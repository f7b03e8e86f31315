"""Data sets, as arrays in memory or JPEGs on disk, and their batches.

Where Keras runs on JAX, all but imagenet2012 need no TensorFlow.
"""

from ann.data.catalogue import names
from ann.lazy import lazy_attributes

__getattr__ = lazy_attributes(
    {
        "BatchAugmentation": "ann.data.batch_augmentation",
        "Dataset": "ann.data.arrays",
        "JpegDataset": "ann.data.jpegs",
        "Split": "ann.data.arrays",
        "evaluation_batches": "ann.data.pipeline",
        "fingerprint": "ann.data.fingerprints",
        "load": "ann.data.loading",
        "training_batches": "ann.data.pipeline",
    }
)

__all__ = [
    "BatchAugmentation",
    "Dataset",
    "JpegDataset",
    "Split",
    "evaluation_batches",
    "fingerprint",
    "load",
    "names",
    "training_batches",
]
