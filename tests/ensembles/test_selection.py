import pytest

from ann import ensembles, models


def test_by_depth_an_exit_counts_once_it_is_deeper_than_the_member_before():
    # n = 1 and n = 2 have 3 and 6 units: units 4 to 6 are deeper than 3. With s = 2 the exits of n
    # = 2 are units 2, 4, 6.
    first = models.build("resann-n1-c4")
    assert ensembles.select_by_depth([first, models.build("resann-n2-c2")]) == [
        [True] * 3,
        [False] * 3 + [True] * 3,
    ]
    assert ensembles.select_by_depth([first, models.build("resann-n2-c4", s=2)]) == [
        [True] * 3,
        [False, True, True],
    ]


def test_members_must_deepen():
    member = models.build("resann-n1-c4")
    with pytest.raises(ValueError, match=r"Received: final depths \[8, 8\]"):
        ensembles.select_by_depth([member, models.build("resann-n1-c8")])


def test_by_validation_an_exit_counts_if_it_beats_all_before_it():
    errors = [[60, 50, 52], [55, 50, 48], [49, 48, 47.9]]
    assert ensembles.select_by_validation(errors) == [
        [True, True, False],
        [False, False, True],
        [False, False, True],
    ]
