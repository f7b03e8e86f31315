import pytest

from ann.ensembles import fifo_answers, fifo_schedule


def test_each_worker_takes_the_next_member_when_it_is_free():
    # Worker 0: members 0 (0-1), 2 (1-5), 4 (5-21); worker 1: members 1 (0-2), 3 (2-10).
    schedule = fifo_schedule([1, 2, 4, 8, 16], workers=2)
    assert schedule.worker.tolist() == [0, 1, 0, 1, 0]
    assert schedule.start.tolist() == [0, 0, 1, 2, 5]
    assert schedule.finish.tolist() == [1, 2, 5, 10, 21]


def test_answers_that_come_behind_better_ones_are_left_out():
    # Two workers: exits 0, 1 of member 0 at 2 and 6; those of member 1 at 3 and 7; member 2 starts
    # at 6 and ends at its exit 0.
    costs, selection = [[2, 6], [3, 7], [8, 9]], [[True, True], [True, True], [True, False]]
    answers = fifo_answers(costs, selection, workers=2)
    assert answers.to_records(index=False).tolist() == [(0, 0, 2), (1, 0, 3), (1, 1, 7), (2, 0, 14)]
    answers = fifo_answers(costs, selection, workers=1)
    assert answers.to_records(index=False).tolist() == [
        (0, 0, 2),
        (0, 1, 6),
        (1, 0, 9),
        (1, 1, 13),
        (2, 0, 21),
    ]


def test_a_member_without_an_answer_takes_no_time():
    answers = fifo_answers([[2], [5], [7]], [[True], [False], [True]])
    assert answers.cost.tolist() == [2, 9]


def test_no_worker_is_refused():
    with pytest.raises(ValueError, match="Received: workers=0"):
        fifo_schedule([1], workers=0)
