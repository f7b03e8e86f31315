import numpy as np
import pandas as pd
import pytest

from ann import evaluation


def curve(fractions, errors):
    return pd.DataFrame(
        {
            "exit": range(len(errors)),
            "macs": np.multiply(fractions, 100),
            "fraction": fractions,
            "error_top1": errors,
        }
    )


@pytest.mark.parametrize("rule", ["interpolate", "latest", "closest"])
def test_opt_needs_only_the_exits_that_milestones_reads(rule):
    fractions = np.array([0.2, 0.4, 0.5, 0.7, 0.9, 1.0])
    # Network k has an error of 90 - k at every exit.
    trained_for = {k: curve(fractions, np.full(6, 90.0 - k)) for k in range(6)}
    whole = evaluation.opt_curve(trained_for)
    assert whole.error_top1.tolist() == [90, 89, 88, 87, 86, 85]
    exits = evaluation.milestone_exits(fractions, rule)
    assert exits == ([0, 1, 2, 3, 4, 5] if rule == "interpolate" else [0, 2, 3, 5])
    some = evaluation.opt_curve({k: trained_for[k] for k in exits})
    pd.testing.assert_series_equal(
        evaluation.milestones(some, rule), evaluation.milestones(whole, rule)
    )


def test_exits_that_milestones_does_not_read_are_not_trained():
    # The first exit comes after 1/4, so neither rule has an answer there. From 3/4 on, both rules
    # read only the exits at 3/4 and 1.
    assert evaluation.milestone_exits([0.3, 0.6, 0.75, 0.8, 1.0], "interpolate") == [0, 1, 2, 4]
    assert evaluation.milestone_exits([0.3, 0.6, 0.75, 0.8, 1.0], "latest") == [0, 2, 4]


@pytest.mark.parametrize(
    ("n", "units"),
    [
        (3, [1, 4, 6, 8]),
        (7, [4, 10, 15, 20]),
        (9, [6, 13, 19, 26]),
        (17, [12, 25, 37, 50]),
        (25, [18, 37, 55, 74]),
    ],
)
def test_closest_exits_are_the_units_of_the_authors_scripts(n, units):
    # The units are listed in author_code.md section 3.
    assert evaluation.milestone_exits(np.arange(1, 3 * n + 1) / (3 * n), "closest") == units


def test_missing_exits_are_refused():
    with pytest.raises(ValueError, match=r"exits \[2\]"):
        evaluation.opt_curve({2: curve([0.5, 1.0], [2.0, 1.0])})
    with pytest.raises(ValueError, match="at least one network"):
        evaluation.opt_curve({})


def test_opt_plus_is_the_best_answer_within_each_cost():
    small = curve([0.5, 1.0], [30.0, 20.0])
    large = curve([0.25, 1.0], [40.0, 25.0]).assign(macs=[50.0, 200.0])
    best = evaluation.opt_plus([small, large])
    assert best.macs.tolist() == [50, 100, 200]
    assert best.fraction.tolist() == [0.25, 0.5, 1]
    # The small network's error of 20 % is better than the large network's 25 %.
    assert best.error_top1.tolist() == [30, 20, 20]
