"""Static weighting schemes: functions of the number of exits.

Definitions: the papers, and the authors' code where the papers leave something open (`author_code`
in the docstrings). i counts exits from 1, L is their number, B_i the weight of exit i before
normalisation.
"""

import dataclasses

import numpy as np

from ann.losses.knob import knob
from ann.losses.scheme import StaticScheme


class Const(StaticScheme):
    """CONST: every exit weighs the same (001 section 3)."""

    def _rule(self, num_exits):
        return np.ones(num_exits)


class Linear(StaticScheme):
    """LINEAR: from 0.25 at the first exit to 1 at the last (001 section 3). A single exit weighs 1.

    Example:
        >>> Linear().weights(4)
        array([0.25, 0.5 , 0.75, 1.  ], dtype=float32)
    """

    def _rule(self, num_exits):
        return np.linspace(0.25, 1.0, num_exits) if num_exits > 1 else np.ones(1)


class HalfEnd(StaticScheme):
    """HALF_END: the final exit weighs as much as all the others together (001 section 3).

    Example:
        >>> HalfEnd().weights(5)
        array([0.25, 0.25, 0.25, 0.25, 1.  ], dtype=float32)
    """

    def _rule(self, num_exits):
        return np.append(np.full(num_exits - 1, 1 / max(num_exits - 1, 1)), 1.0)


class QuarterHalf(StaticScheme):
    """Quarter-quarter-half: 1/4 at the first exit, 1/2 at the last, 1/4 over those between
    (author_code).

    With one or two exits each weighs the same.

    Example:
        >>> QuarterHalf(normalize="sum").weights(4)
        array([0.25 , 0.125, 0.125, 0.5  ], dtype=float32)
    """

    def _rule(self, num_exits):
        if num_exits <= 2:
            return np.ones(num_exits)
        return np.concatenate([[1 / 4], np.full(num_exits - 2, 1 / (4 * num_exits - 8)), [1 / 2]])


class Sieve(StaticScheme):
    """SIEVE: B_i = 1 + nu_2(L - i) before the final exit, B_L their sum (002 section 3).

    nu_2 is the 2-adic valuation, how often 2 divides a number: peaks lie at halves, quarters,
    eighths back from the final exit.

    Example:
        >>> Sieve(normalize=None).weights(8)
        array([ 1.,  2.,  1.,  3.,  1.,  2.,  1., 11.], dtype=float32)
    """

    def _rule(self, num_exits):
        behind = np.arange(num_exits - 1, 0, -1)  # L - i
        return _with_final_half(1 + np.log2(behind & -behind))


class SieveV2(StaticScheme):
    """SIEVE of 003: peaks where the exits are halved again and again, counted from the first; B_L
    the sum of the others.

    Every exit starts at 1; for the steps L/2, L/4, ... that round to more than 1, each exit at a
    whole multiple of the step, rounded down, gains 1.

    Example:
        >>> SieveV2(normalize=None).weights(8)
        array([ 1.,  1.,  2.,  1.,  3.,  1.,  2., 11.], dtype=float32)
    """

    def _rule(self, num_exits):
        weights = np.ones(num_exits)
        step = num_exits / 2
        while round(step) > 1:
            multiples = np.arange(1, int(np.ceil(num_exits / step))) * step
            weights[multiples[multiples < num_exits].astype(int)] += 1
            step /= 2
        return _with_final_half(weights[:-1])


class ExpLin(StaticScheme):
    """EXP-LIN: weight halves with every halving of the depth; B_L the sum of the others (003;
    author_code).

    Every exit starts at 1; from the last index i = L - 1 and w = L, add w at i, halve both, i
    rounded down, until i is 0; add L/8 at index 3L//4 - 1.

    Example:
        >>> ExpLin().weights(8).round(4)
        array([0.1333, 0.2   , 0.0667, 0.3333, 0.0667, 0.1333, 0.0667, 1.    ], dtype=float32)
    """

    def _rule(self, num_exits):
        weights = np.ones(num_exits)
        index, weight = num_exits - 1, float(num_exits)
        while True:
            weights[index] += weight
            if index == 0:
                break
            index, weight = index // 2, weight / 2
        weights[3 * num_exits // 4 - 1] += num_exits / 8
        return _with_final_half(weights[:-1])


@dataclasses.dataclass(eq=False)
class ExpBase(StaticScheme):
    """Exponential: B_i proportional to base^i (002 section 4.3 compares 2 and 0.5).

    Args:
        base: above 1 favours deep exits, below 1 shallow ones.

    Raises:
        ValueError: `base` is not positive.

    Example:
        >>> ExpBase(2).weights(3)
        array([0.25, 0.5 , 1.  ], dtype=float32)
    """

    base: float = knob(
        2.0,
        "weights grow by this factor from exit to exit; 0.5 favors the shallow ones",
        low=0,
        open="low",
        flag="base",
    )

    def _rule(self, num_exits):
        exponents = np.arange(num_exits) * np.log(self.base)
        return np.exp(exponents - exponents.max())  # scaled, so that many exits do not overflow


@dataclasses.dataclass(eq=False)
class Opt(StaticScheme):
    """OPT: one exit alone is trained, the optimum the papers compare with (001 section 3).

    Args:
        at: 0-based index of the exit; negative counts from the last.

    Raises:
        ValueError: (`weights`) `at` is not one of the exits.
    """

    at: int = knob(-1, "the one exit trained, 0-based; -1 is the last", flag="opt_at")

    @classmethod
    def for_run(cls, values, *, epochs, steps_per_epoch, seed):
        """The network of a run ends at the exit: counted from the last, it is the last."""
        del epochs, steps_per_epoch, seed
        return cls(at=max(values["at"], -1))

    def _rule(self, num_exits):
        if not -num_exits <= self.at < num_exits:
            raise ValueError(
                f"opt: `at` must be one of the exits 0..{num_exits - 1}, or negative to count from "
                f"the last. Received: at={self.at}"
            )
        weights = np.zeros(num_exits)
        weights[self.at] = 1
        return weights


def _with_final_half(others):
    """The final exit weighs as much as all the others; a single exit weighs 1."""
    return np.append(others, others.sum() if len(others) else 1.0)
