"""The rivals of AdaLoss: adaptive weightings of multi-task learning, with exits as tasks.

They cost nothing over CONST in a training step, except for GradNorm
(benchmarks/weighting_overhead.py measures it).
"""

import dataclasses

import numpy as np

from ann.losses.adaloss import inverse
from ann.losses.backend import ops
from ann.losses.counter_random import normal
from ann.losses.knob import knob
from ann.losses.scheme import Scheme


class LogLoss(Scheme):
    """Sum of log losses, the geometric mean: weights inversely proportional to the losses of the
    batch (001 Eq. 4).

    The gradient of sum_i ln l_i is sum_i grad l_i / l_i. As for AdaLoss, which uses running
    averages instead, the weights are scaled so that the largest is 1.
    """

    def step(self, state, losses):
        return inverse(losses), {}


@dataclasses.dataclass(eq=False)
class Uncertainty(Scheme):
    """Uncertainty weighting: sum_i l_i / (2 exp(s_i)) + s_i / 2 with learned s_i (Kendall, Gal and
    Cipolla, CVPR 2018).

    s_i is the logarithm of a variance; the optimizer trains it with the network. At its optimum a
    weight is 1 / (2 l_i): the weights follow the inverse losses as AdaLoss's do, at the speed of
    the learning rate.

    Args:
        initial_log_variance: s_i at the start.
    """

    initial_log_variance: float = knob(
        -0.5, "logarithm of the variance of every exit at the start", flag="initial_log_variance"
    )

    learned = ("log_variances",)

    def initial_state(self, num_exits):
        return {"log_variances": np.full(num_exits, self.initial_log_variance, np.float32)}

    def step(self, state, losses):
        return 0.5 * ops.exp(-state["log_variances"]), {}

    def penalty(self, state):
        return 0.5 * ops.sum(state["log_variances"])


@dataclasses.dataclass(eq=False)
class DynamicWeightAverage(Scheme):
    """DWA: w = K softmax(r / T), r_i the ratio of an exit's mean losses in the last two epochs.

    Liu, Johns and Davison, CVPR 2019. The weights sum to the number of exits K; they are 1 for the
    first two epochs.

    Args:
        steps_per_epoch: training steps over which losses are averaged.
        temperature: T; the higher, the more even the weights.

    Raises:
        ValueError: an argument is out of range.
    """

    steps_per_epoch: int = knob(100, "training steps over which losses are averaged", low=1)
    temperature: float = knob(
        2.0,
        "the higher, the more even the weights",
        low=0,
        open="low",
        flag="dwa_temperature",
    )

    @classmethod
    def for_run(cls, values, *, epochs, steps_per_epoch, seed):
        del epochs, seed
        return cls(steps_per_epoch=steps_per_epoch, **values)

    def weights_from(self, last_losses, losses_before) -> np.ndarray:
        """Exit weights from the mean losses of the last two epochs, each `(num_exits,)`."""
        last, before = (
            ops.convert_to_tensor(values, "float32") for values in (last_losses, losses_before)
        )
        return ops.convert_to_numpy(self._rule(last, before))

    def _rule(self, last, before):
        ratio = ops.clip(ops.divide_no_nan(last, before), 0.0, 1e3)
        return last.shape[0] * _softmax(ratio / self.temperature)

    def initial_state(self, num_exits):
        return {
            "steps": np.zeros((), np.int32),
            "loss_sums": np.zeros(num_exits, np.float32),
            "last_losses": np.zeros(num_exits, np.float32),
            "dynamic_weights": np.ones(num_exits, np.float32),
        }

    def step(self, state, losses):
        # The weights in use are those made at the end of the last epoch.
        steps = state["steps"] + 1
        sums = state["loss_sums"] + losses
        ends = steps % self.steps_per_epoch == 0
        means = sums / self.steps_per_epoch
        made = ops.where(
            steps >= 2 * self.steps_per_epoch,
            self._rule(means, state["last_losses"]),
            state["dynamic_weights"],
        )
        return state["dynamic_weights"], {
            "steps": steps,
            "loss_sums": ops.where(ends, ops.zeros_like(sums), sums),
            "last_losses": ops.where(ends, means, state["last_losses"]),
            "dynamic_weights": ops.where(ends, made, state["dynamic_weights"]),
        }


@dataclasses.dataclass(eq=False)
class RandomLossWeighting(Scheme):
    """RLW: K softmax(z) with new z ~ N(0, 1) at each step, K exits (Lin, Ye, Zhang and Tsang, TMLR
    2022).

    Args:
        seed: of the numbers.
    """

    seed: int = 0

    @classmethod
    def for_run(cls, values, *, epochs, steps_per_epoch, seed):
        del epochs, steps_per_epoch
        return cls(seed=seed, **values)

    def initial_state(self, num_exits):
        return {"steps": np.zeros((), np.int32)}

    def step(self, state, losses):
        num_exits = losses.shape[0]
        weights = num_exits * _softmax(normal(self.seed, state["steps"], num_exits))
        return weights, {"steps": state["steps"] + 1}


@dataclasses.dataclass(eq=False)
class GradNorm(Scheme):
    """GradNorm: weights learned so that exits that lag train with larger gradients (Chen et al.,
    ICML 2018).

    With `G_i = w_i |grad l_i|` on the shared weights and r_i the loss relative to its first value,
    over the mean of those, the weights descend `sum_i |G_i - mean(G) r_i^alpha|`, the target
    held fixed, and are scaled to sum to the number of exits. Costs one backward pass per exit.

    Args:
        alpha: strength of the pull towards exits that lag.
        learning_rate: of the weights.

    Raises:
        ValueError: an argument is out of range.
    """

    alpha: float = knob(
        1.5, "strength of the pull towards exits that lag", low=0, flag="gradnorm_alpha"
    )
    learning_rate: float = knob(
        0.025, "learning rate of the weights", low=0, flag="gradnorm_learning_rate"
    )

    needs_gradient_norms = True

    def initial_state(self, num_exits):
        return {
            "steps": np.zeros((), np.int32),
            "first_losses": np.ones(num_exits, np.float32),
            "task_weights": np.ones(num_exits, np.float32),
        }

    def step(self, state, losses, gradient_norms):
        first = ops.where(state["steps"] == 0, losses, state["first_losses"])
        ratios = ops.divide_no_nan(losses, first)
        rates = ops.divide_no_nan(ratios, ops.mean(ratios))
        scaled = state["task_weights"] * gradient_norms
        excess = ops.sign(scaled - ops.mean(scaled) * rates**self.alpha)
        # Relative norms: the step does not depend on the scale of the network's gradients.
        relative = ops.divide_no_nan(gradient_norms, ops.mean(gradient_norms))
        weights = ops.maximum(state["task_weights"] - self.learning_rate * excess * relative, 1e-3)
        weights = losses.shape[0] * weights / ops.sum(weights)
        return weights, {
            "steps": state["steps"] + 1,
            "first_losses": first,
            "task_weights": weights,
        }


def _softmax(values):
    """Softmax of a vector; Keras's warns of vectors of one."""
    powers = ops.exp(values - ops.max(values))
    return powers / ops.sum(powers)
