"""Where a token comes from: learned positions, and a class token before the others."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ann")
class Position(keras.layers.Layer):
    """Adds a learned vector to each token, after putting a learned class token before them.

    Args:
        with_class: False leaves the class token out.

    Input shape: `(batch, length, channels)`. Output shape: `(batch, length + 1, channels)`, or that
    of the input without a class token.

    Example:
        >>> Position()(keras.ops.zeros((2, 4, 8))).shape
        TensorShape([2, 5, 8])
    """

    def __init__(self, with_class=True, **kwargs):
        super().__init__(**kwargs)
        self.with_class = with_class

    def build(self, input_shape):
        _, length, channels = input_shape
        normal = keras.initializers.TruncatedNormal(stddev=0.02)
        if self.with_class:
            self.class_token = self.add_weight(
                name="class_token", shape=(1, 1, channels), initializer=normal
            )
        self.position = self.add_weight(
            name="position", shape=(1, length + self.with_class, channels), initializer=normal
        )

    def call(self, inputs):
        if self.with_class:
            token = ops.broadcast_to(
                ops.cast(self.class_token, inputs.dtype),
                (ops.shape(inputs)[0], 1, inputs.shape[-1]),
            )
            inputs = ops.concatenate([token, inputs], axis=1)
        return inputs + ops.cast(self.position, inputs.dtype)

    def compute_output_shape(self, input_shape):
        batch, length, channels = input_shape
        return (batch, length + self.with_class, channels)

    def get_config(self):
        return {**super().get_config(), "with_class": self.with_class}
