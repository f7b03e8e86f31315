"""The convolutions and normalizations that all families are made of, on Keras tensors."""

import keras

from ann.layers.batch_norm import BatchNormalization


def convolution(x, filters: int, size: int, stride: int = 1, *, name: str):
    """Convolution without bias, with "same" padding and He-normal kernels."""
    layer = keras.layers.Conv2D(
        filters,
        size,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )
    return layer(x)


def normalization(name: str) -> BatchNormalization:
    """Batch normalization with the authors' momentum and epsilon."""
    return BatchNormalization(momentum=0.9, epsilon=1e-5, name=name)


def bn_relu(x, name: str):
    """BN-ReLU. The layers are named `<name>_bn` and `<name>_relu`."""
    return keras.layers.ReLU(name=f"{name}_relu")(normalization(f"{name}_bn")(x))


def ilsvrc_stem(x, filters: int):
    """7x7 convolution with stride 2, BN-ReLU, and 3x3 max pooling with stride 2.

    The result has a quarter of the input's height and width.
    """
    x = bn_relu(convolution(x, filters, 7, 2, name="stem_conv"), "stem")
    return keras.layers.MaxPooling2D(3, strides=2, padding="same", name="stem_pool")(x)
