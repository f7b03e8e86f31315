"""Data sets of 32x32 images from TensorFlow Datasets, with the papers' augmentation."""

import functools

import numpy as np

from ann.data.arrays import Dataset, Split
from ann.data.tfds_builder import prepared_builder


def load_cifar10(data_dir=None) -> Dataset:
    """Loads CIFAR-10 in the official order: 50,000 images to train and 10,000 to test.

    Training images are padded by 4 pixels, cropped, and mirrored (001 section 5.1).
    """
    return _load("cifar10", "cifar10", 10, data_dir, train="train", padding=4, flip=True)


def load_cifar100(data_dir=None) -> Dataset:
    """Loads CIFAR-100. Everything but the 100 classes is as in CIFAR-10."""
    return _load("cifar100", "cifar100", 100, data_dir, train="train", padding=4, flip=True)


def load_svhn(data_dir=None) -> Dataset:
    """Loads SVHN: 604,388 images to train (train and extra) and 26,032 to test.

    Training images are padded by 4 pixels, cropped, and blurred (001 section 5.1). The records have
    no id, so they stay in the order in which TFDS wrote them, which is the same on every machine.
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
    """Reads a whole split.

    The records are sorted by id if they have one, because TFDS shuffles when it writes. The last
    two splits stay in memory, so that many runs in one process decode them only once.
    """
    import tensorflow_datasets as tfds

    builder = tfds.builder(tfds_name, data_dir=data_dir)
    # One shard after the other, in the order in which they were written.
    config = tfds.ReadConfig(interleave_cycle_length=1)
    batches = tfds.as_numpy(builder.as_dataset(split=split, read_config=config, batch_size=1000))
    columns = {}
    for batch in batches:
        for key, values in batch.items():
            columns.setdefault(key, []).append(values)
    columns = {key: np.concatenate(values) for key, values in columns.items()}
    order = np.argsort(columns["id"]) if "id" in columns else slice(None)
    return Split(columns["image"][order], columns["label"][order].astype(np.int32))
