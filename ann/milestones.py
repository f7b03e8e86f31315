"""Which exits are read at 1/4, 1/2, 3/4 and all of the cost: arithmetic on fractions."""

import numpy as np

MILESTONES = (0.25, 0.5, 0.75, 1.0)
RULES = ("interpolate", "latest", "closest")


def neighbors(fractions, rule: str, at=MILESTONES) -> tuple[np.ndarray, np.ndarray]:
    """Returns the exits before and after each milestone, equal if a single exit decides.

    Args:
        fractions: cost of each exit over the final exit's, `(num_exits,)`, increasing.
        rule: "latest", the last exit within the milestone; "closest", the exit nearest to it, the
            deeper of two; "interpolate", the exits on both sides of it.
        at: the milestones, `(milestones,)`.

    Returns:
        Two arrays of exits, `(milestones,)`; the first is -1 where no exit is within the milestone.

    Raises:
        ValueError: another rule.
    """
    if rule == "closest":
        # Ties go to the deeper exit, whatever the last bits of the fractions say.
        distances = np.abs(np.subtract.outer(at, fractions)).round(9)
        closest = len(fractions) - 1 - distances[:, ::-1].argmin(axis=1)
        return closest, closest
    before = np.searchsorted(fractions, at, side="right") - 1
    if rule == "latest":
        return before, before
    if rule == "interpolate":
        return before, np.searchsorted(fractions, at, side="left")
    raise ValueError(f"rule must be one of {RULES}. Received: rule={rule!r}")


def read_at(fractions, values, rule: str, at=MILESTONES) -> np.ndarray:
    """Returns the values of a curve at fractions of its cost, read by a rule of `neighbors`.

    Args:
        fractions: `(num_exits,)`, increasing.
        values: what is read, such as errors, `(num_exits,)`.
        rule: as in `neighbors`.
        at: the milestones, `(milestones,)`.

    Returns:
        `(milestones,)`; NaN before the first exit, where there is no answer ("closest" always has
        one), and, with "interpolate", beyond the last one.

    Raises:
        ValueError: another rule.

    Example:
        >>> read_at([0.5, 1.0], [20.0, 10.0], "latest").tolist()
        [nan, 20.0, 20.0, 10.0]
    """
    fractions, values = np.asarray(fractions, float), np.asarray(values, float)
    before, _ = neighbors(fractions, rule, at)
    if rule == "interpolate":
        return np.interp(at, fractions, values, left=np.nan, right=np.nan)
    return np.where(before >= 0, values[before], np.nan)


def milestone_exits(fractions, rule: str = "interpolate") -> list[int]:
    """Returns the exits that are read at the milestones, for which OPT has to be trained.

    Args:
        fractions: cost of each exit divided by the final exit's, `(num_exits,)`.
        rule: as in `neighbors`.

    Raises:
        ValueError: the rule is none of those.

    Example:
        For n = 9, these are the units in the authors' scripts.

        >>> milestone_exits(np.arange(1, 28) / 27, "closest")
        [6, 13, 19, 26]
    """
    before, after = neighbors(np.asarray(fractions), rule)
    return sorted(
        {int(k) for pair in zip(before, after, strict=True) for k in pair if pair[0] >= 0}
    )
