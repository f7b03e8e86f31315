import numpy as np
import pandas as pd
import pytest

from ann import evaluation


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
