import keras
import numpy as np
import pytest

from ann.training import WarmUp, cosine_schedule, step_schedule


def test_a_tenth_at_a_half_and_again_at_three_quarters():
    schedule = step_schedule(0.1, 200)
    values = [float(schedule(step)) for step in range(200)]
    np.testing.assert_allclose(values, [0.1] * 100 + [0.01] * 50 + [0.001] * 50, rtol=1e-6)


def test_other_drops():
    schedule = step_schedule(1.0, 10, drop_at=(0.3,), drop_to=(0.5,))
    np.testing.assert_allclose([float(schedule(step)) for step in range(10)], [1] * 3 + [0.5] * 7)


def test_cosine_by_hand():
    schedule = cosine_schedule(0.4, 200)
    found = [float(schedule(step)) for step in (0, 50, 100, 199, 200)]
    expected = [0.2 * (1 + np.cos(np.pi * step / 200)) for step in (0, 50, 100, 199, 200)]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("make", [cosine_schedule, step_schedule])
def test_warm_up_scales_the_first_steps_of_any_schedule(make):
    plain, warm = make(0.1, 100), WarmUp(make(0.1, 100), 5)
    factors = [float(warm(step)) / float(plain(step)) for step in (0, 1, 4, 5, 99)]
    np.testing.assert_allclose(factors, [0.2, 0.4, 1, 1, 1], rtol=1e-5)


def test_warm_up_is_saved_with_its_schedule():
    warm = WarmUp(cosine_schedule(0.1, 10), 3)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(warm))
    assert [float(again(k)) for k in range(10)] == [float(warm(k)) for k in range(10)]


def test_a_warm_up_of_no_step_is_refused():
    with pytest.raises(ValueError, match="steps must be at least 1"):
        WarmUp(cosine_schedule(0.1, 10), 0)
