import numpy as np
import pytest

from ann.metrics import AnytimeMetric


def test_means_over_batches_of_different_sizes():
    metric = AnytimeMetric(["exit_00", "exit_01"])
    metric.update_state(
        np.array([[1.0, 3.0], [0.5, 0.5]], "float32"), np.array([[1.0, 1.0], [0.0, 1.0]], "float32")
    )
    metric.update_state(np.array([[5.0], [2.0]], "float32"), np.array([[0.0], [0.0]], "float32"))
    result = {name: float(value) for name, value in metric.result().items()}
    assert result == pytest.approx(
        {
            "average_error": 50,
            "final_error": 100 / 3,
            "exit_00_loss": 3,
            "exit_00_error": 200 / 3,
            "exit_01_loss": 1,
            "exit_01_error": 100 / 3,
        }
    )
    metric.reset_state()
    assert float(metric.result()["final_error"]) == 0


def test_sample_weights():
    metric = AnytimeMetric(["exit_00"])
    metric.update_state(
        np.array([[1.0, 5.0]]), np.array([[0.0, 1.0]]), sample_weight=np.array([3.0, 1.0])
    )
    assert float(metric.result()["exit_00_loss"]) == pytest.approx(2)
    assert float(metric.result()["final_error"]) == pytest.approx(25)
