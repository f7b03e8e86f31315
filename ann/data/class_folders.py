"""Images in one folder per class: train/<class>/*.JPEG and val/<class>/*.JPEG."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import typing

import numpy as np

from ann.data.jpegs import JpegDataset

if typing.TYPE_CHECKING:
    import tensorflow as tf

_SUFFIXES = (".jpeg", ".jpg")


@dataclasses.dataclass(frozen=True)
class FileSplit:
    """A `JpegSplit` of image files: their paths, bytes `(count,)`, and int32 labels `(count,)`."""

    paths: np.ndarray
    labels: np.ndarray

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, which: slice | np.ndarray) -> FileSplit:
        return FileSplit(self.paths[which], self.labels[which])

    def identity(self):
        for path, label in zip(self.paths, self.labels, strict=True):
            # The class and the name, not the folder above: the data may move.
            name = b"/".join(path.split(b"/")[-2:])
            yield b"%s %d %d" % (name, os.stat(path).st_size, label)

    def read(self, index: int) -> tuple[str, bytes]:
        """Path and contents of one image."""
        path = os.fsdecode(self.paths[index])
        return path, pathlib.Path(path).read_bytes()

    def elements(self, seed=None) -> tf.data.Dataset:
        import tensorflow as tf  # JAX reads the files alone

        order = tf.range(len(self))
        if seed is not None:
            order = tf.random.experimental.stateless_shuffle(order, seed)
        return tf.data.Dataset.from_tensor_slices(order)

    def reader(self):
        import tensorflow as tf

        with tf.device("CPU"):
            paths = tf.constant(self.paths)
            labels = tf.constant(self.labels)
        return lambda which: (paths[which], tf.io.read_file(paths[which]), labels[which])


def load_class_folders(data_dir=None) -> JpegDataset:
    """Loads the images in the folders `train` and `val` of `data_dir`.

    The classes are the folders in `train`, in alphabetical order. The training images are put into
    a fixed random order, so that the first or last images of the data set come from all classes.

    Raises:
        ValueError: there is no `data_dir`, or `train` and `val` have different classes.
        FileNotFoundError: a folder is missing or contains no JPEG file.
    """
    if data_dir is None:
        raise ValueError(
            "class_folders needs the folder that holds train/ and val/. Received: data_dir=None"
        )
    root = pathlib.Path(data_dir)
    classes, test_classes = (_classes(root / name) for name in ("train", "val"))
    if classes != test_classes:
        raise ValueError(
            "train and val must have the same classes; "
            f"only one has {sorted(set(classes) ^ set(test_classes))}. "
            f"Received: data_dir={data_dir!r}"
        )
    train, test = (_files(root / name, classes) for name in ("train", "val"))
    order = np.random.default_rng(0).permutation(len(train))
    return JpegDataset("class_folders", len(classes), train=train[order], test=test)


def _classes(folder):
    paths = folder.iterdir() if folder.is_dir() else ()
    classes = sorted(path.name for path in paths if path.is_dir())
    if not classes:
        raise FileNotFoundError(f"{folder} must contain one folder of JPEG files per class")
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
            raise FileNotFoundError(f"{folder / name} has no *.JPEG, *.jpeg, or *.jpg file")
        paths += found
        labels += [label] * len(found)
    return FileSplit(np.array(paths), np.array(labels, np.int32))
