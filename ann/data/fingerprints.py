"""What tells one state of a data set from another."""

from __future__ import annotations

import hashlib


def fingerprint(dataset) -> dict:
    """Counts and a digest, as plain values: equal for equal data, wherever they are.

    The digest of images in memory is that of their labels and shape; of files that of their names,
    sizes and labels; of records that of their shards.

    Args:
        dataset: as returned by `ann.data.load`.

    Example:
        >>> from ann import data
        >>> fingerprint(data.load("digits"))["classes"]
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
    for part in split.identity():
        digest.update(part + b"\0")
    return digest.hexdigest()[:16]
