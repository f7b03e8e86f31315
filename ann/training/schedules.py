"""Learning rate schedules."""

import keras
from keras import ops


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


def cosine_schedule(learning_rate: float, total_steps: int):
    """Half a cosine from `learning_rate` down to 0 at the end of training (SGDR, Loshchilov and
    Hutter 2017, Eq. 5, without restarts).

    Args:
        learning_rate: the first value.
        total_steps: optimizer steps of the whole run.

    Returns:
        A Keras schedule.

    Example:
        >>> [round(float(cosine_schedule(0.1, 100)(step)), 4) for step in (0, 50, 100)]
        [0.1, 0.05, 0.0]
    """
    return keras.optimizers.schedules.CosineDecay(learning_rate, total_steps)


@keras.saving.register_keras_serializable(package="ann")
class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule whose first steps are scaled down: step t has min(1, (t + 1) / steps) times the
    learning rate of the schedule (gradual warm-up, Goyal et al. 2017, section 2.2).

    Args:
        schedule: a Keras schedule.
        steps: length of the warm-up in optimizer steps.

    Raises:
        ValueError: `steps` below 1.

    Example:
        >>> warm = WarmUp(cosine_schedule(0.1, 1000), steps=4)
        >>> [round(float(warm(step)), 3) for step in (0, 1, 2, 3, 4)]
        [0.025, 0.05, 0.075, 0.1, 0.1]
    """

    def __init__(self, schedule, steps: int):
        if steps < 1:
            raise ValueError(f"steps must be at least 1. Received: steps={steps}")
        self.schedule = schedule
        self.steps = steps

    def __call__(self, step):
        reached = (ops.cast(step, "float32") + 1) / self.steps
        return self.schedule(step) * ops.minimum(reached, 1.0)

    def get_config(self):
        return {
            "schedule": keras.saving.serialize_keras_object(self.schedule),
            "steps": self.steps,
        }

    @classmethod
    def from_config(cls, config):
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(schedule, config["steps"])
