import numpy as np

from ann.training import step_schedule


def test_a_tenth_at_a_half_and_again_at_three_quarters():
    schedule = step_schedule(0.1, 200)
    values = [float(schedule(step)) for step in range(200)]
    np.testing.assert_allclose(values, [0.1] * 100 + [0.01] * 50 + [0.001] * 50, rtol=1e-6)


def test_other_drops():
    schedule = step_schedule(1.0, 10, drop_at=(0.3,), drop_to=(0.5,))
    np.testing.assert_allclose([float(schedule(step)) for step in range(10)], [1] * 3 + [0.5] * 7)
