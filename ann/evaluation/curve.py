"""Error against cost, exit by exit."""

import numpy as np
import pandas as pd

from ann import costs

MILESTONES = (0.25, 0.5, 0.75, 1.0)


def anytime_curve(model, dataset) -> pd.DataFrame:
    """Loss and error of each exit beside its cost.

    Args:
        model: a `MultiExitModel`.
        dataset: iterable of batches `(images, labels)`, labels class indices; for example a tf.data.Dataset.

    Returns:
        DataFrame with a row an exit and the columns `exit` (0-based), `macs` (incremental, see `costs.profile`), `fraction` (of
        the final exit's), `loss` (cross-entropy, nats), `error_top1`, `error_top5` (percent).

    Raises:
        ValueError: the data set is empty.
    """
    totals, count = np.zeros((3, model.num_exits)), 0
    for images, labels in dataset:
        labels = np.asarray(labels).reshape(-1)
        for index, logits in enumerate(model.predict_on_batch(images)):
            # Under a strategy Keras gives the batch to every replica and joins their equal answers.
            totals[:, index] += _batch_sums(np.asarray(logits[: len(labels)], np.float64), labels)
        count += len(labels)
    if not count:
        raise ValueError("anytime_curve needs at least one batch. Received: an empty dataset")
    loss, top1, top5 = totals / count
    macs = costs.profile(model).macs_incremental
    return pd.DataFrame(
        {
            "exit": range(model.num_exits),
            "macs": macs,
            "fraction": macs / macs.iloc[-1],
            "loss": loss,
            "error_top1": 100 * top1,
            "error_top5": 100 * top5,
        }
    )


def _batch_sums(logits, labels):
    """Cross-entropy, top-1 and top-5 errors, summed over a batch."""
    of_label = logits[np.arange(len(labels)), labels]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_partition = np.log(np.exp(shifted).sum(axis=1)) + logits.max(axis=1)
    better = (logits > of_label[:, None]).sum(axis=1)  # classes ranked above the label's
    return (log_partition - of_label).sum(), (better >= 1).sum(), (better >= 5).sum()


def average_error(curve: pd.DataFrame) -> float:
    """AE: mean top-1 error over the exits, in percent (002 section 4.1)."""
    return float(curve.error_top1.mean())


def milestones(curve: pd.DataFrame, rule: str = "interpolate") -> pd.Series:
    """Top-1 error at 1/4, 1/2, 3/4 and all of the cost (001 section 5.2).

    Args:
        curve: of `anytime_curve`.
        rule: "interpolate" between the exits on both sides of the milestone (003); "latest" takes the last exit within the
            budget. The papers do not say which they used, and under MACs they can differ by much.

    Returns:
        Series of errors in percent indexed by fraction; NaN before the first exit, where there is no answer.

    Raises:
        ValueError: another rule.

    Example:
        >>> milestones(pd.DataFrame({"fraction": [0.5, 1.0], "error_top1": [20.0, 10.0]})).tolist()
        [nan, 20.0, 15.0, 10.0]
    """
    fractions, errors = curve.fraction.to_numpy(), curve.error_top1.to_numpy()
    if rule == "interpolate":
        values = np.interp(MILESTONES, fractions, errors, left=np.nan)
    elif rule == "latest":
        last = np.searchsorted(fractions, MILESTONES, side="right") - 1
        values = np.where(last >= 0, errors[last], np.nan)
    else:
        raise ValueError(f"rule must be 'interpolate' or 'latest'. Received: rule={rule!r}")
    return pd.Series(values, index=pd.Index(MILESTONES, name="fraction"), name="error_top1")
