"""Error against cost, exit by exit."""

import numpy as np
import pandas as pd

from ann import costs
from ann.evaluation.answers import batch_answers

MILESTONES = (0.25, 0.5, 0.75, 1.0)
_BATCH = 128


def anytime_curve(model, dataset) -> pd.DataFrame:
    """Loss and error of each exit beside its cost.

    Args:
        model: a `MultiExitModel`.
        dataset: iterable of batches `(images, labels)`, for example a tf.data.Dataset; or a tuple
            of the arrays `(images, labels)`. Labels are class indices or one-hot.

    Returns:
        DataFrame with a row for each exit and the columns `exit` (0-based), `macs` (incremental,
            see `costs.profile`), `fraction` (of the final exit's), `loss` (cross-entropy, nats),
            `error_top1`, `error_top5` (percent).

    Raises:
        ValueError: the data set is empty.
    """
    totals, count = np.zeros((3, model.num_exits)), 0
    for answers, labels in batch_answers(model, _batches(dataset, model.num_classes)):
        totals += np.stack([_batch_sums(logits, labels) for logits in answers], axis=1)
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


def _batches(dataset, num_classes):
    """Batches whose labels are class indices."""
    if isinstance(dataset, tuple):
        images, labels = dataset
        starts = range(0, len(images), _BATCH)
        dataset = ((images[i : i + _BATCH], labels[i : i + _BATCH]) for i in starts)
    for images, labels in dataset:
        labels = np.asarray(labels)
        one_hot = labels.ndim == 2 and labels.shape[1] == num_classes
        yield images, labels.argmax(axis=1) if one_hot else labels


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
        curve: of `anytime_curve`, or of `opt_curve` for the exits that `milestone_exits` names.
        rule: "interpolate" between the exits on both sides of the milestone (003); "latest" takes
            the last exit within the budget; "closest" the exit nearest to the milestone, the deeper
            of two, within the budget or not: what the authors' scripts trained OPT for. The papers
            do not say which they used, and under MACs they can differ by much.

    Returns:
        Series of errors in percent indexed by fraction; NaN before the first exit, where there is
        no answer ("closest" always has one).

    Raises:
        ValueError: another rule.

    Example:
        >>> milestones(pd.DataFrame({"fraction": [0.5, 1.0], "error_top1": [20.0, 10.0]})).tolist()
        [nan, 20.0, 15.0, 10.0]
    """
    fractions, errors = curve.fraction.to_numpy(), curve.error_top1.to_numpy()
    before, after = _neighbours(fractions, rule)
    if rule == "interpolate":
        values = np.interp(MILESTONES, fractions, errors, left=np.nan)
    else:
        values = np.where(before >= 0, errors[after], np.nan)
    return pd.Series(values, index=pd.Index(MILESTONES, name="fraction"), name="error_top1")


def milestone_exits(fractions, rule: str = "interpolate") -> list[int]:
    """The exits whose errors `milestones` reads by this rule: those that OPT has to be trained for.

    Args:
        fractions: cost of each exit over the final exit's, `(num_exits,)`.
        rule: as in `milestones`.

    Raises:
        ValueError: another rule.

    Example:
        >>> milestone_exits(np.arange(1, 28) / 27, "closest")  # n = 9: the authors' units
        [6, 13, 19, 26]
    """
    before, after = _neighbours(np.asarray(fractions), rule)
    return sorted(
        {int(k) for pair in zip(before, after, strict=True) for k in pair if pair[0] >= 0}
    )


def _neighbours(fractions, rule):
    """The exits before and after each milestone.

    They are equal where one exit decides; the one before is -1 where there is none.
    """
    if rule == "closest":
        # Ties go to the deeper exit, whatever the last bits of the fractions say.
        distances = np.abs(np.subtract.outer(MILESTONES, fractions)).round(9)
        closest = len(fractions) - 1 - distances[:, ::-1].argmin(axis=1)
        return closest, closest
    before = np.searchsorted(fractions, MILESTONES, side="right") - 1
    if rule == "latest":
        return before, before
    if rule == "interpolate":
        return before, np.searchsorted(fractions, MILESTONES, side="left")
    raise ValueError(f"rule must be 'interpolate', 'latest' or 'closest'. Received: rule={rule!r}")
