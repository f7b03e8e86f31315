"""What the classes of a data set are called."""

import pathlib

from ann.data.tfrecords import prepared_folder

_IN_TFDS = {
    "cifar10": "cifar10",
    "cifar100": "cifar100",
    "svhn": "svhn_cropped",
    "imagenet2012": "imagenet2012",
}


def class_names(name: str, data_dir, num_classes: int) -> list[str]:
    """Names of the classes in the order of the labels; numbers where they have no names.

    Args:
        name: of the data set, as in `ann.data.names()`.
        data_dir: as `ann.data.load`.
        num_classes: number of classes.

    Raises:
        FileNotFoundError: the data set is not prepared.

    Example:
        >>> class_names("digits", None, 10)[:3]
        ['0', '1', '2']
    """
    if name in _IN_TFDS:
        folder = prepared_folder(name, _IN_TFDS[name], data_dir)
        return (folder / "label.labels.txt").read_text().splitlines()
    if name == "class_folders":
        folders = (pathlib.Path(data_dir) / "train").iterdir()
        return sorted(path.name for path in folders if path.is_dir())
    return [str(label) for label in range(num_classes)]
