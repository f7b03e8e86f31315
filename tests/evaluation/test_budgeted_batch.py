import numpy as np
import pytest

from ann import evaluation
from ann.evaluation.budgeted_batch import ALWAYS, NEVER

COSTS = [10, 20, 40]
# Confidences of eight images at three exits, in steps of 1/10.
CONFIDENCES = (
    np.array([[9, 8, 7, 6, 5, 4, 3, 2], [9, 9, 8, 8, 7, 5, 6, 4], [9, 9, 9, 9, 9, 9, 9, 9]]) / 10
)


def average_cost(confident, thresholds):
    return np.mean(np.array(COSTS)[evaluation.exits_taken(confident, thresholds)])


def test_thresholds_by_hand():
    # Shares 4/7, 2/7, 1/7 (ratio 1/2) cost 120/7 on average. Of eight images, five leave at the
    # first exit (4.57 rounded up), seven by the second (6.86), one at the last.
    thresholds = evaluation.fit_thresholds(CONFIDENCES, COSTS, 120 / 7)
    assert thresholds.tolist() == [
        0.5,
        0.5,
        ALWAYS,
    ]  # the second exit is sure of 0.5, 0.6, 0.4 of the three that come
    assert evaluation.exits_taken(CONFIDENCES, thresholds).tolist() == [0, 0, 0, 0, 0, 1, 1, 2]


def test_ends_of_the_budget():
    assert (
        evaluation.exits_taken(
            CONFIDENCES, evaluation.fit_thresholds(CONFIDENCES, COSTS, 10)
        ).tolist()
        == [0] * 8
    )
    assert evaluation.fit_thresholds(CONFIDENCES, COSTS, 40).tolist() == [NEVER, NEVER, ALWAYS]
    assert evaluation.fit_thresholds(CONFIDENCES[:1], COSTS[:1], 10).tolist() == [ALWAYS]


def test_validation_images_never_cost_more_than_the_budget(random):
    confident = np.sort(random.uniform(0.1, 1, size=(3, 500)).round(2), axis=0)  # with ties
    spent = [
        average_cost(confident, evaluation.fit_thresholds(confident, COSTS, budget))
        for budget in range(10, 41)
    ]
    assert (np.array(spent) <= np.arange(10, 41) + 1e-6).all()
    assert (np.array(spent) >= np.arange(10, 41) - 1.5).all()  # and nearly all of it is spent
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
def test_what_cannot_be_met_is_refused(confident, costs, budget, message):
    with pytest.raises(ValueError, match=message):
        evaluation.fit_thresholds(confident, costs, budget)


def test_curve_by_hand(tmp_path):
    # Exit 0 is right when sure (0.9) and wrong when not (0.6); exit 1 is always right and sure.
    sure, unsure, right = np.log([0.9, 0.1]), np.log([0.4, 0.6]), np.log([0.95, 0.05])
    logits = np.array([[sure, sure, unsure, unsure], [right] * 4])
    labels = np.zeros(4, int)
    curve = evaluation.budgeted_batch_curve(
        logits, logits, labels, [10, 20], budgets=[10, 12.5, 15, 17.5, 20]
    )
    assert curve.macs.tolist() == [10, 10, 15, 15, 20]  # the two unsure ones leave together
    assert curve.error_top1.tolist() == [50, 50, 0, 0, 0]
    assert len(evaluation.budgeted_batch_curve(logits, logits, labels, [10, 20])) == 40
    anytime = curve.iloc[[0, -1]]
    evaluation.plot_budgeted_batch(
        curve, anytime, tmp_path / "budgeted.png", title="budgeted batch"
    )
    assert (tmp_path / "budgeted.png").read_bytes().startswith(b"\x89PNG")
