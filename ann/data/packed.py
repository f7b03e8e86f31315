"""Small-image data sets as .npz files, to take along to a machine that has nothing else.

The images of a split are cut into files of a limited size: `<name>-<split>-<k>-of-<n>.npz`, each
with `images` and `labels`.
"""

import pathlib

import numpy as np

from ann.atomic_write import atomic_path
from ann.data.arrays import Dataset, Split


def pack(dataset: Dataset, folder, most_bytes: int) -> list[pathlib.Path]:
    """Writes a data set into `folder`.

    Args:
        dataset: a data set in memory.
        folder: where to write; made if it is not there.
        most_bytes: no file becomes larger.

    Returns:
        The files.

    Example:
        >>> from ann import data
        >>> [path.name for path in pack(data.load("digits"), tmp_path, most_bytes=2**26)]
        ['digits-train-0-of-1.npz', 'digits-test-0-of-1.npz']
    """
    folder, paths = pathlib.Path(folder), []
    folder.mkdir(parents=True, exist_ok=True)
    # What does not shrink at all must fit, too; 1 KiB is for the headers.
    bytes_each = int(np.prod(dataset.image_shape)) + dataset.train.labels.itemsize
    images_each = (most_bytes - 1024) // bytes_each
    for name, split in (("train", dataset.train), ("test", dataset.test)):
        count = -(-len(split) // images_each)
        for index, part in enumerate(np.array_split(np.arange(len(split)), count)):
            path = folder / f"{dataset.name}-{name}-{index}-of-{count}.npz"
            with atomic_path(path) as temporary, open(temporary, "wb") as file:
                np.savez_compressed(file, images=split.images[part], labels=split.labels[part])
            paths.append(path)
    return paths


def packed_split(name: str, split: str, folder) -> Split | None:
    """A split that `pack` has written, or None if there is none in `folder`.

    Raises:
        FileNotFoundError: some of its files are missing.
    """
    paths = sorted(
        pathlib.Path(folder).glob(f"{name}-{split}-*-of-*.npz"),
        key=lambda path: int(path.stem.split("-")[-3]),
    )
    if not paths:
        return None
    count = int(paths[0].stem.split("-")[-1])
    if [path.name for path in paths] != [
        f"{name}-{split}-{k}-of-{count}.npz" for k in range(count)
    ]:
        raise FileNotFoundError(
            f"{folder} must hold {count} files {name}-{split}-*-of-{count}.npz. "
            f"Received: {', '.join(path.name for path in paths)}"
        )
    parts = [np.load(path) for path in paths]
    return Split(*(np.concatenate([part[key] for part in parts]) for key in ("images", "labels")))
