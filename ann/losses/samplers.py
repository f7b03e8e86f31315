"""Samplers: at each step one exit is drawn and weighs more, on top of any weighting scheme (002
section 3 and appendix D).

    total = sum_i w_i l_i + tau (sum_i w_i) l_chosen

A sampler, like a scheme, owns no variables: `LossCombiner` holds its state.
"""

import keras
import numpy as np
from keras import ops

from ann.losses.checks import require_range
from ann.losses.counter_random import uniform

_TINY = 1e-12


class Sampler:
    """Base of all samplers: a distribution over exits, and how it moves.

    Args:
        tau: extra weight of the exit drawn, as a share of the sum of all weights.
        seed: of the draws.

    Raises:
        ValueError: `tau` is negative.
    """

    def __init__(self, tau: float = 0.5, seed: int = 0):
        require_range("tau", tau, 0)
        self.tau = tau
        self.seed = seed

    def initial_state(self, num_exits: int) -> dict[str, np.ndarray]:
        """Arrays to remember between steps, by name; "draws" counts the steps."""
        del num_exits
        return {"draws": np.zeros((), np.int32)}

    def probabilities(self, state: dict, weights):
        """Probability of each exit to be drawn, `(num_exits,)`, given the scheme's weights `(num_exits,)`."""
        raise NotImplementedError

    def update(self, state: dict, losses, chosen, probabilities) -> dict:
        """Entries of the state that change after a step.

        Args:
            losses: `(num_exits,)`, of the batch over all replicas.
            chosen: one-hot `(num_exits,)`, the exit drawn.
            probabilities: `(num_exits,)`, what it was drawn from.
        """
        del losses, chosen, probabilities
        return {"draws": state["draws"] + 1}

    def draw(self, state: dict, weights):
        """One-hot `(num_exits,)` of an exit drawn, and the probabilities it was drawn from."""
        probabilities = self.probabilities(state, weights)
        number = uniform(self.seed, state["draws"], 1)
        index = ops.sum(ops.cast(ops.cumsum(probabilities)[:-1] <= number, "int32"))
        return ops.one_hot(index, weights.shape[0], dtype="float32"), probabilities

    def get_config(self) -> dict:
        """Constructor arguments."""
        return {"tau": self.tau, "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict):
        return cls(**config)


@keras.saving.register_keras_serializable(package="ann")
class AANN(Sampler):
    """AANN: exits are drawn in proportion to their weights (002 section 3; tau = 0.5, over SIEVE)."""

    def probabilities(self, state, weights):
        return weights / ops.sum(weights)


@keras.saving.register_keras_serializable(package="ann")
class Milestone(Sampler):
    """Milestone: 1/8 for each of the exits at 1/4, 1/2, 3/4 and the end, the other half even over
    the rest (002 section 4.4).

    Milestones are the 0-based exits K//4, K//2, 3K//4 and K - 1 of K; fewer than 8 exits are drawn
    evenly (author_code).
    """

    def probabilities(self, state, weights):
        num_exits = weights.shape[0]
        if num_exits < 8:
            return ops.full((num_exits,), 1 / num_exits)
        probabilities = np.full(num_exits, 0.5 / (num_exits - 4), np.float32)
        probabilities[[num_exits // 4, num_exits // 2, 3 * num_exits // 4, num_exits - 1]] = 1 / 8
        return ops.convert_to_tensor(probabilities)


def rewards(losses, eta: float):
    """What drawing each exit promises: the relative fall of the loss to the next exit (002 Eq. 4),
    `(num_exits,)` in [-1, 1].

        r_i = (l_i - l_{i+1}) / l_i  before the final exit,   r_L = eta max_i r_i, not below 0

    Example:
        >>> keras.ops.convert_to_numpy(rewards(keras.ops.convert_to_tensor([2.0, 1.0, 0.75]), eta=0.8)).tolist()
        [0.5, 0.25, 0.4000000059604645]
    """
    if losses.shape[0] == 1:
        return ops.zeros_like(losses)
    falls = ops.clip((losses[:-1] - losses[1:]) / (losses[:-1] + _TINY), -1.0, 1.0)
    return ops.concatenate([falls, ops.maximum(eta * ops.max(falls, keepdims=True), 0.0)])


class _Learner(Sampler):
    """A sampler that learns scores v of the exits from their rewards.

    Args:
        gamma: probability of exploring an exit at random, mixed into the distribution.
        eta: reward of the final exit as a share of the largest other one.
        floor: share of the even distribution mixed into v at each step, 0.001 in the authors' code.
        start_after: steps before v starts to move, an epoch in the authors' code.
    """

    def __init__(self, tau=0.5, seed=0, gamma=0.3, eta=0.8, floor=0.0, start_after=0):
        super().__init__(tau, seed)
        require_range("gamma", gamma, 0, 1)
        require_range("eta", eta, 0)
        require_range("floor", floor, 0, 1)
        require_range("start_after", start_after, 0)
        self.gamma = gamma
        self.eta = eta
        self.floor = floor
        self.start_after = start_after

    def initial_state(self, num_exits):
        return {
            **super().initial_state(num_exits),
            "scores": np.full(num_exits, 1 / num_exits, np.float32),
        }

    def probabilities(self, state, weights):
        return (1 - self.gamma) * _normalized(state["scores"]) + self.gamma / weights.shape[0]

    def update(self, state, losses, chosen, probabilities):
        scores = self.new_scores(state["scores"], rewards(losses, self.eta), chosen, probabilities)
        if self.floor:
            scores = (1 - self.floor) * scores + self.floor / scores.shape[0]
        scores = ops.where(state["draws"] >= self.start_after, scores, state["scores"])
        return {**super().update(state, losses, chosen, probabilities), "scores": scores}

    def new_scores(self, scores, reward, chosen, probabilities):
        """Scores after a step, all arguments `(num_exits,)`."""
        raise NotImplementedError

    def get_config(self):
        names = ("gamma", "eta", "floor", "start_after")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    @classmethod
    def author_code(cls, steps_per_epoch: int, **kwargs):
        """With the differences of the authors' code: a floor under the scores, and a first epoch without learning."""
        options = {
            "eta": 0.85,
            "floor": 0.001 * kwargs.get("gamma", 0.3),
            "start_after": steps_per_epoch,
        }
        return cls(**{**options, **kwargs})


@keras.saving.register_keras_serializable(package="ann")
class EXP3(_Learner):
    """EXP3: the score of the exit drawn grows by exp(gamma r_i / (K p_i)) (002 appendix D.3; gamma = 0.3, eta = 0.8)."""

    def new_scores(self, scores, reward, chosen, probabilities):
        return _normalized(
            scores * ops.exp(chosen * self.gamma * reward / (scores.shape[0] * probabilities))
        )


@keras.saving.register_keras_serializable(package="ann")
class RWM(_Learner):
    """RWM: all scores grow, by exp(rate r_i) (002 appendix D.3).

    Args:
        rate: of the growth; default gamma / K, EXP3's in expectation. The authors' code uses gamma
            / 2.
    """

    def __init__(self, tau=0.5, seed=0, gamma=0.3, eta=0.8, floor=0.0, start_after=0, rate=None):
        super().__init__(tau, seed, gamma, eta, floor, start_after)
        self.rate = rate

    def new_scores(self, scores, reward, chosen, probabilities):
        rate = self.gamma / scores.shape[0] if self.rate is None else self.rate
        return _normalized(scores * ops.exp(rate * reward))

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}

    @classmethod
    def author_code(cls, steps_per_epoch, **kwargs):
        return super().author_code(
            steps_per_epoch, **{"rate": kwargs.get("gamma", 0.3) / 2, **kwargs}
        )


@keras.saving.register_keras_serializable(package="ann")
class AVGL(_Learner):
    """AVGL: exits are drawn in proportion to the exponential average of their rewards, momentum 0.9
    (002 appendix D.1, D.4).

    The paper does not mix in random exploration (gamma = 0); the authors' code does.
    """

    def __init__(self, tau=0.5, seed=0, gamma=0.0, eta=0.8, floor=0.0, start_after=0):
        super().__init__(tau, seed, gamma, eta, floor, start_after)

    def new_scores(self, scores, reward, chosen, probabilities):
        return ops.maximum(0.9 * scores + 0.1 * reward, 0.0)

    @classmethod
    def author_code(cls, steps_per_epoch, **kwargs):
        return super().author_code(steps_per_epoch, **{"gamma": 0.3, "floor": 0.0, **kwargs})


def _normalized(scores):
    return (scores + _TINY) / ops.sum(scores + _TINY)
