"""VitANN: vision transformers (Dosovitskiy et al., ICLR 2021) with an exit after every s blocks."""

import functools

from keras import layers

from ann import exits
from ann.layers import Position
from ann.models.arguments import require_positive
from ann.models.multi_exit import MultiExitModel
from ann.models.unit_chain import chain_of_units

# Size -> blocks, width, heads (Touvron et al., ICML 2021, for Ti; Dosovitskiy et al. for B).
SIZES = {"ti": (12, 192, 3), "s": (12, 384, 6), "b": (12, 768, 12)}

_EPSILON = 1e-6  # of the layer normalizations, as published


def vitann_ilsvrc(
    *,
    size,
    s=1,
    first_exit=0,
    patch=16,
    pooling="class_token",
    dropout=0.0,
    num_classes=1000,
    input_shape=(224, 224, 3),
    name=None,
) -> MultiExitModel:
    """VitANN for ILSVRC: patches of 16, 12 blocks, an exit every s of them.

    Args:
        size: "ti", "s" or "b", see `SIZES`.
        s: prediction period, an exit every s blocks counted back from the last.
        first_exit: index of the first block that may have an exit.
        patch: height and width of a patch.
        pooling: what a head reads: "class_token", or "mean" of the patches (there is no class
            token then).
        dropout: share of activations dropped after attention and in the MLP.
        num_classes: width of the logits.
        input_shape: `(height, width, channels)`, multiples of the patch.
        name: of the model.

    Raises:
        ValueError: another size or pooling, an image that patches do not tile, an s above the
            number of blocks.

    Example:
        >>> models.build("vitann-ti", s=4, input_shape=(32, 32, 3)).num_exits
        3
    """
    if size not in SIZES:
        raise ValueError(f"vitann: size must be one of {sorted(SIZES)}. Received: size={size!r}")
    blocks, width, heads = SIZES[size]
    placement = exits.every(blocks, s, first_exit)
    return _vitann(
        blocks, width, heads, placement, patch, pooling, dropout, num_classes, input_shape, name
    )


def vitann_cifar(
    *,
    n,
    c,
    s=1,
    first_exit=0,
    heads=None,
    patch=4,
    pooling="class_token",
    dropout=0.0,
    num_classes=10,
    input_shape=(32, 32, 3),
    name=None,
) -> MultiExitModel:
    """VitANN for small images: patches of 4, n blocks of width c.

    Args:
        n: blocks.
        c: width of the tokens.
        heads: of the attention; default one per 64 channels, at least 1.
        s, first_exit, patch, pooling, dropout, num_classes, input_shape, name: as in
            `vitann_ilsvrc`.

    Raises:
        ValueError: as `vitann_ilsvrc`, or a width that is no multiple of the heads.
    """
    heads = max(1, c // 64) if heads is None else heads
    require_positive("vitann", n=n, c=c, heads=heads)
    placement = exits.every(n, s, first_exit)
    return _vitann(n, c, heads, placement, patch, pooling, dropout, num_classes, input_shape, name)


def _vitann(
    blocks, width, heads, placement, patch, pooling, dropout, num_classes, input_shape, name
):
    require_positive("vitann", patch=patch, num_classes=num_classes)
    if pooling not in ("class_token", "mean"):
        raise ValueError(
            f"vitann: pooling must be 'class_token' or 'mean'. Received: pooling={pooling!r}"
        )
    if width % heads:
        raise ValueError(
            f"vitann: the width must be a multiple of the heads. Received: c={width}, heads={heads}"
        )
    if not 0 <= dropout < 1:
        raise ValueError(f"vitann: dropout must be in [0, 1). Received: dropout={dropout}")
    if any(size % patch for size in input_shape[:2]):
        raise ValueError(
            "vitann: height and width must be multiples of the patch. "
            f"Received: input_shape={tuple(input_shape)}, patch={patch}"
        )
    tokens = functools.partial(
        _tokens, width=width, patch=patch, dropout=dropout, with_class=pooling == "class_token"
    )
    units = [
        functools.partial(
            _block, width=width, heads=heads, dropout=dropout, name=f"block_{index:02d}"
        )
        for index in range(blocks)
    ]
    units[0] = _after(tokens, units[0])
    head = functools.partial(_head, num_classes=num_classes, pooling=pooling)
    return chain_of_units(units, placement, head, input_shape, name=name)


def _after(before, unit):
    return lambda x: unit(before(x))


def _tokens(images, width, patch, dropout, with_class):
    """Patches to tokens, a class token before them, positions added."""
    x = layers.Conv2D(width, patch, strides=patch, name="patches")(images)
    x = layers.Reshape((-1, width), name="tokens")(x)
    x = Position(with_class=with_class, name="position")(x)
    return layers.Dropout(dropout, name="tokens_dropout")(x) if dropout else x


def _block(x, width, heads, dropout, name):
    """Attention and MLP, each after a layer normalization, each added to what it reads."""
    y = layers.LayerNormalization(epsilon=_EPSILON, name=f"{name}_norm1")(x)
    y = layers.MultiHeadAttention(heads, width // heads, dropout=dropout, name=f"{name}_attention")(
        y, y
    )
    y = layers.Dropout(dropout, name=f"{name}_dropout1")(y) if dropout else y
    x = layers.Add(name=f"{name}_add1")([x, y])
    y = layers.LayerNormalization(epsilon=_EPSILON, name=f"{name}_norm2")(x)
    y = layers.Dense(4 * width, activation="gelu", name=f"{name}_wide")(y)
    y = layers.Dense(width, name=f"{name}_narrow")(y)
    y = layers.Dropout(dropout, name=f"{name}_dropout2")(y) if dropout else y
    return layers.Add(name=f"{name}_add2")([x, y])


def _head(state, name, num_classes, pooling):
    if pooling == "mean":
        return exits.sequence_head(state, num_classes, name=name)
    return exits.class_token_head(state, num_classes, name=name)
