"""Residual units, written on Keras tensors."""

import keras

from ann.layers.channel_padding import ChannelPadding
from ann.layers.convolution import bn_relu, convolution, normalization
from ann.layers.drop_path import DropPath


def basic_unit(
    x, filters: int, *, stride: int = 1, final_bn: bool = False, drop_path: float = 0, name: str
):
    """Pre-activation basic unit: BN-ReLU-conv3x3-BN-ReLU-conv3x3 on top of the identity (001
    appendix B).

    Where the unit narrows the map or widens the channels the shortcut is a 2x2 average pooling and
    zero channels: no parameters. `final_bn` puts a batch normalisation behind the second
    convolution, as the authors' code does.

    Args:
        x: Keras tensor `(batch, height, width, channels)`.
        filters: channels of the output.
        stride: of the first convolution, 1 or 2.
        drop_path: probability of skipping the unit in training.
        name: prefix of the layers' names.

    Returns:
        Keras tensor `(batch, ceil(height / stride), ceil(width / stride), filters)`.
    """
    shortcut = _pooled_shortcut(x, filters, stride, name)
    x = convolution(bn_relu(x, f"{name}_1"), filters, 3, stride, name=f"{name}_conv1")
    x = convolution(bn_relu(x, f"{name}_2"), filters, 3, name=f"{name}_conv2")
    if final_bn:
        x = normalization(f"{name}_3_bn")(x)
    return _joined(x, shortcut, drop_path, name)


def bottleneck_unit(
    x,
    filters: int,
    *,
    stride: int = 1,
    final_bn: bool = False,
    projection: bool = False,
    drop_path: float = 0,
    name: str,
):
    """Pre-activation bottleneck unit: 1x1, 3x3 and 1x1 convolution, BN-ReLU before each, on the
    identity (001 appendix B).

    Arguments and result as `basic_unit`; the output has 4 `filters` channels, and the 3x3
    convolution has the stride. `projection` makes a shortcut that changes shape a 1x1 convolution
    with batch normalisation, as the authors' code does.
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
    return _joined(x, shortcut, drop_path, name)


def _joined(branch, shortcut, drop_path, name):
    if drop_path:
        branch = DropPath(drop_path, name=f"{name}_drop")(branch)
    return keras.layers.Add(name=f"{name}_add")([branch, shortcut])


def _pooled_shortcut(x, filters, stride, name):
    if stride > 1:
        x = keras.layers.AveragePooling2D(stride, padding="same", name=f"{name}_shortcut_pool")(x)
    if filters != x.shape[-1]:
        x = ChannelPadding(filters, name=f"{name}_shortcut_pad")(x)
    return x
