"""Images in a folder for each class: train/<class>/*.JPEG and val/<class>/*.JPEG."""

from __future__ import annotations

import dataclasses
import os
import pathlib

import numpy as np
import tensorflow as tf

from ann.data.jpegs import JpegDataset

_SUFFIXES = (".jpeg", ".jpg")


@dataclasses.dataclass(frozen=True)
class FileSplit:
    """Paths of image files, bytes `(count,)`, and labels int32 `(count,)`: a `JpegSplit`."""

    paths: np.ndarray
    labels: np.ndarray

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, which: slice) -> FileSplit:
        return FileSplit(self.paths[which], self.labels[which])

    def elements(self, seed=None) -> tf.data.Dataset:
        order = tf.range(len(self))
        return tf.data.Dataset.from_tensor_slices(
            order if seed is None else tf.random.experimental.stateless_shuffle(order, seed)
        )

    def reader(self):
        with tf.device("CPU"):
            paths, labels = tf.constant(self.paths), tf.constant(self.labels)
        return lambda which: (paths[which], tf.io.read_file(paths[which]), labels[which])


def load_class_folders(data_dir=None) -> JpegDataset:
    """The images below `data_dir`, which holds `train` and `val`; classes are the folders of
    `train` in alphabetical order.

    The training images are put into a fixed random order, so that its first or last ones are of all
    classes.

    Raises:
        ValueError: no `data_dir`, or `train` and `val` have different classes.
        FileNotFoundError: a folder is missing or has no JPEG.
    """
    if data_dir is None:
        raise ValueError(
            "class_folders needs the folder that holds train/ and val/. Received: data_dir=None"
        )
    root = pathlib.Path(data_dir)
    classes, test_classes = (_classes(root / name) for name in ("train", "val"))
    if classes != test_classes:
        raise ValueError(
            f"train and val must have the same classes; only one has {sorted(set(classes) ^ set(test_classes))}. "
            f"Received: data_dir={data_dir!r}"
        )
    train, test = (_files(root / name, classes) for name in ("train", "val"))
    order = np.random.default_rng(0).permutation(len(train))
    return JpegDataset("class_folders", len(classes), train=train[order], test=test)


def _classes(folder):
    classes = (
        sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    )
    if not classes:
        raise FileNotFoundError(
            f"class_folders needs a folder of JPEG files for each class in {folder}"
        )
    return classes


def _files(folder, classes) -> FileSplit:
    paths, labels = [], []
    for label, name in enumerate(classes):
        found = sorted(
            os.fsencode(path)
            for path in (folder / name).iterdir()
            if path.suffix.lower() in _SUFFIXES
        )
        if not found:
            raise FileNotFoundError(f"{folder / name} has no file *.JPEG, *.jpeg or *.jpg")
        paths += found
        labels += [label] * len(found)
    return FileSplit(np.array(paths), np.array(labels, np.int32))
