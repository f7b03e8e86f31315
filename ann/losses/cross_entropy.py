"""Cross-entropy of every exit against one set of labels."""

import keras
from keras import ops


def exit_cross_entropies(labels, logits):
    """Cross-entropy of each exit and sample.

    Args:
        labels: class indices `(batch,)` or `(batch, 1)`, or one-hot `(batch, num_classes)`.
        logits: list of num_exits float32 tensors `(batch, num_classes)`.

    Returns:
        float32 `(num_exits, batch)`. Labels outside 0..num_classes - 1 raise in TensorFlow on the
        CPU and give NaN elsewhere.

    Raises:
        ValueError: one-hot labels are not as wide as the logits.
    """
    num_classes = logits[0].shape[-1]
    if is_one_hot(labels, num_classes):
        return ops.stack(
            [ops.categorical_crossentropy(labels, one, from_logits=True) for one in logits]
        )
    labels = ops.reshape(labels, (-1,))
    losses = ops.stack(
        [ops.sparse_categorical_crossentropy(labels, one, from_logits=True) for one in logits]
    )
    known = (labels >= 0) & (labels < num_classes)
    return ops.where(known, losses, float("nan"))


def is_one_hot(labels, num_classes: int) -> bool:
    """True for `(batch, num_classes)` labels, False for class indices.

    Raises:
        ValueError: the labels are neither.
    """
    if len(labels.shape) == 1 or (len(labels.shape) == 2 and labels.shape[-1] == 1):
        return False
    if len(labels.shape) == 2 and labels.shape[-1] == num_classes:
        return True
    raise ValueError(
        f"labels must be class indices (batch,) or one-hot (batch, {num_classes}). "
        f"Received: labels.shape={tuple(labels.shape)}"
    )


def wrong_predictions(labels, logits):
    """1.0 where the largest logit of an exit is not the label's, else 0.0: float32 `(num_exits,
    batch)`.

    Arguments as in `exit_cross_entropies`.
    """
    if is_one_hot(labels, logits[0].shape[-1]):
        labels = ops.argmax(labels, axis=-1)
    labels = ops.cast(ops.reshape(labels, (-1,)), "int32")
    predictions = ops.stack([ops.cast(ops.argmax(one, axis=-1), "int32") for one in logits])
    return ops.cast(predictions != labels, keras.config.floatx())
