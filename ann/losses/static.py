"""Static weighting schemes: functions of the number of exits."""

import keras
import numpy as np

from ann.losses.scheme import StaticScheme


@keras.saving.register_keras_serializable(package="ann")
class Const(StaticScheme):
    """CONST: every exit weighs 1 (001 section 3)."""

    def _rule(self, num_exits):
        return np.ones(num_exits)


@keras.saving.register_keras_serializable(package="ann")
class Linear(StaticScheme):
    """LINEAR: from 0.25 at the first exit to 1 at the last (001 section 3). A single exit weighs 1.

    Example:
        >>> Linear().weights(4)
        array([0.25, 0.5 , 0.75, 1.  ], dtype=float32)
    """

    def _rule(self, num_exits):
        return np.linspace(0.25, 1.0, num_exits) if num_exits > 1 else np.ones(1)


@keras.saving.register_keras_serializable(package="ann")
class HalfEnd(StaticScheme):
    """HALF_END: the final exit weighs 1, as much as all the others together (001 section 3). A single exit weighs 1.

    Example:
        >>> HalfEnd().weights(5)
        array([0.25, 0.25, 0.25, 0.25, 1.  ], dtype=float32)
    """

    def _rule(self, num_exits):
        return np.append(np.full(num_exits - 1, 1 / max(num_exits - 1, 1)), 1.0)


@keras.saving.register_keras_serializable(package="ann")
class Opt(StaticScheme):
    """OPT: one exit alone is trained, the optimum the papers compare with (001 section 3).

    Args:
        at: 0-based index of the exit; negative counts from the last.

    Raises:
        ValueError: (`weights`) `at` is not one of the exits.
    """

    def __init__(self, at: int = -1):
        self.at = at

    def _rule(self, num_exits):
        if not -num_exits <= self.at < num_exits:
            raise ValueError(f"opt: `at` must be one of the exits 0..{num_exits - 1} or -1. Received: at={self.at}")
        weights = np.zeros(num_exits)
        weights[self.at] = 1
        return weights

    def get_config(self):
        return {"at": self.at}
