import numpy as np
import pandas as pd
import pytest

from ann import evaluation


def of_label(probabilities):
    """Returns logits of two classes for which class 0 has these probabilities `(num_exits, N)`."""
    p = np.array(probabilities)
    return np.log(np.stack([p, 1 - p], axis=-1))


def test_area_by_hand():
    curve = pd.DataFrame({"fraction": [0.2, 0.5, 1.0], "error_top1": [60.0, 30.0, 10.0]})
    # There is no answer for 0.2 of the cost, an error of 60 % for 0.3, and of 30 % for 0.5.
    assert evaluation.area_under_error(curve) == pytest.approx(20 + 18 + 15)
    assert evaluation.area_under_error(curve, unanswered=90) == pytest.approx(18 + 18 + 15)
    assert evaluation.timeliness(curve) == pytest.approx(47)


def test_area_equals_average_error_except_at_the_ends():
    errors = np.array([50.0, 40, 30, 20, 10])
    curve = pd.DataFrame({"fraction": np.arange(1, 6) / 5, "error_top1": errors})
    # There are five equal steps. AE counts all five errors. The area counts the time without an
    # answer and the first four errors.
    difference = evaluation.area_under_error(curve) - evaluation.average_error(curve)
    assert difference == pytest.approx((100 - 10) / 5)


def test_violations_are_falls_between_any_two_exits():
    # The label's probability increases for the first image. It falls by 0.08 and recovers for the
    # second, falls by 0.03 and 0.04, in total 0.07, for the third, and falls by 0.6 for the fourth.
    logits = of_label([[0.2, 0.58, 0.47, 0.9], [0.4, 0.50, 0.44, 0.3], [0.6, 0.99, 0.40, 0.8]])
    found = evaluation.violations(logits, np.zeros(4, int))
    assert found.to_dict() == {0.01: 75, 0.05: 75, 0.1: 25, 0.2: 25, 0.5: 25}
    assert evaluation.violations(logits[:1], np.zeros(4, int)).eq(0).all()


def test_overthinking_by_hand():
    # The four images: right then wrong; right, wrong, right; never right; wrong then right.
    logits = of_label([[0.9, 0.9, 0.1, 0.2], [0.8, 0.3, 0.2, 0.3], [0.4, 0.9, 0.3, 0.7]])
    assert evaluation.overthinking_rate(logits, np.zeros(4, int)) == 25
