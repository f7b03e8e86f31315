"""Residual branches that are skipped at random."""

import numbers

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ann")
class DropPath(keras.layers.Layer):
    """Stochastic depth: in training, each sample's branch is 0 with probability `rate`, and divided
    by 1 - rate otherwise, so that its mean stays the same (Huang et al. 2016, section 3).

    Args:
        rate: probability, at least 0 and less than 1.
        seed: of the random numbers; their state is part of the model's, so that training resumes
            with the numbers it would have drawn.

    Raises:
        ValueError: `rate` is out of range.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be in [0, 1). Received: rate={rate}")
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs, training=False):
        if not training or not self.rate:
            return inputs
        shape = (ops.shape(inputs)[0], *[1] * (len(inputs.shape) - 1))
        kept = keras.random.uniform(shape, seed=self.seed_generator) >= self.rate
        return inputs * (ops.cast(kept, inputs.dtype) / (1 - self.rate))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


def residual_sum(branch, shortcut, drop_path: float, name: str):
    """A residual unit's branch on top of its shortcut.

    Args:
        branch, shortcut: Keras tensors of one shape.
        drop_path: probability of skipping the branch in training; 0 adds no layer for it.
        name: prefix of the layers' names.
    """
    if drop_path:
        branch = DropPath(drop_path, name=f"{name}_drop")(branch)
    return keras.layers.Add(name=f"{name}_add")([branch, shortcut])


def drop_rates(last: float, num_units: int) -> list[float]:
    """The rate of each unit: `last` for the last one, falling linearly towards the first (Huang et
    al. 2016, Eq. 4).

    Raises:
        ValueError: `last` is out of range.

    Example:
        >>> drop_rates(0.5, 4)
        [0.125, 0.25, 0.375, 0.5]
    """
    if not isinstance(last, numbers.Real) or not 0 <= last < 1:
        raise ValueError(f"drop_path must be in [0, 1). Received: drop_path={last}")
    return [last * (index + 1) / num_units for index in range(num_units)]
