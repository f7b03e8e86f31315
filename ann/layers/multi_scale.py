"""The units of MSDNet, written on lists of Keras tensors, finest scale first.

As in the published code, BN-ReLU follows each convolution, and the padding is the same on all
sides, even for convolutions with a stride.
"""

import keras

from ann.layers.convolution import convolution, normalization


def conv_bn_relu(x, filters: int, size: int = 3, stride: int = 1, *, name: str):
    """Convolution without bias and with symmetric padding, followed by BN and ReLU."""
    if stride > 1:
        x = keras.layers.ZeroPadding2D(size // 2, name=f"{name}_pad")(x)
        layer = keras.layers.Conv2D(
            filters,
            size,
            strides=stride,
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"{name}_conv",
        )
        x = layer(x)
    else:
        x = convolution(x, filters, size, name=f"{name}_conv")
    return keras.layers.ReLU(name=f"{name}_relu")(normalization(f"{name}_bn")(x))


def multi_scale_stem(x, channels, *, large: bool):
    """Computes all scales from the images.

    Args:
        x: Keras tensor `(batch, height, width, 3)`.
        channels: number of channels of each scale, finest first.
        large: True starts with a 7x7 convolution with stride 2 and 3x3 max pooling, for ILSVRC.
            False starts with a 3x3 convolution.

    Returns:
        List of maps. Each has half the resolution of the previous one.
    """
    if large:
        x = conv_bn_relu(x, channels[0], 7, 2, name="stem_0")
        # After a ReLU, padding with zeros is the same as padding with -inf.
        x = keras.layers.ZeroPadding2D(1, name="stem_pool_pad")(x)
        x = keras.layers.MaxPooling2D(3, strides=2, name="stem_pool")(x)
    else:
        x = conv_bn_relu(x, channels[0], name="stem_0")
    maps = [x]
    for scale, filters in enumerate(channels[1:], start=1):
        maps.append(conv_bn_relu(maps[-1], filters, stride=2, name=f"stem_{scale}"))
    return maps


def multi_scale_layer(maps, growths, bottlenecks, *, name: str):
    """A dense layer over scales.

    Each map gains features that are computed from its own scale and from the next finer scale.

    Args:
        maps: list of Keras tensors, finest first.
        growths: number of channels to add at each remaining scale. If there is one fewer than
            `maps`, the finest scale is dropped, but the next scale still uses it.
        bottlenecks: for each map, the width of its 1x1 convolutions, as a multiple of the channels
            that they lead to. The width is at most the number of channels of the map.
        name: prefix of the layers' names.

    Returns:
        List of maps, as many as there are `growths`.
    """
    dropped = len(maps) - len(growths)
    outputs = []
    for index, growth in enumerate(growths, start=dropped):
        label = f"{name}_{index}"
        if index == 0:
            new = [_branch(maps[0], growth, bottlenecks[0], 1, f"{label}_same")]
        else:
            new = [
                _branch(maps[index - 1], growth // 2, bottlenecks[index - 1], 2, f"{label}_down"),
                _branch(maps[index], growth // 2, bottlenecks[index], 1, f"{label}_same"),
            ]
        outputs.append(keras.layers.Concatenate(name=f"{label}_concat")([maps[index], *new]))
    return outputs


def multi_scale_transition(maps, channels, *, name: str):
    """Applies a 1x1 convolution to each map, which gives it this number of channels."""
    return [
        conv_bn_relu(x, filters, 1, name=f"{name}_{i}")
        for i, (x, filters) in enumerate(zip(maps, channels, strict=True))
    ]


def _branch(x, filters, bottleneck, stride, name):
    width = min(x.shape[-1], bottleneck * filters)
    x = conv_bn_relu(x, width, 1, name=f"{name}_1")
    return conv_bn_relu(x, filters, 3, stride, name=f"{name}_2")
