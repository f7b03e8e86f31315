"""Does an exit that is 80 % sure err in 20 % of the cases? Calibration error and temperature scaling of every exit."""

import numpy as np
from scipy import optimize, special

from ann.evaluation.answers import checked_labels, confidences, correct

BINS = 15
_LOG_TEMPERATURES = (np.log(0.01), np.log(100))


def calibration_error(logits, labels, bins: int = BINS) -> np.ndarray:
    """Expected calibration error (ECE) of each exit: gap between confidence and accuracy, averaged
    over the images.

    Confidences fall into bins of equal width, open below and closed above; the gap is taken in each
    bin (Guo et al. 2017).

    Args:
        logits: `(num_exits, N, num_classes)`.
        labels: class indices `(N,)`.
        bins: number of bins.

    Returns:
        `(num_exits,)` in percent.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> calibration_error(np.log([[[0.9, 0.1], [0.9, 0.1]]]), [0, 1]).round(6).tolist()  # 90 % sure, half of it right
        [40.0]
    """
    gaps = correct(logits, labels) - confidences(logits)
    bin_of = np.clip(np.ceil(confidences(logits) * bins).astype(int) - 1, 0, bins - 1)
    sums = [
        np.bincount(of_exit, weights=gap, minlength=bins)
        for of_exit, gap in zip(bin_of, gaps, strict=True)
    ]
    return 100 * np.abs(sums).sum(axis=1) / gaps.shape[1]


def fit_temperatures(logits, labels) -> np.ndarray:
    """Temperature of each exit that makes held-out labels most likely: `logits / temperature` is
    calibrated (Guo et al. 2017).

    Dividing leaves every answer the same and changes only how sure it is. Temperatures lie between
    0.01 and 100.

    Args:
        logits: `(num_exits, N, num_classes)` of images that were not trained on.
        labels: class indices `(N,)`.

    Returns:
        `(num_exits,)`; `logits / temperatures[:, None, None]` are the calibrated logits.

    Raises:
        ValueError: the shapes do not fit.
    """
    labels = checked_labels(logits, labels)

    def loss(log_temperature, of_exit):
        return -special.log_softmax(of_exit / np.exp(log_temperature), axis=1)[
            np.arange(len(labels)), labels
        ].mean()

    # Convex in 1 / temperature, so one minimum.
    fits = [
        optimize.minimize_scalar(
            loss,
            bounds=_LOG_TEMPERATURES,
            args=(of_exit,),
            method="bounded",
            options={"xatol": 1e-6},
        )
        for of_exit in np.asarray(logits, np.float64)
    ]
    return np.exp([fit.x for fit in fits])
