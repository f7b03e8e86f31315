"""Error against cost, exit by exit."""

import keras
import numpy as np
import pandas as pd

from ann import costs
from ann.evaluation.answers import batch_answers
from ann.milestones import MILESTONES, read_at

_BATCH = 128


def anytime_curve(model, dataset, *, lazy_heads=False, input_shape=None) -> pd.DataFrame:
    """Measures the loss and the error of each exit, and reports its cost.

    Args:
        model: a `MultiExitModel`.
        dataset: iterable of batches `(images, labels)`, for example a tf.data.Dataset, or a tuple
            of the arrays `(images, labels)`. Labels are class indices or one-hot, or for a model
            that is compiled with another loss what that wants.
        lazy_heads: whether only the head of the exit that answers is computed, as by
            `AnytimePredictor.predict(..., lazy_heads=True)` (002 section 3.1).
        input_shape: shape of one sample that the costs are for, where the model leaves sizes open
            (`None`).

    Returns:
        DataFrame with one row per exit and the columns `exit` (0-based), `macs` (incremental, or
        lazy with lazy heads, see `costs.profile`), `fraction` (of the final exit's MACs), `loss`
        (cross-entropy, nats), `error_top1`, and `error_top5` (percent). For a loss of other labels
        than classes `loss` is that loss, and there are no errors.

    Raises:
        ValueError: the data set is empty, or the costs cannot be counted (`costs.profile`), which
            is found out before the data is read.
    """
    profile = costs.profile(model, input_shape=input_shape)
    macs = profile["macs_lazy" if lazy_heads else "macs_incremental"]
    exits = {"exit": range(model.num_exits), "macs": macs, "fraction": macs / macs.iloc[-1]}
    return pd.DataFrame({**exits, **_measures(model, dataset)})


def _measures(model, dataset) -> dict:
    """Loss of each exit and, for classes, its errors in percent."""
    if getattr(model, "exit_losses", None) and not model.exit_losses.classifies:
        return {"loss": _mean_losses(model, dataset)}
    totals, count = np.zeros((3, model.num_exits)), 0
    for answers, labels in batch_answers(model, _batches(model, dataset)):
        totals += np.stack([_batch_sums(logits, labels) for logits in answers], axis=1)
        count += len(labels)
    if not count:
        raise ValueError("anytime_curve needs at least one batch. Received: an empty dataset")
    loss, top1, top5 = totals / count
    return {"loss": loss, "error_top1": 100 * top1, "error_top5": 100 * top5}


def _mean_losses(model, dataset):
    """Mean of the compiled loss over all answers of each exit, `(num_exits,)`."""
    batches = [
        np.asarray(model.exit_losses.per_answer(np.asarray(y), model.predict_on_batch(x)))
        for x, y in _pairs(dataset)
    ]
    if not batches:
        raise ValueError("anytime_curve needs at least one batch. Received: an empty dataset")
    return np.concatenate(batches, axis=1).mean(axis=1)


def _batches(model, dataset):
    """Yields batches whose labels are class indices."""
    for inputs, labels in _pairs(dataset):
        labels = np.asarray(labels)
        if labels.dtype.kind == "f" and labels.ndim < len(model.logits_shape):
            raise ValueError(
                "anytime_curve: labels must be class indices or one-hot, or the model must be "
                "compiled with the loss of these labels. "
                f"Received: labels of {labels.dtype} {labels.shape}"
            )
        one_hot = labels.ndim == len(model.logits_shape) and labels.shape[-1] == model.num_classes
        yield inputs, labels.argmax(axis=-1) if one_hot else labels


def _pairs(dataset):
    """The batches of a data set, or of a tuple of arrays."""
    return _cut(*dataset) if isinstance(dataset, tuple) else dataset


def _cut(inputs, labels):
    """Yields arrays, or structures of them, in batches."""
    for start in range(0, len(labels), _BATCH):
        part = slice(start, start + _BATCH)
        yield keras.tree.map_structure(lambda x, part=part: x[part], inputs), labels[part]


def _batch_sums(logits, labels):
    """Returns the cross-entropy and the top-1 and top-5 errors, each summed over a batch."""
    of_label = logits[np.arange(len(labels)), labels]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_partition = np.log(np.exp(shifted).sum(axis=1)) + logits.max(axis=1)
    better = (logits > of_label[:, None]).sum(axis=1)  # classes ranked above the label's
    return (log_partition - of_label).sum(), (better >= 1).sum(), (better >= 5).sum()


def average_error(curve: pd.DataFrame) -> float:
    """Returns AE, the mean top-1 error over the exits, in percent (002 section 4.1)."""
    return float(curve.error_top1.mean())


def milestones(curve: pd.DataFrame, rule: str = "interpolate") -> pd.Series:
    """Returns the top-1 error at 1/4, 1/2, 3/4, and all of the cost (001 section 5.2).

    The papers do not say which rule they used. With costs in MACs, the rules can differ a lot.

    Args:
        curve: as returned by `anytime_curve`, or by `opt_curve` for the exits that
            `milestone_exits` returns.
        rule: "interpolate" interpolates between the exits on both sides of the milestone (003).
            "latest" takes the last exit within the budget. "closest" takes the exit that is closest
            to the milestone, even if it exceeds the budget, and the deeper one of two equally close
            exits. The authors' scripts trained OPT for the closest exits.

    Returns:
        Series of errors in percent, indexed by fraction. It is NaN before the first exit, where
        there is no answer yet ("closest" always has one).

    Raises:
        ValueError: the rule is none of these.

    Example:
        >>> milestones(pd.DataFrame({"fraction": [0.5, 1.0], "error_top1": [20.0, 10.0]})).tolist()
        [nan, 20.0, 15.0, 10.0]
    """
    errors = read_at(curve.fraction, curve.error_top1, rule)
    return pd.Series(errors, index=pd.Index(MILESTONES, name="fraction"), name="error_top1")
