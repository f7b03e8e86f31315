"""Residual units, written on Keras tensors."""

import keras

from ann.layers.channel_padding import ChannelPadding
from ann.layers.convolution import bn_relu, convolution, normalization


def basic_unit(x, filters: int, *, stride: int = 1, final_bn: bool = False, name: str):
    """Pre-activation basic unit: identity plus BN-ReLU-conv3x3-BN-ReLU-conv3x3 (001 appendix B).

    If the unit reduces the resolution, the shortcut is a 2x2 average pooling. If it adds channels,
    the shortcut is padded with zero channels. The shortcut has no parameters.

    Args:
        x: Keras tensor `(batch, height, width, channels)`.
        filters: number of output channels.
        stride: stride of the first convolution, 1 or 2.
        final_bn: True adds a batch normalization after the second convolution, as in the authors'
            code.
        name: prefix of the layers' names.

    Returns:
        Keras tensor `(batch, ceil(height / stride), ceil(width / stride), filters)`.
    """
    shortcut = _pooled_shortcut(x, filters, stride, name)
    x = convolution(bn_relu(x, f"{name}_1"), filters, 3, stride, name=f"{name}_conv1")
    x = convolution(bn_relu(x, f"{name}_2"), filters, 3, name=f"{name}_conv2")
    if final_bn:
        x = normalization(f"{name}_3_bn")(x)
    return keras.layers.Add(name=f"{name}_add")([x, shortcut])


def bottleneck_unit(
    x, filters: int, *, stride: int = 1, final_bn: bool = False, projection: bool = False, name: str
):
    """Pre-activation bottleneck unit: identity plus convolutions 1x1, 3x3, 1x1 (001 appendix B).

    BN-ReLU comes before each convolution. Arguments and result are as in `basic_unit`, except that
    the output has 4 * `filters` channels and that the 3x3 convolution has the stride. If the
    shortcut changes the shape, `projection` makes it a 1x1 convolution with batch normalization, as
    in the authors' code.
    """
    outputs = 4 * filters
    if projection and (stride > 1 or outputs != x.shape[-1]):
        shortcut = convolution(x, outputs, 1, stride, name=f"{name}_shortcut_conv")
        shortcut = normalization(f"{name}_shortcut_bn")(shortcut)
    else:
        shortcut = _pooled_shortcut(x, outputs, stride, name)
    x = convolution(bn_relu(x, f"{name}_1"), filters, 1, name=f"{name}_conv1")
    x = convolution(bn_relu(x, f"{name}_2"), filters, 3, stride, name=f"{name}_conv2")
    x = convolution(bn_relu(x, f"{name}_3"), outputs, 1, name=f"{name}_conv3")
    if final_bn:
        x = normalization(f"{name}_4_bn")(x)
    return keras.layers.Add(name=f"{name}_add")([x, shortcut])


def _pooled_shortcut(x, filters, stride, name):
    if stride > 1:
        x = keras.layers.AveragePooling2D(stride, padding="same", name=f"{name}_shortcut_pool")(x)
    if filters != x.shape[-1]:
        x = ChannelPadding(filters, name=f"{name}_shortcut_pad")(x)
    return x
