import pytest

from ann.ensembles import fifo_answers, fifo_schedule


def test_each_worker_takes_the_next_member_when_it_is_free():
    # Worker 0 computes members 0 (0-1), 2 (1-5), and 4 (5-21). Worker 1 computes members 1 (0-2)
    # and 3 (2-10).
    schedule = fifo_schedule([1, 2, 4, 8, 16], workers=2)
    assert schedule.worker.tolist() == [0, 1, 0, 1, 0]
    assert schedule.start.tolist() == [0, 0, 1, 2, 5]
    assert schedule.finish.tolist() == [1, 2, 5, 10, 21]


def test_answers_that_come_after_better_ones_are_left_out():
    # With two workers, the exits of member 0 are ready at 2 and 6, and member 1's at 3 and 7.
    # Member 2 starts at 6 and ends with its exit 0.
    costs = [[2, 6], [3, 7], [8, 9]]
    selection = [[True, True], [True, True], [True, False]]

    def answers(workers):
        return list(fifo_answers(costs, selection, workers).itertuples(index=False, name=None))

    assert answers(2) == [(0, 0, 2), (1, 0, 3), (1, 1, 7), (2, 0, 14)]
    assert answers(1) == [(0, 0, 2), (0, 1, 6), (1, 0, 9), (1, 1, 13), (2, 0, 21)]


def test_a_member_without_an_answer_takes_no_time():
    answers = fifo_answers([[2], [5], [7]], [[True], [False], [True]])
    assert answers.cost.tolist() == [2, 9]


def test_zero_workers_are_refused():
    with pytest.raises(ValueError, match="Received: workers=0"):
        fifo_schedule([1], workers=0)
