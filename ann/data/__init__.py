"""Data sets, as arrays in memory or JPEGs on disk, and their tf.data batches.

`names` needs no TensorFlow; everything else imports it.
"""

from ann.data.catalogue import names
from ann.lazy import lazy_attributes

__getattr__ = lazy_attributes(
    {
        "Dataset": "ann.data.arrays",
        "JpegDataset": "ann.data.jpegs",
        "Split": "ann.data.arrays",
        "evaluation_batches": "ann.data.pipeline",
        "load": "ann.data.loading",
        "training_batches": "ann.data.pipeline",
    }
)

__all__ = [
    "Dataset",
    "JpegDataset",
    "Split",
    "evaluation_batches",
    "load",
    "names",
    "training_batches",
]
