"""Calibration error and temperature scaling of every exit.

An exit is calibrated if, of all the answers that it is 80 % sure of, 80 % are correct.
"""

import numpy as np
from scipy import optimize, special

from ann.evaluation.answers import checked_labels, confidences, correct

BINS = 15
_LOG_TEMPERATURES = (np.log(0.01), np.log(100))


def calibration_error(logits, labels, bins: int = BINS) -> np.ndarray:
    """Returns the expected calibration error (ECE) of each exit.

    The ECE is the gap between confidence and accuracy, averaged over the images (Guo et al. 2017).
    The gap is computed per bin. The bins of confidence have equal width and include their upper
    end but not their lower end.

    Args:
        logits: `(num_exits, N, num_classes)`.
        labels: class indices `(N,)`.
        bins: number of bins.

    Returns:
        `(num_exits,)` in percent.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        The exit is 90 % sure, but correct only half of the time.

        >>> calibration_error(np.log([[[0.9, 0.1], [0.9, 0.1]]]), [0, 1]).round(6).tolist()
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
    """Fits the temperature of each exit, so that `logits / temperature` is calibrated.

    The temperature maximizes the likelihood of the labels of held-out images (Guo et al. 2017).
    Dividing by it does not change any answer, only how sure the exit is. Temperatures are between
    0.01 and 100.

    Args:
        logits: `(num_exits, N, num_classes)` of images that were not trained on.
        labels: class indices `(N,)`.

    Returns:
        Temperatures `(num_exits,)`. The calibrated logits are
        `logits / temperatures[:, None, None]`.

    Raises:
        ValueError: the shapes do not fit.
    """
    labels = checked_labels(logits, labels)

    def loss(log_temperature, of_exit):
        log_probabilities = special.log_softmax(of_exit / np.exp(log_temperature), axis=1)
        return -log_probabilities[np.arange(len(labels)), labels].mean()

    # The loss is convex in 1 / temperature, so there is only one minimum.
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
