"""Measures of an anytime network as a whole.

They tell how good its answers are on average, and how often more computation makes an answer worse.
"""

import numpy as np
import pandas as pd

from ann.evaluation.answers import checked_labels, correct, probabilities

VIOLATION_MARGINS = (0.01, 0.05, 0.1, 0.2, 0.5)


def area_under_error(curve: pd.DataFrame, unanswered: float = 100.0) -> float:
    """Returns the mean top-1 error over interruptions, in percent.

    The cost at which an interruption comes is uniform from 0 to the total cost. An answer holds
    until the next exit. If the exits are evenly spaced, AE (`average_error`) differs only at the
    ends: it leaves out the time before the first exit and gives the final exit a step of its own.

    Args:
        curve: as returned by `anytime_curve`, with at least `fraction` and `error_top1`.
        unanswered: error before the first exit, when there is no answer yet, in percent. A guess
            among C classes has an error of 100 (1 - 1/C).

    Example:
        >>> curve = pd.DataFrame({"fraction": [0.25, 0.5, 1.0], "error_top1": [40.0, 20.0, 10.0]})
        >>> area_under_error(curve)
        45.0
    """
    starts = np.array([0, *curve.fraction])
    return float(np.diff(starts) @ [unanswered, *curve.error_top1[:-1]])


def timeliness(curve: pd.DataFrame, unanswered: float = 100.0) -> float:
    """Returns the mean accuracy over the same interruptions, in percent.

    This is the area under the accuracy, as a share of the ideal area (Karayev et al. 2012). The
    arguments are those of `area_under_error`.

    Example:
        >>> timeliness(pd.DataFrame({"fraction": [0.5, 1.0], "error_top1": [20.0, 10.0]}))
        40.0
    """
    return 100 - area_under_error(curve, unanswered)


def violations(logits, labels, margins=VIOLATION_MARGINS) -> pd.Series:
    """Returns how many images have answers that get worse with time.

    An answer gets worse if the label's probability falls from some exit to a later one, which
    violates conditional monotonicity.

    Args:
        logits: `(num_exits, N, num_classes)`.
        labels: class indices `(N,)`.
        margins: the probability has to fall by more than the margin to count.

    Returns:
        Series indexed by margin: violations in percent of the images.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> first, second = [[0.5, 0.5], [0.2, 0.8]], [[0.35, 0.65], [0.6, 0.4]]
        >>> violations(np.log([first, second]), [0, 0], margins=(0.1, 0.2)).tolist()
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
    """Returns how many images an earlier exit gets right but the final exit gets wrong, in percent.

    Kaya et al. 2019 call this destructive overthinking.

    Args:
        logits: `(num_exits, N, num_classes)`.
        labels: class indices `(N,)`.

    Raises:
        ValueError: the shapes do not fit.
    """
    right = correct(logits, labels)
    return float(100 * np.mean(right[:-1].any(axis=0) & ~right[-1]))
