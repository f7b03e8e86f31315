"""Heads: a state of the chain in, float32 logits out."""

import keras

from ann.layers import conv_bn_relu, normalization


def linear_head(state, num_classes: int, *, name: str, normalize: bool = True) -> keras.Model:
    """BN, ReLU, global average pooling, linear layer (001 appendix B).

    Args:
        state: Keras tensor `(batch, height, width, channels)` like those the head will read.
        num_classes: width of the logits.
        name: name of the returned model.
        normalize: False leaves the batch normalisation out, as the authors' code does for ResANN.

    Returns:
        Functional model from `(batch, height, width, channels)` to float32 logits `(batch,
        num_classes)`. Pooling and the linear layer run in float32 under any precision policy.
    """
    inputs = keras.Input(state.shape[1:], dtype=state.dtype, name="state")
    x = normalization("bn")(inputs) if normalize else inputs
    x = keras.layers.ReLU(name="relu")(x)
    x = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pool")(x)
    logits = keras.layers.Dense(
        num_classes, kernel_initializer="he_normal", dtype="float32", name="linear"
    )(x)
    return keras.Model(inputs, logits, name=name)


def multi_scale_head(
    state, num_classes: int, *, name: str, width: int | None = None
) -> keras.Model:
    """Two 3x3 convolutions of stride 2 on the coarsest scale, pooling, linear layer (Huang et al.,
    ICLR 2018).

    Args:
        state: list of Keras tensors like those the head will read, finest scale first.
        num_classes: width of the logits.
        name: name of the returned model.
        width: channels of the convolutions; default those of the coarsest map.

    Returns:
        Functional model from such a list to float32 logits `(batch, num_classes)`.
    """
    inputs = [
        keras.Input(x.shape[1:], dtype=x.dtype, name=f"state_{scale}")
        for scale, x in enumerate(state)
    ]
    x = inputs[-1]
    width = width or x.shape[-1]
    for index in range(2):
        x = conv_bn_relu(x, width, stride=2, name=f"head_{index}")
    x = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pool")(x)
    logits = keras.layers.Dense(
        num_classes, kernel_initializer="he_normal", dtype="float32", name="linear"
    )(x)
    return keras.Model(inputs, logits, name=name)


def sequence_head(state, num_classes: int, *, name: str) -> keras.Model:
    """Layer normalisation, average over the tokens, linear layer.

    Args:
        state: Keras tensor `(batch, length, channels)` like those the head will read; tokens left
            out by a mask it may have do not count.
        num_classes: width of the logits.
        name: name of the returned model.

    Returns:
        Functional model from `(batch, length, channels)` to float32 logits `(batch, num_classes)`.
    """
    inputs = keras.Input(state.shape[1:], dtype=state.dtype, name="state")
    x = keras.layers.LayerNormalization(epsilon=1e-6, name="norm")(inputs)
    x = keras.layers.GlobalAveragePooling1D(dtype="float32", name="pool")(x)
    logits = keras.layers.Dense(
        num_classes, kernel_initializer="he_normal", dtype="float32", name="linear"
    )(x)
    return keras.Model(inputs, logits, name=name)


def vector_head(state, num_classes: int, *, name: str) -> keras.Model:
    """Linear layer.

    Args:
        state: Keras tensor `(batch, channels)` like those the head will read.
        num_classes: width of the logits.
        name: name of the returned model.

    Returns:
        Functional model from `(batch, channels)` to float32 logits `(batch, num_classes)`.
    """
    inputs = keras.Input(state.shape[1:], dtype=state.dtype, name="state")
    logits = keras.layers.Dense(
        num_classes, kernel_initializer="he_normal", dtype="float32", name="linear"
    )(inputs)
    return keras.Model(inputs, logits, name=name)
