"""Adaptive weighting schemes: weights from the losses themselves."""

import keras
import numpy as np
from keras import ops

from ann.losses.scheme import Scheme

# Keeps 0 / 0 out of the weights of losses that reach zero; too small to change any other float32 weight.
_TINY = 1e-12


@keras.saving.register_keras_serializable(package="ann")
class AdaLoss(Scheme):
    """AdaLoss: weights inversely proportional to the running loss of each exit (001 section 3 and Eq. 7).

        w_i = (1 - gamma) min_j l_j / l_i + gamma

    with l the exponential averages of the losses, so that the largest weight is 1 and learning rate schedules carry over.
    The averages start at the losses of the first batch. The authors' code differs in `gamma` (0.07) and `update_every` (100).

    Args:
        gamma: share of the constant weights mixed in, 0 (pure AdaLoss) to 1 (CONST).
        momentum: of the running losses.
        update_every: steps between two updates of the weights; they are 1 before the first.
        final_extra: weight added to the final exit before scaling the largest to 1 (000 appendix B; 1 doubles it).

    Raises:
        ValueError: an argument is out of range.

    Example:
        >>> AdaLoss(gamma=0.05).weights_from([2.0, 1.5, 1.0, 0.8, 0.9]).round(3)
        array([0.43 , 0.557, 0.81 , 1.   , 0.894], dtype=float32)
    """

    def __init__(self, gamma=0.05, momentum=0.9, update_every=1, final_extra=0.0):
        for allowed, ok, name, value in (
            ("[0, 1]", 0 <= gamma <= 1, "gamma", gamma),
            ("[0, 1)", 0 <= momentum < 1, "momentum", momentum),
            ("1, 2, ...", update_every >= 1, "update_every", update_every),
            ("[0, inf)", 0 <= final_extra < float("inf"), "final_extra", final_extra),
        ):
            if not ok:
                raise ValueError(f"adaloss: {name} must lie in {allowed}. Received: {name}={value}")
        self.gamma = gamma
        self.momentum = momentum
        self.update_every = update_every
        self.final_extra = final_extra

    def weights_from(self, running_losses) -> np.ndarray:
        """Exit weights for given running losses: float32 `(num_exits,)` from `(num_exits,)`."""
        return ops.convert_to_numpy(self._rule(ops.convert_to_tensor(running_losses, "float32")))

    def _rule(self, losses):
        weights = (ops.min(losses) + _TINY) / (losses + _TINY)
        if self.final_extra:
            weights = weights + self.final_extra * ops.one_hot(losses.shape[0] - 1, losses.shape[0])
            weights = weights / ops.max(weights)
        return (1 - self.gamma) * weights + self.gamma

    def initial_state(self, num_exits):
        return {
            "steps": np.zeros((), np.int32),
            "running_losses": np.zeros(num_exits, np.float32),
            "adaptive_weights": np.ones(num_exits, np.float32),
        }

    def step(self, state, losses):
        averages = self.momentum * state["running_losses"] + (1 - self.momentum) * losses
        averages = ops.where(state["steps"] == 0, losses, averages)
        steps = state["steps"] + 1
        weights = ops.where(steps % self.update_every == 0, self._rule(averages), state["adaptive_weights"])
        return weights, {"steps": steps, "running_losses": averages, "adaptive_weights": weights}

    def get_config(self):
        return {
            "gamma": self.gamma,
            "momentum": self.momentum,
            "update_every": self.update_every,
            "final_extra": self.final_extra,
        }
