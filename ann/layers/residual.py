"""Residual units, written on Keras tensors."""

import keras

from ann.layers.batch_norm import BatchNormalization
from ann.layers.channel_padding import ChannelPadding


def _bn(name):
    return BatchNormalization(momentum=0.9, epsilon=1e-5, name=name)


def _conv3x3(filters, stride, name):
    return keras.layers.Conv2D(
        filters, 3, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )


def basic_unit(x, filters: int, *, stride: int = 1, final_bn: bool = False, name: str):
    """Pre-activation basic unit: BN-ReLU-conv3x3-BN-ReLU-conv3x3 on top of the identity (001 appendix B).

    Where the unit narrows the map or widens the channels the shortcut is a 2x2 average pooling and zero channels: no
    parameters. `final_bn` puts a batch normalisation behind the second convolution, as the authors' code does.

    Args:
        x: Keras tensor `(batch, height, width, channels)`.
        filters: channels of the output.
        stride: of the first convolution, 1 or 2.
        name: prefix of the layers' names.

    Returns:
        Keras tensor `(batch, ceil(height / stride), ceil(width / stride), filters)`.
    """
    shortcut = x
    if stride > 1:
        shortcut = keras.layers.AveragePooling2D(stride, padding="same", name=f"{name}_shortcut_pool")(shortcut)
    if filters != x.shape[-1]:
        shortcut = ChannelPadding(filters, name=f"{name}_shortcut_pad")(shortcut)
    x = keras.layers.ReLU(name=f"{name}_relu1")(_bn(f"{name}_bn1")(x))
    x = _conv3x3(filters, stride, f"{name}_conv1")(x)
    x = keras.layers.ReLU(name=f"{name}_relu2")(_bn(f"{name}_bn2")(x))
    x = _conv3x3(filters, 1, f"{name}_conv2")(x)
    if final_bn:
        x = _bn(f"{name}_bn3")(x)
    return keras.layers.Add(name=f"{name}_add")([x, shortcut])
