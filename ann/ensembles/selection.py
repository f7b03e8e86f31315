"""Rules that select which of its members' exits give an EANN new answers.

A selection is a list with one entry per member, in order. Each entry is a list of booleans, one per
exit: True if the exit gives a new answer, and False if the previous answer is kept.
"""

import itertools
import math

from ann import costs


def select_by_depth(members) -> list[list[bool]]:
    """Selects the exits that are deeper than the previous member (002 section 3.3).

    Args:
        members: models (`MultiExitModel`), shallow to deep.

    Returns:
        The selection.

    Raises:
        ValueError: a member is not deeper than the previous one.

    Example:
        >>> select_by_depth([models.build("resann-n1-c4"), models.build("resann-n2-c4")])
        [[True, True, True], [False, False, False, True, True, True]]
    """
    return select_deeper([costs.depths(member) for member in members])


def select_deeper(depths) -> list[list[bool]]:
    """Selects as `select_by_depth` does, but needs only the depths of the exits.

    Args:
        depths: for each member, the depth of each of its exits (see `costs.depths`).

    Returns:
        The selection.

    Raises:
        ValueError: a member is not deeper than the previous one.

    Example:
        >>> select_deeper([[3, 5, 7], [3, 5, 7, 9, 11, 13]])
        [[True, True, True], [False, False, False, True, True, True]]
    """
    finals = [0, *(of_member[-1] for of_member in depths)]
    if any(deeper <= before for before, deeper in itertools.pairwise(finals)):
        raise ValueError(
            f"each member must be deeper than the previous one. Received: final depths {finals[1:]}"
        )
    return [
        [depth > before for depth in of_member]
        for before, of_member in zip(finals, depths, strict=False)
    ]


def select_by_validation(errors) -> list[list[bool]]:
    """Selects the exits that beat all exits before them on validation images (001 section 4).

    Args:
        errors: for each member, the error of each of its exits on images that were not used for
            training, for example `anytime_curve(member, validation).error_top1`.

    Returns:
        The selection.

    Example:
        >>> select_by_validation([[50, 40, 40], [45, 41, 38]])
        [[True, True, False], [False, False, True]]
    """
    best = math.inf
    selection = []
    for of_member in errors:
        selection.append([])
        for error in of_member:
            selection[-1].append(bool(error < best))
            best = min(best, error)
    return selection


def last_selected(chosen) -> int:
    """Returns the index of a member's last selected exit, or -1 if no exit is selected.

    The member ends with this exit. A member with no selected exit is left out.

    Example:
        >>> last_selected([True, True, False])
        1
    """
    return max((k for k, selected in enumerate(chosen) if selected), default=-1)
