"""Data sets of 32x32 images from TensorFlow Datasets, with the papers' augmentation."""

import functools

import numpy as np

from ann.data.arrays import Dataset, Split
from ann.data.tfds_builder import prepared_builder


def load_cifar10(data_dir=None) -> Dataset:
    """CIFAR-10: 50,000 and 10,000 images, in the official order; pad 4, crop, mirror (001 section 5.1)."""
    return _load("cifar10", "cifar10", 10, data_dir, train="train", padding=4, flip=True)


def load_cifar100(data_dir=None) -> Dataset:
    """CIFAR-100: as CIFAR-10, 100 classes."""
    return _load("cifar100", "cifar100", 100, data_dir, train="train", padding=4, flip=True)


def load_svhn(data_dir=None) -> Dataset:
    """SVHN: 604,388 (train and extra) and 26,032 images; pad 4, crop, blur (001 section 5.1).

    Its records have no id: they stay in the order TFDS wrote them, which is the same on every
    machine.
    """
    return _load("svhn", "svhn_cropped", 10, data_dir, train="train+extra", padding=4, blur=True)


def _load(name, tfds_name, num_classes, data_dir, *, train, **augmentation):
    prepared_builder(name, tfds_name, data_dir, first="it downloads the data")
    splits = {
        key: _read(tfds_name, data_dir, split)
        for key, split in (("train", train), ("test", "test"))
    }
    return Dataset(name, num_classes, **splits, **augmentation)


@functools.lru_cache(maxsize=2)
def _read(tfds_name, data_dir, split) -> Split:
    """A whole split, sorted by id where its records have one: TFDS shuffles when it writes.

    The last two splits stay in memory, so that many runs in a process decode them once.
    """
    import tensorflow_datasets as tfds

    builder = tfds.builder(tfds_name, data_dir=data_dir)
    config = tfds.ReadConfig(
        interleave_cycle_length=1
    )  # the shards one after the other: the order they were written in
    batches = tfds.as_numpy(builder.as_dataset(split=split, read_config=config, batch_size=1000))
    columns = {}
    for batch in batches:
        for key, values in batch.items():
            columns.setdefault(key, []).append(values)
    columns = {key: np.concatenate(values) for key, values in columns.items()}
    order = np.argsort(columns["id"]) if "id" in columns else slice(None)
    return Split(columns["image"][order], columns["label"][order].astype(np.int32))
