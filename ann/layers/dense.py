"""The units of DenseNet, written on Keras tensors."""

import keras

from ann.layers.convolution import bn_relu, convolution


def dense_layer(x, growth: int, *, bottleneck: bool = True, dropout: float = 0.0, name: str):
    """BN-ReLU-conv1x1-BN-ReLU-conv3x3, whose channels follow those of the input (001 appendix B).

    Args:
        x: Keras tensor `(batch, height, width, channels)`.
        growth: number of channels to add. The 1x1 convolution has 4 times as many.
        bottleneck: False leaves out the 1x1 convolution.
        dropout: share of activations to drop after each convolution.
        name: prefix of the layers' names.

    Returns:
        Keras tensor `(batch, height, width, channels + growth)`.
    """
    new = x
    if bottleneck:
        new = convolution(bn_relu(new, f"{name}_1"), 4 * growth, 1, name=f"{name}_conv1")
        new = _dropped(new, dropout, f"{name}_dropout1")
    new = convolution(bn_relu(new, f"{name}_2"), growth, 3, name=f"{name}_conv2")
    new = _dropped(new, dropout, f"{name}_dropout2")
    return keras.layers.Concatenate(name=f"{name}_concat")([x, new])


def dense_transition(x, *, reduction: float = 0.5, convolution_first: bool = False, name: str):
    """Reduces the channels and halves the resolution: BN-ReLU-conv1x1, 2x2 average pooling.

    Args:
        x: Keras tensor `(batch, height, width, channels)`.
        reduction: share of the channels to keep.
        convolution_first: True uses conv1x1-BN-ReLU, as in 001 appendix B. The authors' code and
            DenseNet use the opposite order.
        name: prefix of the layers' names.
    """
    filters = int(reduction * x.shape[-1])
    if convolution_first:
        x = bn_relu(convolution(x, filters, 1, name=f"{name}_conv"), name)
    else:
        x = convolution(bn_relu(x, name), filters, 1, name=f"{name}_conv")
    return keras.layers.AveragePooling2D(2, padding="same", name=f"{name}_pool")(x)


def _dropped(x, rate, name):
    return keras.layers.Dropout(rate, name=name)(x) if rate else x
