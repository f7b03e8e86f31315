"""The names of the data sets, and where each comes from."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Entry:
    """Where a data set comes from.

    Attributes:
        module, function: the function of `data_dir` that loads the data set.
        held_out: number of training images to hold out for validation. None means as many as there
            are test images.
        needs_tensorflow: whether TensorFlow alone reads it.
    """

    module: str
    function: str
    held_out: int | None
    needs_tensorflow: bool = False


DATASETS = {
    "digits": Entry("ann.data.digits", "load_digits", 200),
    "cifar10": Entry("ann.data.tfds_images", "load_cifar10", 5000),
    "cifar100": Entry("ann.data.tfds_images", "load_cifar100", 5000),
    "svhn": Entry("ann.data.tfds_images", "load_svhn", 5000),
    "imagenet2012": Entry("ann.data.imagenet2012", "load_imagenet2012", None, True),
    "class_folders": Entry("ann.data.class_folders", "load_class_folders", None),
    "synthetic": Entry("ann.data.synthetic", "load_synthetic", 64),
}


def names() -> list[str]:
    """Returns the names of the data sets.

    Example:
        >>> names()[:2]
        ['digits', 'cifar10']
    """
    return list(DATASETS)
