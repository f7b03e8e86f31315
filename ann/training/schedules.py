"""Learning rate schedules."""

import keras


def step_schedule(
    learning_rate: float, total_steps: int, *, drop_at=(0.5, 0.75), drop_to=(0.1, 0.01)
):
    """Constant, then lower at given fractions of training (001 section 5.1: a tenth at 1/2 and
    again at 3/4).

    Args:
        learning_rate: the first value.
        total_steps: optimizer steps of the whole run.
        drop_at: fractions of `total_steps`, increasing, inside (0, 1).
        drop_to: multiples of `learning_rate` from there on.

    Returns:
        A Keras schedule.

    Example:
        >>> [round(float(step_schedule(0.1, 100)(step)), 4) for step in (0, 49, 50, 75)]
        [0.1, 0.1, 0.01, 0.001]
    """
    # PiecewiseConstantDecay changes after a boundary; step numbers count from 0.
    boundaries = [round(at * total_steps) - 1 for at in drop_at]
    values = [learning_rate, *(learning_rate * to for to in drop_to)]
    return keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, values)
