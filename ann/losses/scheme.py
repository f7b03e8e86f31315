"""What a weighting scheme is: a pure rule from numbers to exit weights."""

import dataclasses
import numbers

import numpy as np

from ann.losses.knob import Configurable


class Scheme(Configurable):
    """Base of all weighting schemes.

    A scheme owns no variables. `initial_state` says what has to be remembered between steps, `step`
    maps that state and the losses of one batch to the weights of the batch and the next state, in
    `keras.ops`. So every scheme is checkpointed, mirrored, logged and resumed by the one layer that
    holds the state, `LossCombiner`.

    Attributes:
        learned: names of the entries of the state that the optimizer trains with the network.
        needs_gradient_norms: whether `step` takes the gradient norms of the exits, at the price of
            one backward pass per exit.
    """

    learned: tuple[str, ...] = ()
    needs_gradient_norms = False

    def initial_state(self, num_exits: int) -> dict[str, np.ndarray]:
        """Arrays to remember between steps, by name.

        Raises:
            ValueError: the scheme cannot serve `num_exits` exits.
        """
        del num_exits
        return {}

    def step(self, state: dict, losses):
        """Weights of this batch and the state after it.

        Args:
            state: tensors named and shaped as in `initial_state`.
            losses: `(num_exits,)` float32, losses of the batch over all replicas; no gradient flows
                back through them.
                With `needs_gradient_norms` a third argument follows: `(num_exits,)` float32, the L2
                norm of the gradient of each loss with respect to the weights of the first segment,
                which all exits share.

        Returns:
            `(exit_weights, state)`: `(num_exits,)` float32 and the entries of `state` that change.
        """
        raise NotImplementedError

    def penalty(self, state: dict):
        """Scalar added to the weighted sum, a function of the learned entries of the state."""
        del state
        return 0.0


@dataclasses.dataclass(eq=False)
class StaticScheme(Scheme):
    """Base of the schemes whose weights depend on the number of exits alone.

    Args:
        normalize: "largest" scales the largest weight to 1 (the final one in all schemes that
            favour depth), so that learning rate schedules carry over; "sum" scales the sum to 1;
            None leaves the definition as it is.

    Raises:
        ValueError: another `normalize`.
    """

    normalize: str | None = dataclasses.field(default="largest", kw_only=True)

    def __post_init__(self):
        super().__post_init__()
        if self.normalize not in ("largest", "sum", None):
            raise ValueError(
                "normalize must be 'largest', 'sum' or None. "
                f"Received: normalize={self.normalize!r}"
            )

    def weights(self, num_exits: int) -> np.ndarray:
        """Exit weights, float32 `(num_exits,)`, shallow to deep.

        Raises:
            ValueError: `num_exits` below 1.
        """
        if not isinstance(num_exits, numbers.Integral) or num_exits < 1:
            raise ValueError(
                f"num_exits must be a whole number of at least 1. Received: num_exits={num_exits!r}"
            )
        weights = np.asarray(self._rule(num_exits), np.float64)
        scale = {"largest": weights.max(), "sum": weights.sum(), None: 1.0}[self.normalize]
        return (weights / scale).astype(np.float32)

    def _rule(self, num_exits: int):
        raise NotImplementedError

    def initial_state(self, num_exits):
        self.weights(num_exits)  # raises before a step is taken
        return {}

    def step(self, state, losses):
        return self.weights(losses.shape[0]), {}
