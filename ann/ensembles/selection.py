"""Which answers of its members an EANN gives.

A selection is a list with, for each member in order, a list of booleans, one an exit: True where
that exit gives a new answer, False where the answer before it stands.
"""

import itertools
import math

from ann import costs


def select_by_depth(members) -> list[list[bool]]:
    """002's rule (section 3.3): the exits deeper than the member before them.

    Args:
        members: `MultiExitModel`s, shallow to deep.

    Returns:
        The selection.

    Raises:
        ValueError: a member is not deeper than the one before it.

    Example:
        >>> select_by_depth([models.build("resann-n1-c4"), models.build("resann-n2-c4")])
        [[True, True, True], [False, False, False, True, True, True]]
    """
    return select_deeper([costs.depths(member) for member in members])


def select_deeper(depths) -> list[list[bool]]:
    """The same from the depths of the exits, for networks that are not at hand.

    Args:
        depths: for each member, the depth of each of its exits (`costs.depths`).

    Returns:
        The selection.

    Raises:
        ValueError: a member is not deeper than the one before it.

    Example:
        >>> select_deeper([[3, 5, 7], [3, 5, 7, 9, 11, 13]])
        [[True, True, True], [False, False, False, True, True, True]]
    """
    finals = [0, *(of_member[-1] for of_member in depths)]
    if any(deeper <= before for before, deeper in itertools.pairwise(finals)):
        raise ValueError(
            f"each member must be deeper than the one before it. Received: final depths {finals[1:]}"
        )
    return [
        [depth > before for depth in of_member]
        for before, of_member in zip(finals, depths, strict=False)
    ]


def select_by_validation(errors) -> list[list[bool]]:
    """001's rule (section 4): the exits that are better on validation images than every one before
    them.

    Args:
        errors: for each member, the error of each of its exits on images that were not trained on,
            for example `anytime_curve(member, validation).error_top1`.

    Returns:
        The selection.

    Example:
        >>> select_by_validation([[50, 40, 40], [45, 41, 38]])
        [[True, True, False], [False, False, True]]
    """
    best, selection = math.inf, []
    for of_member in errors:
        selection.append([])
        for error in of_member:
            selection[-1].append(bool(error < best))
            best = min(best, error)
    return selection


def last_selected(chosen) -> int:
    """Index of a member's last selected exit, with which it ends; -1 if none is, and the member is
    left out.

    Example:
        >>> last_selected([True, True, False])
        1
    """
    return max((k for k, selected in enumerate(chosen) if selected), default=-1)
