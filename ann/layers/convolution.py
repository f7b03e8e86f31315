"""The convolutions and normalisations all families are made of, on Keras tensors."""

import keras

from ann.layers.batch_norm import BatchNormalization


def convolution(x, filters: int, size: int, stride: int = 1, *, name: str):
    """Convolution without bias, "same" padding, He-normal kernels."""
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
    """Batch normalisation with the authors' momentum and epsilon."""
    return BatchNormalization(momentum=0.9, epsilon=1e-5, name=name)


def bn_relu(x, name: str):
    """BN-ReLU; the layers are `<name>_bn` and `<name>_relu`."""
    return keras.layers.ReLU(name=f"{name}_relu")(normalization(f"{name}_bn")(x))


def ilsvrc_stem(x, filters: int):
    """7x7 convolution of stride 2, BN-ReLU, 3x3 max pooling of stride 2: a quarter of the resolution."""
    x = bn_relu(convolution(x, filters, 7, 2, name="stem_conv"), "stem")
    return keras.layers.MaxPooling2D(3, strides=2, padding="same", name="stem_pool")(x)
