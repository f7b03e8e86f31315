"""Which units have an exit after them, and what the exits are called."""

import numbers


def every(num_units: int, period: int, first: int = 0) -> list[int]:
    """Indices of the units with an exit: every `period` units, counted back from the last.

    Args:
        num_units: units in the network.
        period: the paper's s, units between two exits (001 appendix B; 002 section 4.3).
        first: units before this one have no exit: a member of an EANN needs none where its
            predecessor is as deep (002 section 4.6).

    Returns:
        0-based unit indices, increasing; the last is `num_units - 1`.

    Raises:
        ValueError: `num_units` below 1, `period` not in 1..num_units, or `first` not one of the
            units.

    Example:
        >>> every(9, 4)
        [0, 4, 8]
        >>> every(9, 4, first=4)
        [4, 8]
    """
    if num_units < 1:
        raise ValueError(f"a network needs at least 1 unit. Received: num_units={num_units}")
    if not isinstance(period, numbers.Integral) or not 1 <= period <= num_units:
        raise ValueError(
            f"the prediction period s must be between 1 and the {num_units} units of the network. "
            f"Received: s={period}"
        )
    require_unit(first, num_units)
    return [k for k in range((num_units - 1) % period, num_units, period) if k >= first]


def require_unit(first: int, num_units: int) -> None:
    """Raises unless the first unit that may have an exit is one of the network's.

    Raises:
        ValueError: it is not.
    """
    if not isinstance(first, numbers.Integral) or not 0 <= first < num_units:
        raise ValueError(
            f"first_exit must be one of the units 0 to {num_units - 1}. "
            f"Received: first_exit={first}"
        )


def exit_names(num_exits: int) -> list[str]:
    """`exit_00`, `exit_01`, ...: zero-padded, because Keras and others sort dictionary keys.

    Example:
        >>> exit_names(2)
        ['exit_00', 'exit_01']
    """
    digits = max(2, len(str(num_exits - 1)))
    return [f"exit_{index:0{digits}d}" for index in range(num_exits)]
