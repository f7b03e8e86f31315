import numpy as np
import pytest

from ann import evaluation
from ann.evaluation.budgeted_batch import ALWAYS, NEVER

COSTS = [10, 20, 40]
# Confidences of eight images at three exits.
TENTHS = [[9, 8, 7, 6, 5, 4, 3, 2], [9, 9, 8, 8, 7, 5, 6, 4], [9, 9, 9, 9, 9, 9, 9, 9]]
CONFIDENCES = np.array(TENTHS) / 10


def average_cost(confident, thresholds):
    return np.mean(np.array(COSTS)[evaluation.exits_taken(confident, thresholds)])


def test_thresholds_by_hand():
    # With shares of 4/7, 2/7, and 1/7 (a ratio of 1/2), the average cost is 120/7. Of eight images,
    # five leave at the first exit (4.57 rounded up), two at the second (seven in total, from 6.86),
    # and one at the last. The second exit's confidences for the three images that reach it are 0.5,
    # 0.6, and 0.4.
    thresholds = evaluation.fit_thresholds(CONFIDENCES, COSTS, 120 / 7)
    assert thresholds.tolist() == [0.5, 0.5, ALWAYS]
    assert evaluation.exits_taken(CONFIDENCES, thresholds).tolist() == [0, 0, 0, 0, 0, 1, 1, 2]


def test_smallest_and_largest_budget():
    smallest = evaluation.fit_thresholds(CONFIDENCES, COSTS, 10)
    assert evaluation.exits_taken(CONFIDENCES, smallest).tolist() == [0] * 8
    assert evaluation.fit_thresholds(CONFIDENCES, COSTS, 40).tolist() == [NEVER, NEVER, ALWAYS]
    assert evaluation.fit_thresholds(CONFIDENCES[:1], COSTS[:1], 10).tolist() == [ALWAYS]


def test_validation_images_never_cost_more_than_the_budget(random):
    confident = np.sort(random.uniform(0.1, 1, size=(3, 500)).round(2), axis=0)  # with ties
    budgets = np.arange(10, 41)
    thresholds = [evaluation.fit_thresholds(confident, COSTS, budget) for budget in budgets]
    spent = np.array([average_cost(confident, fitted) for fitted in thresholds])
    assert (spent <= budgets + 1e-6).all()
    assert (spent >= budgets - 1.5).all()  # Nearly all of the budget is used.
    assert (np.diff(spent) >= 0).all()


@pytest.mark.parametrize(
    ("confident", "costs", "budget", "message"),
    [
        (CONFIDENCES, COSTS, 9, "Received: budget=9"),
        (CONFIDENCES, [10, 10, 20], 15, "Received: costs="),
        (CONFIDENCES, [10, 20], 15, "Received: confidences of"),
        (CONFIDENCES[:, :0], COSTS, 15, "Received: confidences of"),
    ],
)
def test_wrong_arguments_are_refused(confident, costs, budget, message):
    with pytest.raises(ValueError, match=message):
        evaluation.fit_thresholds(confident, costs, budget)


def test_curve_by_hand(tmp_path):
    # Exit 0 is right when its confidence is 0.9 and wrong when it is 0.6. Exit 1 is always right
    # and has a confidence of 0.95.
    sure, unsure, right = np.log([0.9, 0.1]), np.log([0.4, 0.6]), np.log([0.95, 0.05])
    logits = np.array([[sure, sure, unsure, unsure], [right] * 4])
    labels = np.zeros(4, int)
    curve = evaluation.budgeted_batch_curve(
        logits, logits, labels, [10, 20], budgets=[10, 12.5, 15, 17.5, 20]
    )
    assert curve.macs.tolist() == [10, 10, 15, 15, 20]  # The two unsure images leave together.
    assert curve.error_top1.tolist() == [50, 50, 0, 0, 0]
    assert len(evaluation.budgeted_batch_curve(logits, logits, labels, [10, 20])) == 40
    anytime = curve.iloc[[0, -1]]
    evaluation.plot_budgeted_batch(
        curve, anytime, tmp_path / "budgeted.png", title="budgeted batch"
    )
    assert (tmp_path / "budgeted.png").read_bytes().startswith(b"\x89PNG")
