"""How good an anytime network is as a whole, and how often more computation makes an answer worse."""

import numpy as np
import pandas as pd

from ann.evaluation.answers import checked_labels, correct, probabilities

VIOLATION_MARGINS = (0.01, 0.05, 0.1, 0.2, 0.5)


def area_under_error(curve: pd.DataFrame, unanswered: float = 100.0) -> float:
    """Mean top-1 error when the interruption comes at a cost drawn evenly from 0 to the total, in
    percent.

    An answer holds until the next exit. For exits at equal steps AE (`average_error`) is the same
    but for the ends: it knows no time before the first exit and gives the final exit a step of its
    own.

    Args:
        curve: of `anytime_curve`, at least `fraction` and `error_top1`.
        unanswered: error in percent of having no answer yet, before the first exit; a guess among C
            classes errs 100 (1 - 1/C).

    Example:
        >>> area_under_error(pd.DataFrame({"fraction": [0.25, 0.5, 1.0], "error_top1": [40.0, 20.0, 10.0]}))
        45.0
    """
    starts = np.array([0, *curve.fraction])
    return float(np.diff(starts) @ [unanswered, *curve.error_top1[:-1]])


def timeliness(curve: pd.DataFrame, unanswered: float = 100.0) -> float:
    """Mean accuracy over the same interruptions, in percent: the share of the ideal area (Karayev
    et al. 2012).

    Arguments as `area_under_error`.

    Example:
        >>> timeliness(pd.DataFrame({"fraction": [0.5, 1.0], "error_top1": [20.0, 10.0]}))
        40.0
    """
    return 100 - area_under_error(curve, unanswered)


def violations(logits, labels, margins=VIOLATION_MARGINS) -> pd.Series:
    """Images whose answer gets worse with time: the label's probability falls between some exit and
    a later one (conditional monotonicity violated).

    Args:
        logits: `(num_exits, N, num_classes)`.
        labels: class indices `(N,)`.
        margins: falls of probability that count as worse, when exceeded.

    Returns:
        Series of percentages of the images, indexed by margin.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> violations(np.log([[[0.5, 0.5], [0.2, 0.8]], [[0.35, 0.65], [0.6, 0.4]]]), [0, 0], margins=(0.1, 0.2)).tolist()
        [50.0, 0.0]
    """
    labels = checked_labels(logits, labels)
    of_label = probabilities(logits)[:, np.arange(len(labels)), labels]
    largest_fall = (np.maximum.accumulate(of_label) - of_label).max(axis=0)
    return pd.Series(
        [100 * np.mean(largest_fall > margin) for margin in margins],
        index=pd.Index(margins, name="margin"),
    )


def overthinking_rate(logits, labels) -> float:
    """Images that an earlier exit has right and the final exit wrong, in percent (destructive
    overthinking, Kaya et al. 2019).

    Arguments and errors as `violations`.
    """
    right = correct(logits, labels)
    return float(100 * np.mean(right[:-1].any(axis=0) & ~right[-1]))
