"""AdaLoss, the papers' adaptive weighting."""

import dataclasses
from typing import ClassVar

import numpy as np

from ann.losses.backend import ops
from ann.losses.knob import Knob, knob
from ann.losses.scheme import Scheme

# Keeps 0 / 0 out of the weights of losses that reach zero; too small to change any other float32
# weight.
_TINY = 1e-12


def inverse(losses):
    """Weights inversely proportional to the losses, the largest 1: `(num_exits,)` from the same."""
    return (ops.min(losses) + _TINY) / (losses + _TINY)


@dataclasses.dataclass(eq=False)
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

    gamma: float = knob(
        0.05,
        "share of the constant weights mixed in (Eq. 7)",
        low=0,
        high=1,
        flag="gamma",
        author_code=0.07,
    )
    momentum: float = knob(
        0.9,
        "momentum of the running losses",
        low=0,
        high=1,
        open="high",
        flag="average_momentum",
    )
    update_every: int = knob(
        1,
        "steps between two updates of the weights",
        low=1,
        flag="update_every",
        author_code=100,
    )
    final_extra: float = knob(
        0.0,
        "weight added to the final exit before scaling; 1 doubles it",
        low=0,
        flag="final_extra",
    )
    anneal_steps: int = knob(0, "steps over which gamma falls from 1 to its value", low=0)

    run_knobs: ClassVar[dict[str, Knob]] = {
        "gamma_anneal": Knob(
            0.0,
            "share of the training over which gamma falls from 1 to its value",
            low=0,
            high=1,
            flag="gamma_anneal",
        )
    }

    @classmethod
    def for_run(cls, values, *, epochs, steps_per_epoch, seed):
        del seed
        settings = dict(values)
        share = settings.pop("gamma_anneal")
        return cls(**settings, anneal_steps=round(share * epochs * steps_per_epoch))

    def weights_from(self, running_losses) -> np.ndarray:
        """Exit weights for given running losses after annealing: `(num_exits,)` from the same."""
        return ops.convert_to_numpy(
            self._rule(ops.convert_to_tensor(running_losses, "float32"), self.gamma)
        )

    def _rule(self, losses, gamma):
        weights = inverse(losses)
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


@dataclasses.dataclass(eq=False)
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
