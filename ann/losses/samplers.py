"""Samplers: at each step one exit is drawn and weighs more, on top of any weighting scheme.

    total = sum_i w_i l_i + tau (sum_i w_i) l_chosen

(002 section 3 and appendix D). A sampler, like a scheme, owns no variables: `LossCombiner` holds
its state.
"""

import dataclasses
from typing import ClassVar

import numpy as np

from ann.losses.backend import ops
from ann.losses.counter_random import uniform
from ann.losses.knob import Configurable, Knob, knob

_TINY = 1e-12


@dataclasses.dataclass(eq=False)
class Sampler(Configurable):
    """Base of all samplers: a distribution over exits, and how it moves.

    Args:
        tau: extra weight of the exit drawn, as a share of the sum of all weights.
        seed: of the draws.

    Raises:
        ValueError: `tau` is negative.
    """

    tau: float = knob(
        0.5,
        "extra weight of the exit drawn, as a share of the sum of all weights",
        low=0,
        flag="tau",
    )
    seed: int = 0

    @classmethod
    def for_run(cls, values, *, epochs, steps_per_epoch, seed):
        del epochs, steps_per_epoch
        return cls(**values, seed=seed)

    def initial_state(self, num_exits: int) -> dict[str, np.ndarray]:
        """Arrays to remember between steps, by name; "draws" counts the steps."""
        del num_exits
        return {"draws": np.zeros((), np.int32)}

    def probabilities(self, state: dict, weights):
        """Probability that each exit is drawn, given the scheme's weights; both `(num_exits,)`."""
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


class AANN(Sampler):
    """AANN: exits are drawn in proportion to their weights (002 section 3: SIEVE, tau = 0.5)."""

    def probabilities(self, state, weights):
        return weights / ops.sum(weights)


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
        >>> losses = keras.ops.convert_to_tensor([2.0, 1.0, 0.75])
        >>> keras.ops.convert_to_numpy(rewards(losses, eta=0.8))
        array([0.5 , 0.25, 0.4 ], dtype=float32)
    """
    if losses.shape[0] == 1:
        return ops.zeros_like(losses)
    falls = ops.clip((losses[:-1] - losses[1:]) / (losses[:-1] + _TINY), -1.0, 1.0)
    return ops.concatenate([falls, ops.maximum(eta * ops.max(falls, keepdims=True), 0.0)])


@dataclasses.dataclass(eq=False)
class _Learner(Sampler):
    """A sampler that learns scores v of the exits from their rewards.

    Args:
        gamma: probability of exploring an exit at random, mixed into the distribution.
        eta: reward of the final exit as a share of the largest other one.
        start_after: steps before v starts to move.
    """

    gamma: float = knob(
        0.3,
        "probability of exploring an exit at random",
        low=0,
        high=1,
        flag="sampler_gamma",
    )
    eta: float = knob(
        0.8,
        "reward of the final exit as a share of the largest other one",
        low=0,
        flag="sampler_eta",
        author_code=0.85,
    )
    start_after: int = knob(0, "steps before the scores start to move", low=0)

    run_knobs: ClassVar[dict[str, Knob]] = {
        "learn_after_epochs": Knob(
            0,
            "epochs before the scores start to move",
            low=0,
            flag="learn_after_epochs",
            author_code=1,
        )
    }

    @classmethod
    def for_run(cls, values, *, epochs, steps_per_epoch, seed):
        settings = dict(values)
        start_after = settings.pop("learn_after_epochs") * steps_per_epoch
        settings["start_after"] = start_after
        return super().for_run(settings, epochs=epochs, steps_per_epoch=steps_per_epoch, seed=seed)

    def initial_state(self, num_exits):
        return {
            **super().initial_state(num_exits),
            "scores": np.full(num_exits, 1 / num_exits, np.float32),
        }

    def probabilities(self, state, weights):
        return (1 - self.gamma) * _normalized(state["scores"]) + self.gamma / weights.shape[0]

    def update(self, state, losses, chosen, probabilities):
        scores = self.new_scores(state["scores"], rewards(losses, self.eta), chosen, probabilities)
        scores = ops.where(state["draws"] >= self.start_after, scores, state["scores"])
        return {**super().update(state, losses, chosen, probabilities), "scores": scores}

    def new_scores(self, scores, reward, chosen, probabilities):
        """Scores after a step, all arguments `(num_exits,)`."""
        raise NotImplementedError


@dataclasses.dataclass(eq=False)
class _ExponentiatedLearner(_Learner):
    """A learner whose scores grow by factors.

    Args:
        floor: share of the even distribution mixed into v at each step.
    """

    floor: float = knob(
        0.0,
        "share of the even distribution mixed into the scores at each step",
        low=0,
        high=1,
        flag="sampler_floor",
        author_code=0.0003,
    )

    def new_scores(self, scores, reward, chosen, probabilities):
        growth = self.growth(reward, chosen, probabilities)
        scores = _normalized(scores * ops.exp(growth))
        return (1 - self.floor) * scores + self.floor / scores.shape[0]

    def growth(self, reward, chosen, probabilities):
        """Logarithm of the factor of each score, all arguments `(num_exits,)`."""
        raise NotImplementedError


class EXP3(_ExponentiatedLearner):
    """EXP3: the score of the exit drawn grows by exp(gamma r_i / (K p_i)) (002 appendix D.3)."""

    def growth(self, reward, chosen, probabilities):
        return chosen * self.gamma * reward / (reward.shape[0] * probabilities)


@dataclasses.dataclass(eq=False)
class RWM(_ExponentiatedLearner):
    """RWM: the scores of all exits grow, by exp(gamma r_i / (K p_i)) (002 appendix D.3: as EXP3,
    but for all).

    Args:
        rate: grow by exp(rate r_i) instead. The authors' code uses gamma / 2; gamma / K is what
            EXP3 does on average.
    """

    rate: float | None = knob(
        None,
        "scores grow by exp(rate r_i) instead of exp(gamma r_i / (K p_i))",
        low=0,
        flag="rwm_rate",
        author_code=0.15,
    )

    def growth(self, reward, chosen, probabilities):
        if self.rate is None:
            return self.gamma * reward / (reward.shape[0] * probabilities)
        return self.rate * reward


@dataclasses.dataclass(eq=False)
class AVGL(_Learner):
    """AVGL: exits are drawn in proportion to the exponential average of their rewards, momentum 0.9
    (002 appendix D.1, D.4).

    The paper does not mix in random exploration (gamma = 0); the authors' code does.
    """

    gamma: float = knob(
        0.0,
        "probability of exploring an exit at random",
        low=0,
        high=1,
        flag="avgl_gamma",
        author_code=0.3,
    )

    def new_scores(self, scores, reward, chosen, probabilities):
        return ops.maximum(0.9 * scores + 0.1 * reward, 0.0)


def _normalized(scores):
    return (scores + _TINY) / ops.sum(scores + _TINY)
