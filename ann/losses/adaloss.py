"""AdaLoss, the papers' adaptive weighting."""

import keras
import numpy as np
from keras import ops

from ann.losses.checks import require_range
from ann.losses.scheme import Scheme

# Keeps 0 / 0 out of the weights of losses that reach zero; too small to change any other float32
# weight.
_TINY = 1e-12


@keras.saving.register_keras_serializable(package="ann")
class AdaLoss(Scheme):
    """AdaLoss: weights inversely proportional to the running loss of each exit (001 section 3 and
    Eq. 7).

        w_i = (1 - gamma) min_j l_j / l_i + gamma

    with l the exponential averages of the losses, so that the largest weight is 1 and learning rate
    schedules carry over. The averages start at the losses of the first batch. The authors' code
    differs in `gamma` (0.07) and `update_every` (100).

    Args:
        gamma: share of the constant weights mixed in, 0 (pure AdaLoss) to 1 (CONST).
        momentum: of the running losses.
        update_every: steps between two updates of the weights; they are 1 before the first.
        final_extra: weight added to the final exit before scaling the largest to 1 (000 appendix B;
            1 doubles it).
        anneal_steps: over so many steps gamma falls from 1 to its value, so that training starts as
            CONST (000 appendix B).

    Raises:
        ValueError: an argument is out of range.

    Example:
        >>> AdaLoss(gamma=0.05).weights_from([2.0, 1.5, 1.0, 0.8, 0.9]).round(3)
        array([0.43 , 0.557, 0.81 , 1.   , 0.894], dtype=float32)
    """

    def __init__(self, gamma=0.05, momentum=0.9, update_every=1, final_extra=0.0, anneal_steps=0):
        require_range("gamma", gamma, 0, 1)
        require_range("momentum", momentum, 0, 1, open_end=True)
        require_range("update_every", update_every, 1)
        require_range("final_extra", final_extra, 0)
        require_range("anneal_steps", anneal_steps, 0)
        self.gamma = gamma
        self.momentum = momentum
        self.update_every = update_every
        self.final_extra = final_extra
        self.anneal_steps = anneal_steps

    def weights_from(self, running_losses) -> np.ndarray:
        """Exit weights for given running losses, annealing over: float32 `(num_exits,)` from `(num_exits,)`."""
        return ops.convert_to_numpy(
            self._rule(ops.convert_to_tensor(running_losses, "float32"), self.gamma)
        )

    def _rule(self, losses, gamma):
        weights = (ops.min(losses) + _TINY) / (losses + _TINY)
        if self.final_extra:
            weights = weights + self.final_extra * ops.one_hot(losses.shape[0] - 1, losses.shape[0])
            weights = weights / ops.max(weights)
        return (1 - gamma) * weights + gamma

    def _gamma_after(self, steps):
        if not self.anneal_steps:
            return self.gamma
        left = ops.maximum(0.0, 1 - ops.cast(steps, "float32") / self.anneal_steps)
        return self.gamma + (1 - self.gamma) * left

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
        weights = self._rule(averages, self._gamma_after(steps))
        weights = ops.where(steps % self.update_every == 0, weights, state["adaptive_weights"])
        return weights, {"steps": steps, "running_losses": averages, "adaptive_weights": weights}

    def get_config(self):
        return {
            "gamma": self.gamma,
            "momentum": self.momentum,
            "update_every": self.update_every,
            "final_extra": self.final_extra,
            "anneal_steps": self.anneal_steps,
        }


@keras.saving.register_keras_serializable(package="ann")
class AdaLossFirstOrder(AdaLoss):
    """AdaLoss on gradient norms in place of losses, the "first-order" variant that 001 section 6
    leaves to the future.

    It balances losses of unknown offset as well as unknown scale, and costs one backward pass an
    exit. The norm is that of the gradient with respect to the weights of the first segment; the
    authors' code took half the mean squared norm over all weights an exit touches.
    """

    needs_gradient_norms = True

    def step(self, state, losses, gradient_norms):
        return super().step(state, gradient_norms)
