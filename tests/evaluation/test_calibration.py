import numpy as np
import pytest

from ann import evaluation


def test_calibration_error_by_hand():
    # The confidences 0.9 and 0.9 (one answer right) are in the bin (0.8, 1]. The confidences 0.6
    # and 0.7 (both answers right) are in (0.4, 0.6] and (0.6, 0.8].
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.7, 0.3]])
    logits = np.stack([np.log(probabilities), np.log(probabilities[:, ::-1])])
    labels = np.array([0, 1, 0, 0])
    first, second = evaluation.calibration_error(logits, labels, bins=5)
    assert first == pytest.approx(100 * (abs(0.5 - 0.9) * 2 + abs(1 - 0.6) + abs(1 - 0.7)) / 4)
    assert second == pytest.approx(100 * (abs(0.5 - 0.9) * 2 + 0.6 + 0.7) / 4)


def test_gaps_in_the_same_bin_cancel_out():
    logits = np.log([[[0.8, 0.2]] * 5])
    assert evaluation.calibration_error(logits, [0, 0, 0, 0, 1])[0] == pytest.approx(0)


def test_temperatures_by_hand():
    # The logits differ by 2 and by 6, and three of four answers are right. They are calibrated when
    # difference / temperature = log(3).
    logits = np.zeros((2, 4, 2))
    logits[0, :, 0], logits[1, :, 0] = 2, 6
    labels = np.array([0, 0, 0, 1])
    temperatures = evaluation.fit_temperatures(logits, labels)
    np.testing.assert_allclose(temperatures, [2 / np.log(3), 6 / np.log(3)], rtol=1e-4)
    np.testing.assert_allclose(
        evaluation.calibration_error(logits / temperatures[:, None, None], labels), 0, atol=0.01
    )


def test_fit_recovers_known_temperatures(random):
    true = random.normal(size=(20_000, 4)) * 2
    labels = (true + random.gumbel(size=true.shape)).argmax(axis=1)  # Drawn from softmax(true).
    logits = np.stack([true * 3, true / 2])
    np.testing.assert_allclose(evaluation.fit_temperatures(logits, labels), [3, 0.5], rtol=0.05)
    assert (evaluation.calibration_error(logits, labels) > 5).all()
