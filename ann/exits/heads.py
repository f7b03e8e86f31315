"""Heads: a state of the chain in, float32 logits out."""

import keras

from ann.layers import conv_bn_relu, normalization


def linear_head(state, num_classes: int, *, name: str, normalize: bool = True) -> keras.Model:
    """BN, ReLU, global average pooling, linear layer (001 appendix B).

    Args:
        state: Keras tensor `(batch, height, width, channels)`, or `(batch, depth, height, width,
            channels)`, like those the head will read.
        num_classes: width of the logits.
        name: name of the returned model.
        normalize: False leaves the batch normalization out, as the authors' code does for ResANN.

    Returns:
        Functional model from such maps to float32 logits `(batch, num_classes)`. Pooling and the
        linear layer run in float32 under any precision policy.
    """
    inputs = keras.Input(state.shape[1:], dtype=state.dtype, name="state")
    x = normalization("bn")(inputs) if normalize else inputs
    x = keras.layers.ReLU(name="relu")(x)
    pooling = keras.layers.GlobalAveragePooling2D
    if len(state.shape) == 5:
        pooling = keras.layers.GlobalAveragePooling3D
    logits = _linear(num_classes)(pooling(dtype="float32", name="pool")(x))
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
    logits = _linear(num_classes)(x)
    return keras.Model(inputs, logits, name=name)


def sequence_head(state, num_classes: int, *, name: str) -> keras.Model:
    """Layer normalization, average over the tokens, linear layer.

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
    logits = _linear(num_classes)(x)
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
    logits = _linear(num_classes)(inputs)
    return keras.Model(inputs, logits, name=name)


def class_token_head(state, num_classes: int, *, name: str) -> keras.Model:
    """Layer normalization, linear layer on the first token.

    Args:
        state: Keras tensor `(batch, length, channels)` like those the head will read.
        num_classes: width of the logits.
        name: name of the returned model.

    Returns:
        Functional model from `(batch, length, channels)` to float32 logits `(batch, num_classes)`.
    """
    inputs = keras.Input(state.shape[1:], dtype=state.dtype, name="state")
    x = keras.layers.LayerNormalization(epsilon=1e-6, name="norm")(inputs[:, 0])
    return keras.Model(inputs, _linear(num_classes)(x), name=name)


def token_head(state, num_classes: int, *, name: str) -> keras.Model:
    """Layer normalization, linear layer at each token: for language models and tagging.

    Args:
        state: Keras tensor `(batch, length, channels)` like those the head will read.
        num_classes: width of the logits.
        name: name of the returned model.

    Returns:
        Functional model from `(batch, length, channels)` to float32 logits `(batch, length,
        num_classes)`.
    """
    inputs = keras.Input(state.shape[1:], dtype=state.dtype, name="state")
    x = keras.layers.LayerNormalization(epsilon=1e-6, name="norm")(inputs)
    return keras.Model(inputs, _linear(num_classes)(x), name=name)


def map_head(state, num_classes: int, *, name: str, factors=(1, 1)) -> keras.Model:
    """BN, ReLU, linear layer at each place, upsampling: for segmentation.

    The upsampling is bilinear. Where height or width are open, places are repeated instead: Keras's
    bilinear layer needs to know them.

    Args:
        state: Keras tensor `(batch, height, width, channels)` like those the head will read; height
            and width may be open.
        num_classes: width of the logits.
        name: name of the returned model.
        factors: how many times the height and the width of the state those of the logits are.

    Returns:
        Functional model from `(batch, height, width, channels)` to float32 logits `(batch,
        factors[0] * height, factors[1] * width, num_classes)`.
    """
    inputs = keras.Input(state.shape[1:], dtype=state.dtype, name="state")
    x = keras.layers.ReLU(name="relu")(normalization("bn")(inputs))
    logits = _linear(num_classes)(x)
    if tuple(factors) != (1, 1):
        logits = keras.layers.UpSampling2D(
            factors,
            interpolation="nearest" if None in state.shape[1:3] else "bilinear",
            dtype="float32",
            name="upsample",
        )(logits)
    return keras.Model(inputs, logits, name=name)


def _linear(num_classes):
    return keras.layers.Dense(
        num_classes, kernel_initializer="he_normal", dtype="float32", name="linear"
    )


# Rank of the features, batch included -> head that answers once.
_POOLED = {2: vector_head, 3: sequence_head, 4: linear_head, 5: linear_head}


def has_head(rank: int) -> bool:
    """Whether `default_head` has a head for features of this rank, batch included."""
    return rank in _POOLED


def default_head(state, num_classes: int, *, name: str, factors=None) -> keras.Model:
    """The head for features of this rank.

    Args:
        state: Keras tensor like those the head will read.
        num_classes: width of the logits.
        name: name of the returned model.
        factors: for answers at each position, how many times as many positions there are as in the
            state, along each axis; None for one answer.

    Returns:
        `vector_head`, `sequence_head` or `linear_head` for ranks 2, 3, and 4 or 5 where there is
        one answer; for each position `token_head` or `map_head` for ranks 3 and 4.

    Raises:
        ValueError: there is no such head.

    Example:
        >>> default_head(keras.Input((4, 4, 8)), 3, name="head", factors=(2, 2)).output.shape
        (None, 8, 8, 3)
    """
    if factors is None:
        return _POOLED[len(state.shape)](state, num_classes, name=name)
    if len(state.shape) == 4:
        return map_head(state, num_classes, name=name, factors=factors)
    if len(state.shape) == 3 and tuple(factors) == (1,):
        return token_head(state, num_classes, name=name)
    raise ValueError(
        "there are heads that answer for each position of maps, and of tokens that are as many as "
        f"the answers; give another by head=. Received: features {state.shape}, {factors} times as "
        "many answers"
    )
