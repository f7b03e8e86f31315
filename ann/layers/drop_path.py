"""Residual branches that are skipped at random."""

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
