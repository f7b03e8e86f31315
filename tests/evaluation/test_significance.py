import numpy as np
import pandas as pd
import pytest

from ann import evaluation


def test_settings_won_by_hand():
    index = pd.MultiIndex.from_product([["a", "b", "c", "d"], [1.0]], names=["dataset", "fraction"])
    errors = pd.DataFrame(
        {"ann": [10.0, 10, 10, 10], "aann": [9, 10, 11, 8], "rwm": [9, np.nan, 12, np.nan]},
        index=index,
    )
    won = evaluation.settings_won(errors, "ann")
    assert won.loc[(1.0, "aann"), ["won", "settings"]].tolist() == [62.5, 4]  # Two wins and a tie.
    assert won.loc[(1.0, "rwm"), ["won", "settings"]].tolist() == [50, 2]
    assert won.loc[(1.0, "aann"), "bound"] == pytest.approx(np.exp(-2 * 4 / 64))
    assert won.loc[(1.0, "aann"), "bound_as_printed"] == pytest.approx(np.exp(-2 * 4 / 16))


def test_hoeffding_by_hand():
    # With 39 settings, exp(-78 t^2) is 0.05 at t = sqrt(log(20) / 78) = 0.196 above 1/2.
    assert evaluation.hoeffding_bound(0.696, 39) == pytest.approx(0.05, abs=1e-4)
    # AANN in 002 wins 30 of 39 settings at 3/4, and 26 at 1/4.
    assert evaluation.hoeffding_bound(30 / 39, 39) == pytest.approx(0.0035, abs=1e-4)
    assert evaluation.hoeffding_bound(26 / 39, 39) == pytest.approx(0.1146, abs=1e-4)
    assert evaluation.hoeffding_bound(0.3, 39) == 1  # Less than half proves nothing.


def test_printed_bound_has_the_values_that_002_prints():
    # 002 section 4.4: at most 0.05 from 0.598 on (printed as 0.0598), and 0.001 from 0.65 on.
    assert evaluation.printed_hoeffding_bound(0.598, 39) == pytest.approx(0.05, abs=1e-3)
    assert evaluation.printed_hoeffding_bound(0.65, 39) <= 0.001


def test_means_over_seeds_by_hand():
    runs = pd.DataFrame({"row": ["a"] * 3 + ["b"], "error_top1": [10.0, 12, 14, 20]})
    means = evaluation.seed_means(runs, ["row"])
    assert means.loc["a", ["mean", "std", "seeds"]].tolist() == [12, 2, 3]
    # t(0.975, 2) = 4.30265 and t(0.95, 2) = 2.91999.
    assert means.loc["a", "half_width"] == pytest.approx(4.30265 * 2 / 3**0.5, rel=1e-5)
    narrower = evaluation.seed_means(runs, ["row"], confidence=0.9)
    assert narrower.loc["a", "half_width"] == pytest.approx(2.91999 * 2 / 3**0.5, rel=1e-5)
    assert np.isnan(means.loc["b", "half_width"])
    with pytest.raises(ValueError, match="Received: confidence=95"):
        evaluation.seed_means(runs, ["row"], confidence=95)


def test_the_interval_contains_the_mean_as_often_as_its_confidence_says(random):
    runs = pd.DataFrame(
        {"row": np.repeat(np.arange(2000), 3), "error_top1": random.normal(10, 2, 6000)}
    )
    means = evaluation.seed_means(runs, ["row"])
    assert np.mean(np.abs(means["mean"] - 10) <= means.half_width) == pytest.approx(0.95, abs=0.015)
