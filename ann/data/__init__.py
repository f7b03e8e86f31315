"""Data sets, as arrays in memory or JPEGs on disk (`load`), and as tf.data batches for training and evaluation (`pipeline`)."""

from ann.data.arrays import Dataset, Split
from ann.data.fingerprint import fingerprint
from ann.data.jpegs import JpegDataset
from ann.data.load import load, names
from ann.data.pipeline import evaluation_batches, training_batches

__all__ = [
    "Dataset",
    "JpegDataset",
    "Split",
    "evaluation_batches",
    "fingerprint",
    "load",
    "names",
    "training_batches",
]
