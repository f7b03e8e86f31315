"""The rivals of AdaLoss: adaptive weightings of multi-task learning, with exits as tasks.

Costs are those of a training step over CONST's (benchmarks/weighting_overhead.py measures them):
nothing, but for GradNorm.
"""

import keras
import numpy as np
from keras import ops

from ann.losses.adaloss import AdaLoss
from ann.losses.checks import require_range
from ann.losses.counter_random import normal
from ann.losses.scheme import Scheme


@keras.saving.register_keras_serializable(package="ann")
class LogLoss(AdaLoss):
    """Sum of log losses, the geometric mean: AdaLoss with the losses of the batch in place of their
    averages (001 Eq. 4).

    The gradient of sum_i ln l_i is sum_i grad l_i / l_i; like AdaLoss it is scaled so that the
    largest weight is 1.
    """

    def __init__(self):
        super().__init__(gamma=0.0, momentum=0.0)

    def get_config(self):
        return {}


@keras.saving.register_keras_serializable(package="ann")
class Uncertainty(Scheme):
    """Uncertainty weighting: sum_i l_i / (2 exp(s_i)) + s_i / 2 with learned s_i (Kendall, Gal and
    Cipolla, CVPR 2018).

    s_i is the logarithm of a variance; the optimizer trains it with the network. At its optimum a
    weight is 1 / (2 l_i): the weights follow the inverse losses as AdaLoss's do, at the speed of
    the learning rate.

    Args:
        initial_log_variance: s_i at the start.
    """

    learned = ("log_variances",)

    def __init__(self, initial_log_variance=-0.5):
        self.initial_log_variance = initial_log_variance

    def initial_state(self, num_exits):
        return {"log_variances": np.full(num_exits, self.initial_log_variance, np.float32)}

    def step(self, state, losses):
        return 0.5 * ops.exp(-state["log_variances"]), {}

    def penalty(self, state):
        return 0.5 * ops.sum(state["log_variances"])

    def get_config(self):
        return {"initial_log_variance": self.initial_log_variance}


@keras.saving.register_keras_serializable(package="ann")
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

    def __init__(self, steps_per_epoch=100, temperature=2.0):
        require_range("steps_per_epoch", steps_per_epoch, 1)
        require_range("temperature", temperature, 1e-6)
        self.steps_per_epoch = steps_per_epoch
        self.temperature = temperature

    def weights_from(self, last_losses, losses_before) -> np.ndarray:
        """Exit weights from the mean losses of the last epoch and of the one before, each `(num_exits,)`."""
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

    def get_config(self):
        return {"steps_per_epoch": self.steps_per_epoch, "temperature": self.temperature}


@keras.saving.register_keras_serializable(package="ann")
class RandomLossWeighting(Scheme):
    """RLW: K softmax(z) with new z ~ N(0, 1) at each step, K exits (Lin, Ye, Zhang and Tsang, TMLR
    2022).

    Args:
        seed: of the numbers.
    """

    def __init__(self, seed=0):
        self.seed = seed

    def initial_state(self, num_exits):
        return {"steps": np.zeros((), np.int32)}

    def step(self, state, losses):
        num_exits = losses.shape[0]
        weights = num_exits * _softmax(normal(self.seed, state["steps"], num_exits))
        return weights, {"steps": state["steps"] + 1}

    def get_config(self):
        return {"seed": self.seed}


@keras.saving.register_keras_serializable(package="ann")
class GradNorm(Scheme):
    """GradNorm: weights learned so that exits that lag train with larger gradients (Chen et al.,
    ICML 2018).

    With G_i = w_i |grad l_i| on the shared weights and r_i the loss relative to its first value,
    over the mean of those, the weights descend sum_i |G_i - mean(G) r_i^alpha|, the target held
    fixed, and are scaled to sum to the number of exits. Costs one backward pass an exit.

    Args:
        alpha: strength of the pull towards exits that lag.
        learning_rate: of the weights.

    Raises:
        ValueError: an argument is out of range.
    """

    needs_gradient_norms = True

    def __init__(self, alpha=1.5, learning_rate=0.025):
        require_range("alpha", alpha, 0)
        require_range("learning_rate", learning_rate, 0)
        self.alpha = alpha
        self.learning_rate = learning_rate

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

    def get_config(self):
        return {"alpha": self.alpha, "learning_rate": self.learning_rate}


def _softmax(values):
    """Softmax of a vector; Keras's warns of vectors of one."""
    powers = ops.exp(values - ops.max(values))
    return powers / ops.sum(powers)
