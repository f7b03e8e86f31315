"""Loads data sets by name."""

from __future__ import annotations

import dataclasses
import importlib
import typing

import keras

from ann.data.arrays import Dataset
from ann.data.catalogue import DATASETS, names
from ann.did_you_mean import unknown_name

if typing.TYPE_CHECKING:
    from ann.data.jpegs import JpegDataset


def load(
    name: str,
    *,
    data_dir=None,
    hold_out: bool = False,
    train_examples: int | None = None,
    preset: str = "paper",
) -> Dataset | JpegDataset:
    """Loads a data set: small images in memory, or JPEGs on disk.

    Args:
        name: one of `names()`.
        data_dir: folder of prepared TFDS data sets. For class_folders, it is the folder that
            contains train/<class>/*.JPEG and val/<class>/*.JPEG. digits and synthetic need none.
        hold_out: True trains without the last training images and evaluates on them instead of on
            the test images (001 section 5.1: the last 5,000 of CIFAR's 50,000 images, by id).
        train_examples: number of training images to keep, the first in the data set's order.
        preset: "author_code" changes the colors of JPEGs in training, which the authors' code does
            and no paper mentions.

    Raises:
        ValueError: the name is unknown, there are too few training images for `train_examples` or
            for `hold_out`, or the data set or the preset needs TensorFlow.
        FileNotFoundError: the data set is not prepared. The message says how to prepare it.

    Example:
        >>> load("digits").train.images.shape
        (1437, 8, 8, 1)
    """
    if name not in DATASETS:
        raise ValueError(unknown_name("dataset", name, names()))
    entry = DATASETS[name]
    on_jax = keras.config.backend() == "jax"
    if entry.needs_tensorflow and on_jax:
        raise ValueError(
            f"{name} is read by TensorFlow: with KERAS_BACKEND=jax, unpack its images into folders "
            f"and use class_folders. Received: name={name!r}"
        )
    dataset = getattr(importlib.import_module(entry.module), entry.function)(data_dir)
    if hold_out:
        num_held_out = entry.held_out or len(dataset.test)
        if num_held_out >= len(dataset.train):
            raise ValueError(
                f"{name} has {len(dataset.train)} training images, too few to hold out "
                f"{num_held_out}. Received: hold_out=True"
            )
        dataset = dataclasses.replace(
            dataset, train=dataset.train[:-num_held_out], test=dataset.train[-num_held_out:]
        )
    if train_examples is not None:
        if not 1 <= train_examples <= len(dataset.train):
            raise ValueError(
                f"{name} has {len(dataset.train)} training images. "
                f"Received: train_examples={train_examples}"
            )
        dataset = dataclasses.replace(dataset, train=dataset.train[:train_examples])
    if preset == "author_code" and hasattr(dataset, "change_colours"):
        if on_jax:
            raise ValueError(
                "the authors' changes of colors need TensorFlow: they do not run with "
                f"KERAS_BACKEND=jax. Received: preset={preset!r}"
            )
        dataset = dataclasses.replace(dataset, change_colours=True)
    return dataset
