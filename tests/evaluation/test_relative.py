import numpy as np
import pandas as pd
import pytest

from ann import evaluation


def curve(macs, errors):
    return pd.DataFrame({"macs": np.array(macs, float), "error_top1": np.array(errors, float)})


def test_small_against_large_by_hand(tmp_path):
    # The last answers of the small networks are (100 MACs, 10 %) and (200 MACs, 20 %).
    first = (curve([50, 100], [20, 10]), curve([50, 200], [30, 10]))
    second = (curve([100, 200], [60, 20]), curve([100, 400], [100, 10]))
    pivoted = evaluation.pivoted(second[1], second[0])
    assert pivoted.relative_cost.tolist() == [0.5, 2]
    assert pivoted.relative_error.tolist() == [400, -50]
    both = evaluation.small_against_large([first, second], [0.25, 0.5, 1, 1.5, 2])
    assert both["small"].relative_cost.tolist() == [0.5, 1]
    assert both["small"].relative_error.tolist() == pytest.approx([(100 + 200) / 2, 0])
    assert both["large"].relative_cost.tolist() == [0.5, 1, 1.5, 2]
    # Between 0.5 and 2, the first large network goes from 200 to 0, the second from 400 to -50.
    assert both["large"].relative_error.tolist() == pytest.approx(
        [300, (400 / 3 + 250) / 2, (200 / 3 + 100) / 2, -25]
    )
    evaluation.plot_pivoted(both, tmp_path / "pivoted.png", title="001 Fig. 5")
    evaluation.plot_increase_over_depth(
        {"const": [1.2, 0.6]}, [1.0, 0.5], tmp_path / "depth.png", title="001 Fig. 3"
    )
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in tmp_path.iterdir())


def test_cost_to_reach_is_that_of_the_first_exit_that_reaches_the_error():
    costs = evaluation.cost_to_reach(curve([10, 20, 30], [30, 10, 15]), [30, 29.9, 10, 9])
    np.testing.assert_array_equal(costs, [10, 20, 20, np.nan])
