import numpy as np
import pandas as pd
import pytest

from ann import evaluation


def curve(macs, errors):
    return pd.DataFrame({"macs": np.array(macs, float), "error_top1": np.array(errors, float)})


def results():
    """Results of two methods in two settings, with two seeds for one of them.

    The network has four exits, which are at the milestones.
    """
    errors = {
        ("cifar10", "opt", 0): [20, 10, 8, 5],
        ("cifar10", "const", 0): [20, 12, 10, 6],
        ("cifar10", "const", 1): [24, 12, 10, 6],
        ("svhn", "opt", 0): [10, 5, 4, 2],
        ("svhn", "const", 0): [15, 5, 5, 3],
    }
    frames = [
        pd.DataFrame(
            {
                "dataset": d,
                "weighting": w,
                "seed": s,
                "fraction": [0.25, 0.5, 0.75, 1.0],
                "error_top1": map(float, e),
            }
        )
        for (d, w, s), e in errors.items()
    ]
    return pd.concat(frames, ignore_index=True)


def test_average_increase_by_hand():
    errors = evaluation.milestone_errors(results(), ["dataset"], method="weighting")
    assert errors.index.names == ["dataset", "fraction"]
    assert errors.loc[("cifar10", 0.25)].to_dict() == {"const": 22, "opt": 20}
    average = evaluation.average_increase(errors, "opt")
    # At 1/4: 10 % and 50 %. At 1/2: 20 % and 0. At 3/4: 25 % and 25 %. At 1: 20 % and 50 %.
    assert average.increase.tolist() == pytest.approx([30, 10, 25, 35])
    assert average.settings.tolist() == [2, 2, 2, 2]
    assert average.index.tolist() == [(fraction, "const") for fraction in (0.25, 0.5, 0.75, 1.0)]


def test_settings_that_lack_an_error_are_left_out():
    errors = evaluation.milestone_errors(results(), ["dataset"], method="weighting")
    errors.loc[("svhn", 1.0), "opt"] = np.nan
    average = evaluation.average_increase(errors, "opt").loc[(1.0, "const")]
    assert average.tolist() == pytest.approx([20, 1])


def test_milestone_rule_is_passed_on():
    frame = results().replace({"fraction": {0.25: 0.3}})
    latest = evaluation.milestone_errors(frame, ["dataset"], method="weighting", rule="latest")
    assert latest.loc[("svhn", 0.25)].isna().all()
    closest = evaluation.milestone_errors(frame, ["dataset"], method="weighting", rule="closest")
    assert closest.loc[("svhn", 0.25), "const"] == 15


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
