import pytest

from ann.exits import every, exit_names


def test_counted_back_from_the_last_unit():
    # 002 appendix A: n = 25, s = 3 has exits at the units 3, 6, ..., 75 (1-based).
    assert every(75, 3) == list(range(2, 75, 3))
    assert every(9, 1) == list(range(9))
    assert every(9, 9) == [8]
    assert every(8, 3) == [1, 4, 7]


@pytest.mark.parametrize(("units", "period"), [(0, 1), (9, 0), (9, 10)])
def test_impossible_placements_are_refused(units, period):
    with pytest.raises(ValueError, match="Received"):
        every(units, period)


def test_names_sort_as_the_exits_do():
    for count in (1, 12, 100, 101):
        assert exit_names(count) == sorted(exit_names(count))
    assert exit_names(101)[7] == "exit_007"
