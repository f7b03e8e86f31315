"""Properties that hold for all schedules, selections, and sequences of networks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ann import ensembles

COSTS = st.lists(st.integers(1, 100), min_size=1, max_size=8)
WORKERS = st.integers(1, 4)


@st.composite
def depths(draw):
    """Depths of at least two networks, increasing."""
    steps = draw(st.lists(st.integers(1, 20), min_size=2, max_size=6))
    return np.cumsum(steps).astype(float)


@st.composite
def members(draw):
    """Costs to the exits of each member, and a selection."""
    costs = []
    for steps in draw(st.lists(COSTS, min_size=1, max_size=4)):
        costs.append(np.cumsum(steps).tolist())
    chosen = [draw(st.lists(st.booleans(), min_size=len(c), max_size=len(c))) for c in costs]
    return costs, chosen


@given(COSTS, WORKERS)
def test_a_worker_computes_one_network_at_a_time_and_takes_the_next_when_it_is_free(costs, workers):
    schedule = ensembles.fifo_schedule(costs, workers)
    assert schedule.start.is_monotonic_increasing
    assert (schedule.finish - schedule.start).tolist() == costs
    for start, running in zip(schedule.start, schedule.index, strict=True):
        earlier = schedule.iloc[:running]
        # All workers are busy just before a network starts, and one becomes free as it starts.
        assert (earlier.finish > start).sum() < workers
        if start > 0:
            assert ((earlier.start < start) & (earlier.finish >= start)).sum() == workers
    for _, own in schedule.groupby("worker"):
        assert (own.start.to_numpy()[1:] >= own.finish.to_numpy()[:-1]).all()


@given(COSTS, WORKERS)
def test_no_network_starts_later_with_one_more_worker(costs, workers):
    fewer, more = (ensembles.fifo_schedule(costs, number) for number in (workers, workers + 1))
    assert (more.start <= fewer.start).all()


@given(members(), WORKERS)
def test_answers_come_in_order_and_none_after_a_better_one(members, workers):
    costs, selection = members
    answers = ensembles.fifo_answers(costs, selection, workers)
    places = list(zip(answers.member, answers.exit, strict=True))
    chosen = [(j, k) for j, flags in enumerate(selection) for k, flag in enumerate(flags) if flag]
    assert answers.cost.is_monotonic_increasing
    assert places == sorted(set(places))
    assert set(places) <= set(chosen)
    assert places[-1:] == chosen[-1:]  # The best answer is never left out.
    if workers == 1:
        assert places == chosen


@given(st.lists(st.lists(st.floats(0, 100), min_size=1, max_size=6), min_size=1, max_size=4))
def test_by_validation_each_new_answer_beats_all_exits_before_it(errors):
    selection = ensembles.select_by_validation(errors)
    so_far = [np.inf]
    for of_member, chosen in zip(errors, selection, strict=True):
        for error, selected in zip(of_member, chosen, strict=True):
            assert selected == (error < min(so_far))
            so_far.append(error)


@given(depths(), WORKERS, st.booleans())
def test_cost_inflation_equals_a_simulation(depths, workers, anytime):
    schedule = ensembles.fifo_schedule(depths, workers)
    start, finish = schedule.start.to_numpy(), schedule.finish.to_numpy()
    edges = np.linspace(finish[0], finish[-1], 5001)
    budgets = (edges[:-1] + edges[1:]) / 2
    computed = np.clip(budgets[:, None] - start, 0, depths)
    if not anytime:
        computed[budgets[:, None] < finish] = 0
    simulated = budgets / computed.max(axis=1)

    options = {"workers": workers, "anytime": anytime}
    np.testing.assert_allclose(ensembles.cost_ratio(budgets, depths, **options), simulated)
    sup, mean = ensembles.exact_cost_inflation(depths, **options)
    assert mean == pytest.approx(simulated.mean(), rel=1e-3)
    assert simulated.max() <= sup * (1 + 1e-9)
    assert simulated.max() == pytest.approx(sup, rel=5e-3)
