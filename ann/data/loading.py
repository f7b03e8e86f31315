"""Data sets by name."""

from __future__ import annotations

import dataclasses
import importlib

from ann.data.arrays import Dataset
from ann.data.catalogue import DATASETS, names
from ann.data.jpegs import JpegDataset
from ann.did_you_mean import unknown_name


def load(
    name: str,
    *,
    data_dir=None,
    hold_out: bool = False,
    train_examples: int | None = None,
    preset: str = "paper",
) -> Dataset | JpegDataset:
    """A data set: small images in memory, or JPEGs on disk.

    Args:
        name: one of `names()`.
        data_dir: folder of prepared TFDS data sets, for those that come from there; for
            class_folders the folder that holds train/<class>/*.JPEG and val/<class>/*.JPEG.
        hold_out: train without the last training images and evaluate on them, not on the test
            images (001 section 5.1: the last 5,000 of CIFAR's 50,000, by id).
        train_examples: keep only so many training images, the first in the data set's order.
        preset: "author_code" changes the colors of JPEGs in training, which the authors' code does
            and no paper mentions.

    Raises:
        ValueError: unknown name, more `train_examples` than there are, or too few images to hold
            some out.
        FileNotFoundError: the data set is not prepared; the message says how to.

    Example:
        >>> load("digits").train.images.shape
        (1437, 8, 8, 1)
    """
    if name not in DATASETS:
        raise ValueError(unknown_name("dataset", name, names()))
    entry = DATASETS[name]
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
                f"{name} has {len(dataset.train)} training images. Received: train_examples={train_examples}"
            )
        dataset = dataclasses.replace(dataset, train=dataset.train[:train_examples])
    if preset == "author_code" and isinstance(dataset, JpegDataset):
        dataset = dataclasses.replace(dataset, change_colours=True)
    return dataset
