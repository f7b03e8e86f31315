"""What tells one state of a data set from another."""

from __future__ import annotations

import hashlib
import os

from ann.data.arrays import Dataset, Split
from ann.data.class_folders import FileSplit
from ann.data.jpegs import JpegDataset


def fingerprint(dataset: Dataset | JpegDataset) -> dict:
    """Counts and a digest, as plain values: equal for equal data, wherever they are.

    The digest of images in memory is that of their labels and shape; of files that of their names,
    sizes and labels; of records that of their shards.

    Example:
        >>> fingerprint(load("digits"))["classes"]
        10
    """
    return {
        "dataset": dataset.name,
        "classes": dataset.num_classes,
        "training images": len(dataset.train),
        "evaluation images": len(dataset.test),
        "digest of the training images": _digest(dataset.train),
        "digest of the evaluation images": _digest(dataset.test),
    }


def _digest(split) -> str:
    digest = hashlib.sha256()
    for part in _parts(split):
        digest.update(part + b"\0")
    return digest.hexdigest()[:16]


def _parts(split):
    if isinstance(split, Split):
        yield str(split.images.shape).encode()
        yield split.labels.tobytes()
    elif isinstance(split, FileSplit):
        for path, label in zip(split.paths, split.labels, strict=True):
            # The class and the name, not the folder above: the data may move.
            name = b"/".join(path.split(b"/")[-2:])
            yield b"%s %d %d" % (name, os.stat(path).st_size, label)
    else:
        yield f"{split.name} {split.start} {split.stop}".encode()
        for shard in split.builder.info.splits[split.name].shard_lengths:
            yield str(shard).encode()
