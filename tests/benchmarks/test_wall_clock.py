"""The times that the table of the report reads."""

from benchmarks.wall_clock import time_exits


def test_each_milestone_exit_has_a_time():
    times = time_exits("resann-n1-c4", rounds=2)
    assert times.dataset.unique().tolist() == ["cifar10"]
    assert times.exit.tolist() == [0, 1, 2]
    assert (times.milliseconds > 0).all()
