"""The answers of all exits as arrays, for measures that look at single images."""

import numpy as np
from scipy import special


def batch_answers(model, dataset):
    """Yields the logits and labels of each batch.

    A network that answers for each position of a sample gives as many answers per sample.

    Args:
        model: a `MultiExitModel`.
        dataset: iterable of batches `(inputs, labels)`. Labels are class indices.

    Yields:
        `(logits, labels)`: float64 `(num_exits, answers, num_classes)` and `(answers,)`.
    """
    for images, labels in dataset:
        labels = np.asarray(labels)
        # Under a strategy, Keras gives the batch to every replica and joins their equal answers.
        logits = [one[: len(labels)] for one in model.predict_on_batch(images)]
        logits = np.stack(logits).astype(np.float64)
        yield logits.reshape(len(logits), -1, logits.shape[-1]), labels.reshape(-1)


def logits_and_labels(model, dataset):
    """Returns the logits of every exit for every image.

    Args:
        model: a `MultiExitModel`.
        dataset: iterable of batches `(images, labels)`. Labels are class indices.

    Returns:
        `(logits, labels)`: float64 `(num_exits, N, num_classes)` and `(N,)`.

    Raises:
        ValueError: the data set is empty.
    """
    batches = list(batch_answers(model, dataset))
    if not batches:
        raise ValueError("logits_and_labels needs at least one batch. Received: an empty dataset")
    logits, labels = zip(*batches, strict=True)
    return np.concatenate(logits, axis=1), np.concatenate(labels)


def probabilities(logits) -> np.ndarray:
    """Returns the softmax of `logits` `(num_exits, N, num_classes)` over the classes."""
    return special.softmax(np.asarray(logits, np.float64), axis=-1)


def confidences(logits) -> np.ndarray:
    """Returns the largest class probability of each answer, which tells how sure an exit is.

    Args:
        logits: `(num_exits, N, num_classes)`.

    Returns:
        `(num_exits, N)`.

    Example:
        >>> confidences(np.log([[[0.7, 0.2, 0.1]], [[0.1, 0.1, 0.8]]])).round(3).tolist()
        [[0.7], [0.8]]
    """
    return probabilities(logits).max(axis=-1)


def correct(logits, labels) -> np.ndarray:
    """Returns which answers are correct.

    Args:
        logits: `(num_exits, N, num_classes)`.
        labels: class indices `(N,)`.

    Returns:
        bool `(num_exits, N)`.

    Raises:
        ValueError: the shapes do not fit.
    """
    return np.asarray(logits).argmax(axis=-1) == checked_labels(logits, labels)


def checked_labels(logits, labels) -> np.ndarray:
    """Returns `labels` as an array if its shape fits that of `logits`.

    Raises:
        ValueError: the logits are not `(num_exits, N, num_classes)`, the labels are not `(N,)`, or
            N is 0.
    """
    shape = np.shape(logits)
    labels = np.asarray(labels)
    if len(shape) != 3 or labels.shape != shape[1:2] or not labels.size:
        raise ValueError(
            "logits must be (num_exits, N, num_classes) and labels (N,), with N at least 1. "
            f"Received: logits of {shape}, labels of {labels.shape}"
        )
    return labels
