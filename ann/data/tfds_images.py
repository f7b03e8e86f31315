"""Data sets of 32x32 images from TensorFlow Datasets, with the papers' augmentation.

They are read as TFDS has prepared them, or as .npz files (`ann.data.packed`) in the same folder.
"""

import functools
import io

import numpy as np

from ann.data.arrays import Dataset, Split
from ann.data.packed import packed_split
from ann.data.tfrecords import data_folder, examples, prepared_folder


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
    splits = {key: packed_split(name, key, data_folder(data_dir)) for key in ("train", "test")}
    if None in splits.values():
        folder = prepared_folder(name, tfds_name, data_dir)
        splits = {"train": _read(folder, train), "test": _read(folder, "test")}
    return Dataset(name, num_classes, **splits, **augmentation)


@functools.lru_cache(maxsize=2)
def _read(folder, names) -> Split:
    """Reads whole splits, joined by "+".

    The records are sorted by id if they have one, because TFDS shuffles when it writes. What was
    read last stays in memory, so that many runs in one process decode it only once.
    """
    from PIL import Image  # a run on other data does not need it

    images, labels, ids = [], [], []
    for name in names.split("+"):
        for example in examples(folder, name):
            with Image.open(io.BytesIO(example["image"])) as image:
                images.append(np.asarray(image))
            labels.append(example["label"])
            ids.append(example.get("id", b""))
    # Equal ids, where there are none, keep their order.
    order = np.argsort(np.array(ids), kind="stable")
    return Split(np.stack(images)[order], np.array(labels, np.int32)[order])
