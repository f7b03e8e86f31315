"""Proposition 4.1 of 001: the printed closed forms, and the exact values for finite sequences."""

import math

import numpy as np
import pytest

from ann.ensembles import cost_inflation, cost_ratio, exact_cost_inflation

BASES = [1.2, 1.5, 2.0, 1 + math.sqrt(2), 3.0, 4.0, 10.0]


@pytest.mark.parametrize(
    ("b", "sup", "mean"),
    # From 001's formulas (author_code.md section 4). For b = 2, the mean is 1 - 1/4 + 1 + ln 2.
    [(1.5, 4.00, 3.48), (2, 3.00, 2.443), (3, 2.50, 1.88), (4, 2.33, 1.67)],
)
def test_printed_values_of_anytime_networks(b, sup, mean):
    assert cost_inflation(b) == (
        pytest.approx(sup, abs=0.005),
        pytest.approx(mean, abs=0.005 if b != 2 else 0.0005),
    )


def test_printed_minima_of_plain_networks():
    # sup C = b^2/(b-1) has its minimum 4 at b = 2. The mean has its minimum 1.5 + sqrt(2) at
    # b = 1 + sqrt(2).
    assert cost_inflation(2, anytime=False) == (4, 3)
    assert cost_inflation(1 + math.sqrt(2), anytime=False)[1] == pytest.approx(1.5 + math.sqrt(2))
    values = [cost_inflation(b, anytime=False) for b in np.linspace(1.05, 10, 500)]
    assert min(sup for sup, _ in values) >= 4
    assert min(mean for _, mean in values) >= 1.5 + math.sqrt(2)


def test_several_workers_raise_b_to_a_power():
    assert cost_inflation(1.5, workers=3) == cost_inflation(1.5**3)


def test_exact_values_by_hand():
    # Networks of depths 1, 2, and 4 end after 1, 3, and 7 layers. During network 2, C = x up to
    # x = 2, then x/(x-1) up to 3. During network 3, C = x/2 up to x = 5, then x/(x-3) up to 7.
    area = (4 - 1) / 2 + (1 + math.log(2)) + (25 - 9) / 4 + (2 + 3 * math.log(2))
    assert exact_cost_inflation([1, 2, 4]) == (2.5, pytest.approx(area / 6))
    # For plain networks, C = x up to 3, then x/2 up to 7.
    assert exact_cost_inflation([1, 2, 4], anytime=False) == (3.5, pytest.approx((4 + 10) / 6))
    # With two workers, the networks end at 1, 2, and 1 + 4. From x = 1 on, the second is deeper
    # than the first. From x = 3 on, the third is deeper than the second.
    area = 1 + (9 - 4) / 4 + (2 + math.log(2))
    assert exact_cost_inflation([1, 2, 4], workers=2) == (1.5, pytest.approx(area / 4))


@pytest.mark.parametrize(("anytime", "workers"), [(True, 1), (True, 2), (True, 3), (False, 1)])
@pytest.mark.parametrize("b", BASES)
def test_exact_values_stay_below_the_closed_forms(b, anytime, workers):
    for networks in range(2, 25):
        exact = exact_cost_inflation(b ** np.arange(networks), workers=workers, anytime=anytime)
        printed = cost_inflation(b, workers=workers, anytime=anytime)
        assert exact[0] <= printed[0] * (1 + 1e-12)
        assert exact[1] <= printed[1] * (1 + 1e-12)


@pytest.mark.parametrize("anytime", [True, False])
@pytest.mark.parametrize("b", BASES)
def test_exact_values_approach_the_closed_forms(b, anytime):
    # The difference decreases as 1/b^n, here to less than 1e-7.
    networks = 2 + math.ceil(25 * math.log(2) / math.log(b))
    exact = exact_cost_inflation(b ** np.arange(networks), anytime=anytime)
    assert exact == pytest.approx(cost_inflation(b, anytime=anytime), rel=1e-5)


@pytest.mark.parametrize(("b", "workers"), [(2, 2), (1.5, 3)])
def test_with_several_workers_the_closed_forms_are_not_reached(b, workers):
    # Network n starts when network n - M ends. sup C therefore approaches 1 + b/(b^M - 1), and not
    # 2 + 1/(b^M - 1) = 1 + b^M/(b^M - 1).
    power = b**workers
    sup, mean = exact_cost_inflation(float(b) ** np.arange(60), workers=workers)
    assert sup == pytest.approx(1 + b / (power - 1))
    begin, turn, end = power / (b * (power - 1)), 1 / (power - 1) + 1 / b, power / (power - 1)
    area = b * (turn**2 - begin**2) / 2 + 1 - 1 / b + math.log(b) / (power - 1)
    assert mean == pytest.approx(area / (end - begin))
    assert mean < cost_inflation(b, workers=workers)[1] - 0.1


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("anytime", [True, False])
def test_exact_values_agree_with_the_cost_ratio(anytime, workers):
    depths = [1, 2, 5, 9, 20]
    sup, mean = exact_cost_inflation(depths, workers=workers, anytime=anytime)
    edges = np.linspace(1, {1: 37, 2: 1 + 5 + 20}[workers], 200_001)
    ratio = cost_ratio((edges[1:] + edges[:-1]) / 2, depths, workers=workers, anytime=anytime)
    assert ratio.mean() == pytest.approx(mean, rel=1e-4)
    assert ratio.max() == pytest.approx(sup, rel=1e-3)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="Received: b=1, workers=1"):
        cost_inflation(1)
    with pytest.raises(ValueError, match="Received: workers=2"):
        cost_inflation(2, workers=2, anytime=False)
    with pytest.raises(ValueError, match=r"increase. Received: depths=\[2.0, 1.0\]"):
        exact_cost_inflation([2, 1])
    with pytest.raises(ValueError, match=r"\[1.0, 3.0\]. Received: budgets from 0.5 to 2.0"):
        cost_ratio([0.5, 2], [1, 2])
