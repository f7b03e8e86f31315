"""Properties that hold for all curves, costs, and confidences."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ann import evaluation
from ann.evaluation.curve import MILESTONES

RULES = ("interpolate", "latest", "closest")
ERRORS = st.floats(0, 100)


@st.composite
def costs(draw, min_exits=1):
    """MACs to each exit, increasing."""
    steps = draw(st.lists(st.integers(1, 1000), min_size=min_exits, max_size=8))
    return np.cumsum(steps).astype(float)


@st.composite
def curves(draw):
    """Curves with any errors, as `anytime_curve` returns them."""
    macs = draw(costs())
    errors = draw(st.lists(ERRORS, min_size=len(macs), max_size=len(macs)))
    return pd.DataFrame(
        {
            "exit": range(len(macs)),
            "macs": macs,
            "fraction": macs / macs[-1],
            "error_top1": errors,
        }
    )


@given(curves(), st.sampled_from(RULES))
def test_milestones_are_errors_of_the_curve(curve, rule):
    found = evaluation.milestones(curve, rule)
    assert found[1.0] == curve.error_top1.iloc[-1]
    missing = np.array(MILESTONES) < curve.fraction.iloc[0]
    assert (found.isna() == (missing & (rule != "closest"))).all()
    answers = found.dropna()
    assert answers.between(curve.error_top1.min(), curve.error_top1.max()).all()
    if rule != "interpolate":
        assert answers.isin(curve.error_top1).all()


@given(curves())
def test_if_errors_decrease_interpolation_is_at_least_as_good_as_the_latest_exit(curve):
    curve = curve.assign(error_top1=sorted(curve.error_top1, reverse=True))
    interpolated = evaluation.milestones(curve, "interpolate")
    latest = evaluation.milestones(curve, "latest")
    assert (interpolated <= latest + 1e-9)[latest.notna()].all()


@given(curves(), st.sampled_from(RULES))
def test_milestones_need_only_the_milestone_exits(curve, rule):
    exits = evaluation.milestone_exits(curve.fraction, rule)
    assume(exits)
    some = evaluation.milestones(curve.iloc[exits], rule)
    pd.testing.assert_series_equal(some, evaluation.milestones(curve, rule))


@given(arrays.arrays(float, 5, elements=st.floats(0.1, 100)), st.floats(0.1, 100))
def test_relative_increase_is_undone_by_adding_it_and_has_no_unit(errors, reference):
    increase = evaluation.relative_increase(errors, reference)
    np.testing.assert_allclose(reference * (1 + increase / 100), errors)
    np.testing.assert_allclose(
        evaluation.relative_increase(errors / 100, reference / 100), increase, atol=1e-9
    )


@given(curves(), st.floats(0, 100))
def test_area_is_the_mean_error_over_evenly_spaced_interruptions(curve, unanswered):
    interruptions = (np.arange(5000) + 0.5) / 5000
    last = np.searchsorted(curve.fraction, interruptions, side="right") - 1
    errors = np.where(last < 0, unanswered, curve.error_top1.to_numpy()[last])
    area = evaluation.area_under_error(curve, unanswered)
    assert area == pytest.approx(errors.mean(), abs=0.2)
    assert evaluation.timeliness(curve, unanswered) == pytest.approx(100 - area)


@given(st.lists(curves(), min_size=1, max_size=3))
def test_opt_plus_is_the_best_error_of_each_cost_or_less(all_curves):
    points = pd.concat(all_curves)
    best = evaluation.opt_plus(all_curves)
    assert best.macs.tolist() == sorted(set(points.macs))
    for macs, error in zip(best.macs, best.error_top1, strict=True):
        assert error == points.error_top1[points.macs <= macs].min()


@given(costs(), st.floats(0, 1), st.data())
def test_thresholds_meet_the_budget_on_the_images_they_are_fitted_to(macs, share, data):
    budget = macs[0] + share * (macs[-1] - macs[0])
    shape = (len(macs), data.draw(st.integers(1, 30)))
    confident = data.draw(arrays.arrays(float, shape, elements=st.floats(0.1, 1)))
    thresholds = evaluation.fit_thresholds(confident, macs, budget)
    taken = evaluation.exits_taken(confident, thresholds)
    assert macs[taken].mean() <= budget * (1 + 1e-6)
