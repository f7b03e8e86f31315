import pytest

from ann import ensembles, models


def test_by_depth_an_exit_counts_if_it_is_deeper_than_the_previous_member():
    # The networks have 3 units (n = 1) and 6 units (n = 2). Units 4 to 6 of the second network are
    # deeper than the first network. With s = 2, the second network has exits at units 2, 4, and 6.
    first = models.build("resann-n1-c4")
    assert ensembles.select_by_depth([first, models.build("resann-n2-c2")]) == [
        [True] * 3,
        [False] * 3 + [True] * 3,
    ]
    assert ensembles.select_by_depth([first, models.build("resann-n2-c4", s=2)]) == [
        [True] * 3,
        [False, True, True],
    ]


def test_members_must_become_deeper():
    member = models.build("resann-n1-c4")
    with pytest.raises(ValueError, match=r"Received: final depths \[8, 8\]"):
        ensembles.select_by_depth([member, models.build("resann-n1-c8")])


def test_by_validation_an_exit_counts_if_it_beats_all_exits_before_it():
    errors = [[60, 50, 52], [55, 50, 48], [49, 48, 47.9]]
    assert ensembles.select_by_validation(errors) == [
        [True, True, False],
        [False, False, True],
        [False, False, True],
    ]
