"""Zero channels around a feature map."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ann")
class ChannelPadding(keras.layers.Layer):
    """Adds zero channels, half of them before and half of them after the input's channels.

    This is the parameter-free shortcut of a residual unit that increases the number of channels.

    Args:
        channels: number of output channels, at least that of the input.

    Input shape: `(batch, height, width, c)`. Output shape: `(batch, height, width, channels)`.

    Example:
        >>> keras.ops.convert_to_numpy(ChannelPadding(4)(keras.ops.ones((1, 1, 1, 2)))).ravel()
        array([0., 1., 1., 0.], dtype=float32)
    """

    def __init__(self, channels, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels

    def _padding(self, channels):
        extra = self.channels - channels
        if extra < 0:
            raise ValueError(
                f"channels must be at least {channels}, the number of input channels. "
                f"Received: channels={self.channels}"
            )
        return extra // 2, extra - extra // 2

    def call(self, inputs):
        return ops.pad(inputs, [[0, 0], [0, 0], [0, 0], self._padding(inputs.shape[-1])])

    def compute_output_shape(self, input_shape):
        self._padding(input_shape[-1])
        return (*input_shape[:-1], self.channels)

    def get_config(self):
        return {**super().get_config(), "channels": self.channels}
